from django.urls import path

from intranet.announcements import views

app_name = "announcements"

urlpatterns = [
    path("", views.announcements, name="list"),
    path("new/", views.compose, name="compose"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("<int:pk>/receipts/", views.receipts, name="receipts"),
    path("<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
