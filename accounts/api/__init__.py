"""People in the API: who is here, and what was done."""

from rest_framework.routers import DefaultRouter

from accounts.api import (
    addresses,
    audit,
    competencies,
    credential_types,
    credentials,
    doors,
    invitations,
    people,
    reminder_times,
    roles,
    settings,
)


def register(router: DefaultRouter) -> None:
    router.register("clinics", settings.ClinicViewSet, basename="clinic")
    router.register("skills", settings.SkillViewSet, basename="skill")
    router.register("people", people.PersonViewSet, basename="person")
    router.register("audit", audit.EntryViewSet, basename="audit")
    router.register("competencies", competencies.CompetencyViewSet, basename="competency")
    router.register("trainings", competencies.TrainingViewSet, basename="training")
    router.register("abilities", competencies.AbilitiesViewSet, basename="abilities")
    router.register("credential-types", credential_types.CredentialTypeViewSet, basename="credential-type")
    router.register("credentials", credentials.CredentialViewSet, basename="credential")
    router.register("reminder-times", reminder_times.ReminderTimesViewSet, basename="reminder-times")
    router.register("reminders-coming", reminder_times.RemindersComingViewSet, basename="reminders-coming")
    router.register("people", roles.AccessViewSet, basename="person-access")
    router.register("roles", roles.MembershipViewSet, basename="role")
    router.register("invitations", invitations.InvitationViewSet, basename="invitation")
    router.register("sessions", doors.SessionViewSet, basename="session")
    router.register("tokens", doors.TokenViewSet, basename="token")
    router.register("address-troubles", addresses.AddressTroubleViewSet, basename="address-trouble")
    router.register("second-step-resets", doors.ResetViewSet, basename="second-step-reset")
