from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import Lower

from accounts.models.people import Clinic, Membership, Profession, User, role_fits_its_place
from accounts.roles import ROLES_A_MANAGER_MAY_GIVE, TABLE, Capability, Reach, Role
from intranet.core.access import AccessQuerySet, AnyUser


class InvitationQuerySet(AccessQuerySet["Invitation"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those at the clinics for which one may invite; an administrator sees all."""
        if not isinstance(user, User):
            return self.none()
        scope = user.standing.scope(Capability.INVITE)
        return self if scope.everywhere else self.filter(clinic__in=scope.clinic_ids)

    def with_power(self, day: date) -> Self:
        """Each with `counts`: whether its sender is here and could still send it; its link is dead otherwise."""
        held = Membership.objects.on(day).filter(user=OuterRef("invited_by"))
        everywhere = held.filter(role__in=_reaching(Reach.ALL))
        here = held.filter(role__in=_reaching(Reach.OWN), clinic=OuterRef("clinic"))
        gives = Q(Exists(everywhere)) | (Q(role__in=ROLES_A_MANAGER_MAY_GIVE) & Q(Exists(here)))
        return self.annotate(counts=ExpressionWrapper(Q(invited_by__is_active=True) & gives, models.BooleanField()))

    def waiting(self) -> Self:
        """Neither taken nor taken back; also those whose link is too old by now."""
        return self.filter(accepted_at=None, revoked_at=None)

    def mail_unsettled(self) -> Self:
        """Those whose mail has to leave, or was in somebody's hands when they stopped."""
        return self.waiting().filter(mail_state__in=["waiting", "claimed", "committed"])


def _reaching(reach: Reach) -> list[Role]:
    """The roles that invite with this reach."""
    return [role for role, may in TABLE.items() if may.get(Capability.INVITE) == reach]


class Invitation(models.Model):
    """Somebody is asked to become a member of staff, in one role at one place.

    The link's token is made with its mail and kept as a digest; until then there is none.
    """

    class Mail(models.TextChoices):
        """Where the mail with the link is."""

        WAITING = "waiting", "On its way"
        CLAIMED = "claimed", "On its way now"
        COMMITTED = "committed", "Handed over now"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Not delivered"
        DOUBT = "doubt", "Perhaps delivered"

    email = models.EmailField("email")
    name = models.CharField(max_length=120)
    profession = models.CharField(max_length=8, choices=Profession)
    role = models.CharField(max_length=20, choices=Role)
    clinic = models.ForeignKey(Clinic, models.PROTECT, null=True, blank=True, related_name="invitations")
    # Null and not empty: many have none at the same time.
    token_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="invitations_sent")
    sent_at = models.DateTimeField()
    times_sent = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="invitation_accepted")
    revoked_at = models.DateTimeField(null=True, blank=True)
    mail_state = models.CharField(max_length=10, choices=Mail, default=Mail.WAITING)
    mail_due_at = models.DateTimeField()
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_reply = models.CharField(max_length=200, blank=True)

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_waits_once_for_an_address",
                violation_error_message="An invitation to this address is waiting already. Send it again, or take it back.",
            ),
            role_fits_its_place("invitation_role_fits_its_place"),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_says_who_took_it",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_is_taken_or_taken_back"
            ),
            models.CheckConstraint(
                condition=Q(mail_state__in=["waiting", "refused"]) | Q(token_digest__isnull=False),
                name="invitation_mail_has_a_link",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.name}"

    @property
    def mail_on_its_way(self) -> bool:
        return self.mail_state in {self.Mail.WAITING, self.Mail.CLAIMED, self.Mail.COMMITTED}

    def is_open(self, at: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and at < self.expires_at
