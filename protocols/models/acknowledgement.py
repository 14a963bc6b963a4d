from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate

from accounts.models import Clinic, Membership, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.time import organisation_zone
from protocols.models import frozen
from protocols.models.content import Audience
from protocols.models.protocol import ProtocolVersion


class AcknowledgementQuerySet(AccessQuerySet["Acknowledgement"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own, and those that one reports on: of people of the own clinics, on versions one may read.

        What somebody signs after they have moved to another clinic is not the business of the first one's managers.
        """
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        scope = user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS)
        if scope.everywhere:
            return self
        at_own_clinics = Membership.objects.filter(user=OuterRef("user"), clinic__in=scope.clinic_ids)
        of_own_people = Exists(at_own_clinics.not_over(OuterRef("given_on")))
        readable = Q(version__in=ProtocolVersion.objects.visible_to(user).values("pk"))
        given_on = TruncDate("at", tzinfo=organisation_zone())
        return self.alias(given_on=given_on).filter(Q(user=user) | (Q(of_own_people) & readable))

    def counting_for(self, user: str, version: str) -> Self:
        """Acknowledgements that satisfy a version for a person, both named as fields of the outer query."""
        terms = {name: OuterRef(f"{version}__{name}") for name in ("protocol", "counts_from", "number")}
        return self.filter(user=OuterRef(user)).counting(**terms)

    def counting(self, *, protocol: Any, counts_from: Any, number: Any) -> Self:
        """Acknowledgements that satisfy a version, of which the three fields are given, by whomever.

        That is one of the version itself, or of an earlier one from which only the wording has changed. Versions
        withdrawn before they started never held, so that nothing later is a mere change of their wording.
        """
        earlier = Q(version__number__gte=counts_from, version__number__lt=number, version__in_force__isempty=False)
        return self.filter(earlier | Q(version__number=number), version__protocol=protocol)

    def satisfying(self, version: ProtocolVersion) -> Self:
        """Acknowledgements that satisfy this version, by whomever."""
        return self.counting(
            protocol=version.protocol_id, counts_from=version.counts_from or version.number, number=version.number
        )


class Acknowledgement(models.Model):
    """A person declared to have read a version and to follow it. Written once; `text_hash` says which very text."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="acknowledgements")
    user = models.ForeignKey(User, models.PROTECT, related_name="acknowledgements")
    at = models.DateTimeField()
    text_hash = models.CharField(max_length=64)

    objects: ClassVar[AcknowledgementQuerySet] = AcknowledgementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "version"],
                name="acknowledgement_is_given_once",
                violation_error_message="You have already acknowledged this version.",
            )
        ]
        triggers = [
            *frozen.written_once("Acknowledgements are evidence; they are never changed or deleted."),
            pgtrigger.Trigger(
                name="only_published_versions_are_acknowledged",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=frozen.ONLY_PUBLISHED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} acknowledged {self.version}"


class ReadershipQuerySet(models.QuerySet["Readership"]):
    def on(self, day: date) -> Self:
        """Of people who are active and whose membership is in force on the day."""
        return self.held_on(day).filter(user__is_active=True)

    def held_on(self, day: date) -> Self:
        """Of people whose membership is in force on the day, also those who have been deactivated."""
        return self.filter(held_on(day, of="membership__"))

    def duties(self) -> Self:
        return self.filter(must_acknowledge=True)

    def outstanding(self) -> Self:
        """Not satisfied by an acknowledgement yet."""
        return self.exclude(Exists(Acknowledgement.objects.counting_for("user", "version")))


class Readership(models.Model):
    """That a person reads a version because one membership matches one line of its audience. A view, never written."""

    pk = models.CompositePrimaryKey("audience", "membership")
    audience = models.ForeignKey(Audience, models.DO_NOTHING, related_name="+")
    membership = models.ForeignKey(Membership, models.DO_NOTHING, related_name="+")
    version = models.ForeignKey(ProtocolVersion, models.DO_NOTHING, related_name="readership")
    user = models.ForeignKey(User, models.DO_NOTHING, related_name="+")
    clinic = models.ForeignKey(Clinic, models.DO_NOTHING, null=True, related_name="+")
    role = models.CharField(max_length=20, choices=Role)
    period = DateRangeField()
    must_acknowledge = models.BooleanField()

    objects: ClassVar[ReadershipQuerySet] = ReadershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        ordering = [F("version"), F("user")]

    def __str__(self) -> str:
        return f"{self.user} reads {self.version}"
