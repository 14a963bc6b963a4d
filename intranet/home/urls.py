from django.urls import path

from intranet.home import views

app_name = "home"

urlpatterns = [
    path("", views.today, name="today"),
    path("credentials/", views.endings, name="endings"),
]
