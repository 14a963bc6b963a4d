from django.urls import path

from intranet.core import views

app_name = "core"

urlpatterns = [
    path("theme/", views.theme, name="theme"),
    path("more/", views.more, name="more"),
]
