from django.urls import path

from scheduling.views import board, leavers, my_schedule, opening, publishing, shifts

app_name = "scheduling"

urlpatterns = [
    path("schedule/", my_schedule.my_schedule, name="my-schedule"),
    path("roster/", board.board, name="board"),
    path("roster/shifts/new/", shifts.add, name="shift-add"),
    path("roster/shifts/<uuid:pk>/", shifts.edit, name="shift"),
    path("roster/shifts/<uuid:pk>/delete/", shifts.delete, name="shift-delete"),
    path("roster/hours/<slug:slug>/", opening.hours, name="hours"),
    path("roster/leavers/<int:pk>/", leavers.leaver, name="leaver"),
    path("roster/<slug:clinic>/<str:monday>/publish/", publishing.publish, name="publish"),
]
