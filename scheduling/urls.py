from django.urls import path

from scheduling.views import board, calendar, leavers, my_schedule, opening, paper, publishing, reports, shifts

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
    path("roster/wall/", paper.week_paper, name="week-paper"),
    path("roster/reports/hours/", reports.hours, name="hours-report"),
    path("roster/reports/hours/csv/", reports.hours_csv, name="hours-report-csv"),
    path("roster/reports/gaps/", reports.gaps, name="gaps-report"),
    path("roster/reports/gaps/csv/", reports.gaps_csv, name="gaps-report-csv"),
    path("roster/reports/changes/", reports.history, name="history-report"),
    path("roster/reports/changes/csv/", reports.history_csv, name="history-report-csv"),
    path("roster/<slug:clinic>/<str:monday>/publish/", publishing.publish, name="publish"),
]
