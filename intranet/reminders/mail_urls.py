from django.urls import path

from intranet.reminders.bounce_webhook import receive

app_name = "mail"
urlpatterns = [path("bounces/", receive, name="bounces")]
