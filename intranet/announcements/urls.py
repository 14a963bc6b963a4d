from django.urls import path

from intranet.announcements.views import care, reading, receipts, writing

app_name = "announcements"

urlpatterns = [
    path("", reading.announcements, name="list"),
    path("new/", writing.compose, name="compose"),
    path("new/keep/", writing.keep, name="keep"),
    path("drafts/", writing.drafts, name="drafts"),
    path("drafts/<int:pk>/", writing.draft, name="draft"),
    path("drafts/<int:pk>/keep/", writing.keep, name="draft-keep"),
    path("drafts/<int:pk>/discard/", writing.discard, name="discard"),
    path("<int:pk>/", reading.detail, name="detail"),
    path("<int:pk>/acknowledge/", reading.acknowledge, name="acknowledge"),
    path("<int:pk>/files/<uuid:key>/", reading.attachment, name="attachment"),
    path("<int:pk>/change/", writing.change, name="change"),
    path("<int:pk>/correct/", care.correct, name="correct"),
    path("<int:pk>/editions/", care.editions, name="editions"),
    path("<int:pk>/receipts/", receipts.receipts, name="receipts"),
    path("<int:pk>/receipts.csv", receipts.receipts_csv, name="receipts-csv"),
    path("<int:pk>/take-over/", care.take_over, name="take-over"),
    path("<int:pk>/withdraw/", care.withdraw, name="withdraw"),
]
