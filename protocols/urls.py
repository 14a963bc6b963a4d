from django.urls import path

from protocols.views import (
    authoring,
    comparing,
    library,
    publishing,
    readers,
    reading,
    reporting,
    reviewing,
    suspending,
)

app_name = "protocols"

urlpatterns = [
    path("", library.library, name="library"),
    path("new/", authoring.new, name="new"),
    path("prints/<str:code>/", reading.printed, name="printed"),
    path("problems/", readers.problems, name="problems"),
    path("problems/<int:pk>/", readers.answer, name="problem"),
    path("report/", reporting.report, name="report"),
    path("report/csv/", reporting.report_csv, name="report-csv"),
    path("<slug:slug>/", reading.detail, name="detail"),
    path("<slug:slug>/compare/", comparing.compare, name="compare"),
    path("<slug:slug>/bookmark/", readers.bookmark, name="bookmark"),
    path("<slug:slug>/settings/", publishing.settings, name="settings"),
    path("<slug:slug>/draft/", authoring.edit, name="draft-edit"),
    path("<slug:slug>/draft/start/", authoring.start, name="draft-start"),
    path("<slug:slug>/draft/submit/", authoring.submit, name="draft-submit"),
    path("<slug:slug>/draft/approve/", publishing.approve, name="draft-approve"),
    path("<slug:slug>/draft/send-back/", publishing.send_back, name="draft-send-back"),
    path("<slug:slug>/draft/publish/", publishing.publish, name="draft-publish"),
    path("<slug:slug>/versions/<int:number>/", reading.version, name="version"),
    path("<slug:slug>/versions/<int:number>/problem/", readers.report_problem, name="version-problem"),
    path("<slug:slug>/versions/<int:number>/acknowledge/", reading.acknowledge, name="version-acknowledge"),
    path("<slug:slug>/versions/<int:number>/review/", reviewing.review, name="version-review"),
    path("<slug:slug>/versions/<int:number>/review/confirm/", reviewing.confirm, name="version-review-confirm"),
    path("<slug:slug>/versions/<int:number>/suspend/", suspending.suspend, name="version-suspend"),
    path("<slug:slug>/versions/<int:number>/suspensions/<int:pk>/lift/", suspending.lift, name="version-lift"),
    path("<slug:slug>/versions/<int:number>/withdraw/", publishing.withdraw, name="version-withdraw"),
]
