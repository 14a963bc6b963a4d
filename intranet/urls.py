"""Every address of the product. Everything needs a sign-in unless its view says otherwise; `tests/policies` keeps the list."""

from django.urls import include, path

from intranet import api
from intranet.reminders.operations.metrics import metrics

urlpatterns = [
    path("", include("intranet.home.urls")),
    path("protocols/", include("protocols.urls")),
    path("", include("scheduling.urls")),
    path("announcements/", include("intranet.announcements.urls")),
    path("inbox/", include("intranet.reminders.urls")),
    path("operations/", include("intranet.reminders.operations.urls")),
    path("mail/", include("intranet.reminders.mail_urls")),
    path("people/", include("accounts.urls")),
    path("search/", include("intranet.search.urls")),
    path("", include("intranet.core.urls")),
    path("accounts/", include("allauth.urls")),
    path("health/", include("intranet.health")),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include((api.urlpatterns, "api"))),
]

handler400 = "intranet.core.views.bad_request"
handler403 = "intranet.core.views.permission_denied"
handler404 = "intranet.core.views.page_not_found"
handler500 = "intranet.core.views.server_error"
