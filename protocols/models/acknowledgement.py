from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate

from accounts.models import Clinic, Membership, Skill, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.access import AccessQuerySet, AnyUser, Row
from intranet.core.moments import moment_of
from intranet.core.time import organisation_zone
from protocols.models import frozen
from protocols.models.content import Audience
from protocols.models.protocol import Protocol, ProtocolVersion

FEWEST_MONTHS, MOST_MONTHS = 2, 60  # between two acknowledgements of the same version; one month is asked ahead
NEVER = Value(datetime(9999, 12, 31, tzinfo=UTC), output_field=models.DateTimeField())
REASK_AHEAD = timedelta(days=30)  # before an acknowledgement ends, its person is asked for the next one


class SigningInterval(models.Model):
    """From `at` on, an acknowledgement of the protocol ends `months` after it was given (none: never), and none before
    the day `first_end`. The last row holds; the earlier ones say what held then."""

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="signing_intervals")
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    first_end = models.DateField(null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["protocol", "-at", "-id"], name="signing_interval_that_holds")]
        constraints = [
            models.CheckConstraint(
                condition=Q(months__isnull=True, first_end__isnull=True)
                | Q(months__range=(FEWEST_MONTHS, MOST_MONTHS), first_end__isnull=False),
                name="protocol_is_signed_again_within_five_years",
                violation_error_message=f"Choose {FEWEST_MONTHS} to {MOST_MONTHS} months, or leave it empty.",
            )
        ]
        triggers = frozen.written_once("How often a protocol is signed is evidence; a change is one more row.")

    def __str__(self) -> str:
        return f"{self.protocol_id}: every {self.months} months" if self.months else f"{self.protocol_id}: once"


class GovernedSkill(models.Model):
    """From `at` on, nobody does the procedure without having acknowledged the protocol, or (`governs` off) anybody may again.

    `Protocol.skills` is what holds now; the last row of a procedure by a moment says what held then. `name` is the one
    that the procedure had.
    """

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="governed")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    governs = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        triggers = frozen.written_once("What a protocol governs is evidence; a change is one more row.")

    def __str__(self) -> str:
        return f"{self.protocol_id} {'governs' if self.governs else 'no longer governs'} {self.name}"


def lapse(at: datetime) -> Subquery:
    """When an acknowledgement ends, by the interval that held at the moment; null: never."""
    months = Func(Value(0), F("months"), function="make_interval", output_field=models.DurationField())
    counted = ExpressionWrapper(OuterRef("at") + months, output_field=models.DateTimeField())
    held = SigningInterval.objects.filter(protocol=OuterRef("version__protocol"), at__lte=at)
    ending = held.annotate(ends=Greatest(counted, moment_of(F("first_end"), organisation_zone())))
    return Subquery(ending.order_by("-at", "-pk").values("ends")[:1], output_field=models.DateTimeField())


def says_the_same(of: str, *, counts_from: Any, number: Any) -> Q:
    """Of the versions of one protocol, to which `of` leads: the one with the number, and those from which it has
    changed the wording only."""
    earlier = {f"{of}number__gte": counts_from, f"{of}number__lt": number, f"{of}in_force__isempty": False}
    return Q(**earlier) | Q(**{f"{of}number": number})


class OfReportedPeople(AccessQuerySet[Row]):
    """Of rows that say something about a person and a version at a moment: `user`, `version`, `at`."""

    def visible_to(self, user: AnyUser) -> Self:
        """One's own, and those that one reports on: of people of the own clinics, on versions one may read.

        What comes after somebody has moved to another clinic is not the business of the first one's managers.
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


class AcknowledgementQuerySet(OfReportedPeople["Acknowledgement"]):
    def counting_for(self, user: str, version: str) -> Self:
        """Acknowledgements that satisfy a version for a person, both named as fields of the outer query."""
        terms = {name: OuterRef(f"{version}__{name}") for name in ("protocol", "counts_from", "number")}
        return self.filter(user=OuterRef(user)).counting(**terms)

    def counting(self, *, protocol: Any, counts_from: Any, number: Any) -> Self:
        """Acknowledgements that satisfy a version, of which the three fields are given, by whomever.

        That is one of the version itself, or of an earlier one from which only the wording has changed. Versions
        withdrawn before they started never held, so that nothing later is a mere change of their wording.
        """
        return self.filter(
            says_the_same("version__", counts_from=counts_from, number=number), version__protocol=protocol
        )

    def fresh(self, at: datetime) -> Self:
        """Those that have not ended by the moment: all, unless the protocol is signed again every so many months."""
        return self.alias(lapses_at=Coalesce(lapse(at), NEVER)).filter(lapses_at__gt=at)

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
    round = models.PositiveSmallIntegerField(default=1, help_text="Above 1: acknowledged again after some months.")

    objects: ClassVar[AcknowledgementQuerySet] = AcknowledgementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "version", "round"],
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


class WaiverQuerySet(OfReportedPeople["Waiver"]):
    def ending(self) -> Self:
        """Each with `over_at`, when it ends or ended; null: until further notice."""
        last = moment_of(ExpressionWrapper(F("through") + 1, output_field=models.DateField()), organisation_zone())
        return self.alias(over_at=Least("ended_at", last))

    def holding(self, at: datetime) -> Self:
        """Those that hold at the moment."""
        return self.ending().filter(at__lte=at).filter(Q(over_at__isnull=True) | Q(over_at__gt=at))


class Waiver(models.Model):
    """Somebody need not acknowledge a version for now, during a leave for example. It clears nobody for anything."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="waivers")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=400)
    through = models.DateField(null=True, blank=True, help_text="The last day; none: until somebody ends it.")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[WaiverQuerySet] = WaiverQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="waiver_has_a_reason", violation_error_message="Say why."
            ),
            models.CheckConstraint(
                condition=~Q(by=F("user")),
                name="nobody_waives_for_oneself",
                violation_error_message="Somebody else waives your acknowledgement.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="waiver_is_ended_by_somebody",
                violation_error_message="Say who ended it.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_waiver_is_only_ended",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.WAIVER,
            ),
            frozen.no_truncate("Waivers are evidence; they are never deleted."),
        ]

    def __str__(self) -> str:
        return f"{self.user} need not acknowledge {self.version}"


class ReadershipQuerySet(models.QuerySet["Readership"]):
    def on(self, day: date) -> Self:
        """Of people who are active and whose membership is in force on the day."""
        return self.held_on(day).filter(user__is_active=True)

    def held_on(self, day: date) -> Self:
        """Of people whose membership is in force on the day, also those who have been deactivated."""
        return self.filter(held_on(day, of="membership__"))

    def stated(self, at: datetime) -> Self:
        """Without what follows from readers who were added later."""
        return self.filter(Q(added_at__isnull=True) | Q(added_at__lte=at))

    def duties(self) -> Self:
        return self.filter(must_acknowledge=True)

    def outstanding(self, at: datetime) -> Self:
        """Neither satisfied by an acknowledgement that holds for a while yet, nor waived."""
        signed = Acknowledgement.objects.counting_for("user", "version").fresh(at + REASK_AHEAD)
        waived = Waiver.objects.holding(at).filter(user=OuterRef("user"), version=OuterRef("version"))
        return self.exclude(Exists(signed)).exclude(Exists(waived))


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
    added_at = models.DateTimeField(null=True, help_text="None: since the publication.")

    objects: ClassVar[ReadershipQuerySet] = ReadershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False
        ordering = [F("version"), F("user")]

    def __str__(self) -> str:
        return f"{self.user} reads {self.version}"
