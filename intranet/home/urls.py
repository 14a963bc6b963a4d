from django.urls import path

from intranet.home.views import evidence, home

app_name = "home"

urlpatterns = [
    path("", home.today, name="today"),
    path("starting/", home.starting, name="starting"),
    path("starters/", home.starters, name="starters"),
    path("starters/<int:pk>/", home.starter, name="starter"),
    path("credentials/", home.endings, name="endings"),
    path("protocols/<slug:slug>/evidence/", evidence.evidence, name="evidence"),
    path("protocols/<slug:slug>/evidence/csv/", evidence.evidence_csv, name="evidence-csv"),
    path("protocols/<slug:slug>/evidence/pdf/", evidence.evidence_file, name="evidence-pdf"),
]
