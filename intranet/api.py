"""The REST API: what each app offers, under one address, with its OpenAPI document."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

import accounts.api
import intranet.announcements.api
import intranet.home.api
import intranet.reminders.api
import intranet.reminders.operations.api
import intranet.search.api
import protocols.api
import scheduling.api

router = DefaultRouter()
router.include_format_suffixes = False
for app in (
    accounts.api,
    protocols.api,
    scheduling.api,
    intranet.announcements.api,
    intranet.reminders.api,
    intranet.reminders.operations.api,
    intranet.search.api,
    intranet.home.api,
):
    app.register(router)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
