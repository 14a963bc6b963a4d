from django.urls import path

from intranet.home import views

app_name = "home"

urlpatterns = [
    path("", views.today, name="today"),
    path("starting/", views.starting, name="starting"),
    path("starters/", views.starters, name="starters"),
    path("starters/<int:pk>/", views.starter, name="starter"),
    path("credentials/", views.endings, name="endings"),
]
