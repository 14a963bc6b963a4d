from django.urls import path

from intranet.reminders.operations import views

app_name = "operations"
urlpatterns = [
    path("", views.reminders, name="reminders"),
    path("mails/", views.mails, name="mails"),
    path("mails/retry/", views.mails_retry, name="mails-retry"),
    path("mails/write-off/", views.mails_write_off, name="mails-write-off"),
    path("addresses/", views.addresses, name="addresses"),
]
