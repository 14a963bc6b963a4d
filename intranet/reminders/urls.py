from django.urls import path

from intranet.reminders import upcoming_views, views

app_name = "reminders"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("news/", views.inbox_news, name="inbox-news"),
    path("coming-up/", upcoming_views.coming_up, name="coming-up"),
    path("coming-up/<int:pk>/", upcoming_views.words_to_come, name="words-to-come"),
    path("read/", views.inbox_read, name="inbox-read"),
    path("unread/", views.inbox_unread, name="inbox-unread"),
    path("snooze/", views.inbox_snooze, name="inbox-snooze"),
    path("wake/", views.inbox_wake, name="inbox-wake"),
    path("mail/", views.mail_choose, name="mail-choose"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("unsubscribe/undo/<str:token>/", views.unsubscribe_undo, name="unsubscribe-undo"),
    path("<int:pk>/read/", views.reminder_read, name="reminder-read"),
    path("<int:pk>/unread/", views.reminder_unread, name="reminder-unread"),
    path("<int:pk>/open/", views.reminder_open, name="reminder-open"),
    path("<int:pk>/snooze/", views.reminder_snooze, name="reminder-snooze"),
    path("<int:pk>/wake/", views.reminder_wake, name="reminder-wake"),
]
