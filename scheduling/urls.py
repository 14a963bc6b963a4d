from django.urls import path

from scheduling.views import board, leavers, my_schedule, opening, publishing, setup, shifts, templates

app_name = "scheduling"

urlpatterns = [
    path("schedule/", my_schedule.my_schedule, name="my-schedule"),
    path("schedule/time-off/", time_off.own, name="time-off"),
    path("schedule/time-off/new/", time_off.ask, name="time-off-ask"),
    path("schedule/time-off/<int:pk>/withdraw/", time_off.withdraw, name="time-off-withdraw"),
    path("schedule/availability/", availability.own, name="availability"),
    path("schedule/availability/new/", availability.add, name="availability-add"),
    path("schedule/availability/<int:pk>/", availability.edit, name="availability-edit"),
    path("schedule/availability/<int:pk>/remove/", availability.remove, name="availability-remove"),
    path("schedule/seen/", my_schedule.seen, name="schedule-seen"),
    path("schedule/calendar/", calendar.address, name="calendar-address"),
    path("schedule/calendar/revoke/", calendar.revoke, name="calendar-revoke"),
    path("calendar/<str:key>.ics", calendar.calendar, name="calendar"),
    path("roster/", board.board, name="board"),
    path("roster/shifts/new/", shifts.add, name="shift-add"),
    path("roster/shifts/<uuid:pk>/", shifts.edit, name="shift"),
    path("roster/shifts/<uuid:pk>/delete/", shifts.delete, name="shift-delete"),
    path("roster/time-off/", time_off_requests.requests, name="time-off-requests"),
    path("roster/time-off/<int:pk>/", time_off_requests.decide, name="time-off-request"),
    path("roster/shifts/<uuid:pk>/place/", placing.place, name="shift-place"),
    path("roster/shifts/several/", several.several, name="shifts-several"),
    path("roster/days/<str:day>/notes/", day_notes.day_notes, name="day-notes"),
    path("roster/news/", news.board_news, name="board-news"),
    path("roster/undo/", undoing.undo_change, name="undo"),
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
