from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone

from accounts.models import Skill, User
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.time import months_after, organisation_day, organisation_zone
from protocols.models import frozen, visibility


class Category(models.TextChoices):
    """The shelves of the library."""

    NEEDLING = "needling", "Needling and manual therapy"
    EXERCISE = "exercise", "Exercise and rehabilitation"
    MODALITIES = "modalities", "Modalities"
    VESTIBULAR = "vestibular", "Balance and vestibular"
    SAFETY = "safety", "Safety and infection control"
    FRONT_DESK = "front_desk", "Front desk"


class State(models.TextChoices):
    """How far a version has come. Whether it is in force at a moment is said by its range `in_force`."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    SUPERSEDED = "superseded", "Superseded"  # a successor is published; it ends at the successor's first moment
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN = (State.DRAFT, State.IN_REVIEW, State.APPROVED)
RELEASED = (State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN)


class Status(models.TextChoices):
    """What a version is to a reader at a moment."""

    IN_FORCE = "in_force", "In force"
    COMING = "coming", "Starts later"
    APPROVED = "approved", "Approved"
    IN_REVIEW = "in_review", "In review"
    DRAFT = "draft", "Draft"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ProtocolQuerySet(AccessQuerySet["Protocol"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Protocols of which the person may read at least one version."""
        versions = ProtocolVersion.objects.visible_to(user).filter(protocol=models.OuterRef("pk"))
        return self.filter(models.Exists(versions))

    def titled(self, at: datetime) -> Any:
        """Each with its `title` at the moment: of the version in force or in force last, or else of the newest one."""
        begun = models.Case(models.When(in_force__startswith__lte=at, then=models.Value(0)), default=models.Value(1))
        versions = ProtocolVersion.objects.filter(protocol=models.OuterRef("pk")).order_by(begun, "-number")
        return self.annotate(title=models.Subquery(versions.values("title")[:1]))


class Protocol(models.Model):
    """One way of working, through all its versions. Its title is that of a version; see `titled`."""

    slug = models.SlugField(max_length=80, unique=True)
    category = models.CharField(max_length=16, choices=Category)
    owner = models.ForeignKey(User, models.PROTECT, related_name="owned_protocols")
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    skills = models.ManyToManyField(
        Skill, blank=True, related_name="protocols", help_text="What nobody may do without having acknowledged it."
    )
    high_risk = models.BooleanField(default=False)
    review_months = models.PositiveSmallIntegerField("months between reviews", default=12)

    objects: ClassVar[ProtocolQuerySet] = ProtocolQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review_months__range=(1, 60)),
                name="protocol_is_reviewed_within_five_years",
                violation_error_message="Choose 1 to 60 months between reviews.",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=models.F("owner")),
                name="deputy_is_another_person",
                violation_error_message="Choose another person than the owner.",
            ),
        ]

    def __str__(self) -> str:
        return str(Protocol.objects.titled(timezone.now()).get(pk=self.pk).title)

    def get_absolute_url(self) -> str:
        return reverse("protocols:detail", args=[self.slug])

    @property
    def answerer(self) -> User | None:
        """Who answers what readers report: the owner, or once the owner has left the deputy; none: the clinical lead.

        The same answer as `Problem.objects.with_answerer()` gives in lists.
        """
        return next((person for person in (self.owner, self.deputy) if person and person.is_active), None)


class ProtocolVersionQuerySet(AccessQuerySet["ProtocolVersion"]):
    def visible_to(self, user: AnyUser) -> Self:
        """The role table of the product for reading versions; see `visibility`."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(visibility.readable_versions(user, timezone.now()))

    def concerning(self, user: AnyUser) -> Self:
        """What the person may read, and what the person wrote on, whoever reads it since it was published.

        Whoever has a page of a draft open is told what became of it, and is shown nothing of that.
        """
        if not isinstance(user, User):
            return self.none()
        return self.filter(visibility.readable_versions(user, timezone.now()) | visibility.own_versions(user))

    def open(self) -> Self:
        """Drafts, also those in review or approved: at most one per protocol."""
        return self.filter(state__in=OPEN)

    def released(self) -> Self:
        return self.filter(state__in=RELEASED)

    def in_force(self, at: datetime) -> Self:
        return self.filter(in_force__contains=at)

    def current(self, at: datetime) -> Self:
        """In force, or published by then to come into force: what readers work with and acknowledge."""
        return self.filter(visibility.current(at))

    def with_status(self, at: datetime) -> Self:
        """Each with `status_now`, what it is at the moment, so that lists can filter and count by it."""
        return self.annotate(
            status_now=models.Case(
                models.When(state__in=OPEN, then=models.F("state")),
                models.When(in_force__contains=at, then=models.Value(Status.IN_FORCE.value)),
                models.When(state=State.WITHDRAWN, then=models.Value(Status.WITHDRAWN.value)),
                models.When(in_force__startswith__gt=at, then=models.Value(Status.COMING.value)),
                default=models.Value(Status.SUPERSEDED.value),
                output_field=models.CharField(),
            )
        )

    def with_review_day(self) -> Self:
        """Each with `review_day`, so that lists can filter and sort by it: `review_on` as the database counts it."""
        first_day = Coalesce("reviewed_on", TruncDate("in_force__startswith", tzinfo=organisation_zone()))
        months = models.Func(
            models.Value(0),
            models.F("protocol__review_months"),
            function="make_interval",
            output_field=models.DurationField(),
        )
        review = models.ExpressionWrapper(first_day + months, output_field=models.DateTimeField())
        return self.annotate(review_day=Cast(review, models.DateField()))


class ProtocolVersion(models.Model):
    """One version of a protocol: drafted, reviewed, approved by another person, published, in force for a while.

    An approval binds to `content_hash`; `token` counts the saves of a draft, so that nobody overwrites unseen words;
    `counts_from` is the number of the earliest version whose acknowledgement still counts (editorial versions keep
    those of their predecessors).
    """

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    title = models.CharField(max_length=160)
    change_summary = models.CharField(max_length=400, blank=True)
    material = models.BooleanField(default=True, help_text="Off: wording only, earlier acknowledgements stay valid.")
    content_hash = models.CharField(max_length=64, blank=True)
    token = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    edited_at = models.DateTimeField()
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    in_force = DateTimeRangeField(null=True, blank=True)
    counts_from = models.PositiveSmallIntegerField(null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(default=14, help_text="Days within which readers acknowledge it.")
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.CharField(max_length=400, blank=True)
    reviewed_on = models.DateField(
        null=True, blank=True, help_text="When two people last found nothing to change; the rows say who."
    )

    objects: ClassVar[ProtocolVersionQuerySet] = ProtocolVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["protocol", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "number"],
                name="version_number_is_used_once",
                violation_error_message="This version number is taken.",
            ),
            models.UniqueConstraint(
                fields=["protocol"],
                condition=Q(state__in=OPEN),
                name="protocol_has_one_open_draft",
                violation_error_message="There is already a draft of this protocol. Work on that one.",
            ),
            ExclusionConstraint(
                name="versions_in_force_do_not_overlap",
                expressions=[("protocol", RangeOperators.EQUAL), ("in_force", RangeOperators.OVERLAPS)],
                violation_error_message="Another version of this protocol is in force in that period.",
            ),
            models.CheckConstraint(
                condition=Q(number__gt=0, due_days__range=(1, 90)),
                name="version_numbers_are_sensible",
                violation_error_message="Give readers between 1 and 90 days.",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "in_review"],
                    approved_by__isnull=True,
                    approved_at__isnull=True,
                    approved_hash="",
                )
                | (
                    Q(state__in=["approved", "published", "superseded", "withdrawn"])
                    & Q(approved_by__isnull=False, approved_at__isnull=False, approved_hash=models.F("content_hash"))
                    & ~Q(approved_hash="")
                ),
                name="version_approval_binds_to_its_content",
                violation_error_message="An approval counts for the text that was approved.",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "in_review", "approved"],
                    published_by__isnull=True,
                    published_at__isnull=True,
                    in_force__isnull=True,
                    counts_from__isnull=True,
                )
                | Q(
                    state__in=["published", "superseded", "withdrawn"],
                    published_by__isnull=False,
                    published_at__isnull=False,
                    in_force__startswith__isnull=False,
                    in_force__isempty=False,
                    counts_from__isnull=False,
                )
                | Q(state="withdrawn", published_at__isnull=False, in_force__isempty=True),
                name="version_publication_is_complete",
                violation_error_message="A published version says who published it and from when it is in force.",
            ),
            models.CheckConstraint(
                condition=Q(in_force__isnull=True)
                | Q(in_force__isempty=True)
                | Q(in_force__startswith__gte=models.F("published_at")),
                name="version_starts_when_published",
                violation_error_message="Nothing comes into force in the past.",
            ),
            models.CheckConstraint(
                condition=Q(state="published", in_force__endswith__isnull=True)
                | Q(state__in=["draft", "in_review", "approved"])
                | Q(state__in=["superseded", "withdrawn"], in_force__endswith__isnull=False)
                | Q(state="withdrawn", in_force__isempty=True),
                name="version_ends_when_it_is_replaced",
                violation_error_message="A version stays in force until it is superseded or withdrawn.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="withdrawn", withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                    & ~Q(withdrawal_reason="")
                )
                | (~Q(state="withdrawn") & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)),
                name="version_withdrawal_has_a_reason",
                violation_error_message="Say why the version is withdrawn.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_version_starts_as_a_draft",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__state__df="draft"),
                func=frozen.refuse("A version starts as a draft."),
            ),
            pgtrigger.Trigger(
                name="steps_are_not_skipped",
                operation=pgtrigger.UpdateOf("state"),
                when=pgtrigger.Before,
                func=frozen.STEPS,
            ),
            pgtrigger.Trigger(
                name="nobody_approves_own_words",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__approved_by__isnull=False),
                func=frozen.FOUR_EYES,
            ),
            pgtrigger.Trigger(
                name="published_words_are_frozen",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=RELEASED),
                func=frozen.VERSION,
            ),
            pgtrigger.Trigger(
                name="a_superseded_version_has_a_successor",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__state__in=RELEASED),
                func=frozen.SUCCESSION,
            ),
            pgtrigger.Trigger(
                name="released_versions_stay",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=RELEASED),
                func=frozen.refuse("A published version is never deleted."),
            ),
            pgtrigger.Trigger(
                name="only_drafts_are_discarded",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=["in_review", "approved"]),
                func=frozen.refuse("Only a draft is discarded."),
            ),
            frozen.no_truncate("Versions are never deleted."),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("protocols:version", args=[self.protocol.slug, self.number])

    def status(self, at: datetime) -> Status:
        """What this version is to a reader at the moment `at`. The same answer as `with_status` gives in lists."""
        if self.state in OPEN:
            return Status(self.state)
        span = self.in_force
        if not span.isempty and span.lower <= at and (span.upper is None or at < span.upper):
            return Status.IN_FORCE
        if self.state == State.WITHDRAWN:
            return Status.WITHDRAWN
        return Status.COMING if span.lower > at else Status.SUPERSEDED

    @property
    def review_on(self) -> date | None:
        """The day of the next review, counted from the last one or else from the first day.

        The same answer as `with_review_day` gives in lists.
        """
        if self.in_force is None or self.in_force.isempty:
            return None
        return months_after(self.reviewed_on or organisation_day(self.in_force.lower), self.protocol.review_months)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
