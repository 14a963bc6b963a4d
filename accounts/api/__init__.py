"""People in the API: who is here, and what was done."""

from rest_framework.routers import DefaultRouter

from accounts.api import audit, people


def register(router: DefaultRouter) -> None:
    router.register("clinics", people.ClinicViewSet, basename="clinic")
    router.register("people", people.PersonViewSet, basename="person")
    router.register("audit", audit.EntryViewSet, basename="audit")
