from django.urls import path

from scheduling.views import board, deciding, leavers, my_schedule, opening, own_shift, publishing, shifts, swaps

app_name = "scheduling"

urlpatterns = [
    path("schedule/", my_schedule.my_schedule, name="my-schedule"),
    path("schedule/swaps/", swaps.swaps, name="swaps"),
    path("schedule/open/<uuid:pk>/take/", swaps.take_open, name="open-shift-take"),
    path("schedule/claims/<int:pk>/withdraw/", swaps.withdraw_claim, name="claim-withdraw"),
    path("schedule/offers/<int:pk>/take/", swaps.take_offer, name="offer-take"),
    path("schedule/offers/<int:pk>/decline/", swaps.decline_offer, name="offer-decline"),
    path("schedule/offers/<int:pk>/withdraw/", swaps.withdraw_offer, name="offer-withdraw"),
    path("schedule/shifts/<uuid:pk>/give/", own_shift.give, name="shift-give"),
    path("schedule/shifts/<uuid:pk>/swap/", own_shift.swap, name="shift-swap"),
    path("schedule/shifts/<uuid:pk>/hand-back/", own_shift.hand_back, name="shift-hand-back"),
    path("roster/", board.board, name="board"),
    path("roster/shifts/new/", shifts.add, name="shift-add"),
    path("roster/shifts/<uuid:pk>/", shifts.edit, name="shift"),
    path("roster/shifts/<uuid:pk>/delete/", shifts.delete, name="shift-delete"),
    path("roster/shifts/<uuid:pk>/hands/", deciding.shift_hands, name="shift-hands"),
    path("roster/swaps/", deciding.decisions, name="decisions"),
    path("roster/swaps/offers/<int:pk>/", deciding.decide_offer, name="offer-decide"),
    path("roster/swaps/shifts/<uuid:pk>/", deciding.decide_claims, name="claims-decide"),
    path("roster/policy/<slug:slug>/", deciding.policy, name="policy"),
    path("roster/hours/<slug:slug>/", opening.hours, name="hours"),
    path("roster/leavers/<int:pk>/", leavers.leaver, name="leaver"),
    path("roster/setup/<slug:slug>/", setup.setup, name="setup"),
    path("roster/templates/<slug:slug>/", templates.templates, name="templates"),
    path("roster/templates/<slug:slug>/shifts/new/", templates.usual_shift_add, name="usual-shift-add"),
    path("roster/templates/<slug:slug>/weeks/new/", templates.week_template_add, name="week-template-add"),
    path("roster/usual-shifts/<int:pk>/", templates.usual_shift, name="usual-shift"),
    path("roster/usual-shifts/<int:pk>/retire/", templates.usual_shift_retire, name="usual-shift-retire"),
    path("roster/week-templates/<int:pk>/", templates.week_template, name="week-template"),
    path("roster/week-templates/<int:pk>/retire/", templates.week_template_retire, name="week-template-retire"),
    path("roster/week-templates/<int:pk>/apply/", templates.week_template_apply, name="week-template-apply"),
    path("roster/<slug:clinic>/<str:monday>/publish/", publishing.publish, name="publish"),
]
