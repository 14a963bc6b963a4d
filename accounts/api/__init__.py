"""People in the API: who is here, and what was done."""

from rest_framework.routers import DefaultRouter

from accounts.api import audit, competencies, credential_types, credentials, people


def register(router: DefaultRouter) -> None:
    router.register("clinics", people.ClinicViewSet, basename="clinic")
    router.register("people", people.PersonViewSet, basename="person")
    router.register("audit", audit.EntryViewSet, basename="audit")
    router.register("competencies", competencies.CompetencyViewSet, basename="competency")
    router.register("trainings", competencies.TrainingViewSet, basename="training")
    router.register("abilities", competencies.AbilitiesViewSet, basename="abilities")
    router.register("credential-types", credential_types.CredentialTypeViewSet, basename="credential-type")
    router.register("credentials", credentials.CredentialViewSet, basename="credential")
