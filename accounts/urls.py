from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.people, name="people"),
    path("me/", views.me, name="me"),
    path("<int:pk>/", views.person, name="person-detail"),
    path("audit/", views.audit, name="audit"),
    path("audit/csv/", views.audit_csv, name="audit-csv"),
    path("credentials/<int:pk>/verify/", views.verify, name="credential-verify"),
]
