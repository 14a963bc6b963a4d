from django.urls import path

from intranet.reminders import views

app_name = "reminders"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read/", views.inbox_read, name="inbox-read"),
    path("mail/", views.mail_choose, name="mail-choose"),
    path("<int:pk>/read/", views.reminder_read, name="reminder-read"),
    path("<int:pk>/open/", views.reminder_open, name="reminder-open"),
]
