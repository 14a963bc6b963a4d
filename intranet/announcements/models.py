from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, Membership, User
from accounts.roles import Capability, Reach, Role, roles_with
from intranet.announcements import vouching
from intranet.core import frozen, papers
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.moments import moment_of
from intranet.core.time import organisation_day, organisation_zone

# Whom an announcement can address. Clinical lead and administrator read every announcement anyway.
ADDRESSED_ROLES = [Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK, Role.MANAGER]


class AnnouncementQuerySet(AccessQuerySet["Announcement"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Published ones addressed to the person, or to a clinic whose announcements the person reads all; before they
        appear those that the person could send; own ones also after they are withdrawn. Drafts are none: see `drafts_of`.
        """
        if not isinstance(user, User) or not user.standing.holds(Capability.READ_ANNOUNCEMENT):
            return self.none()
        now = timezone.now()
        others = (_published(now) & _within_reach_of(user)) | (_to_come(now) & _could_be_sent_by(user))
        return self.sent().filter(Q(author=user) | others)

    def sent(self) -> Self:
        """All but drafts; also what appears later, is over or withdrawn."""
        return self.filter(published_at__isnull=False)

    def drafts_of(self, user: AnyUser) -> Self:
        """What the person has begun and not sent; nobody else ever sees it. The latest saved first."""
        return self.filter(published_at__isnull=True, author=user.pk).order_by("-saved_at", "-pk")

    def appeared(self, at: datetime) -> Self:
        """Published, whether over or not: the one rule on whether an announcement is there for its readers."""
        return self.filter(_published(at))

    def scheduled(self, at: datetime) -> Self:
        """Sent, and still to appear; also what is held."""
        return self.sent().filter(_to_come(at))

    def not_over(self, at: datetime) -> Self:
        """Those whose last day, if they have one, has not passed; whether published or not."""
        return self.filter(_not_over(at))

    def held(self, by: datetime) -> Self:
        """Those that were to appear by then and do not, because their author may no longer post them."""
        return self.filter(published_at__lte=by, withdrawn_at__isnull=True).unvouched()

    def unvouched(self) -> Self:
        """Those that their authors may not post at the moment at which they are to appear."""
        return self.filter(~_vouched_for())

    def with_vouching(self) -> Self:
        """Each with `vouched`: whether its author may post it at the moment at which it is to appear."""
        return self.annotate(vouched=models.ExpressionWrapper(_vouched_for(), models.BooleanField()))

    def withdrawn_from(self, user: AnyUser) -> Self:
        """Those that the person has read, or could have read when somebody withdrew them. Whoever came later hears nothing."""
        if not isinstance(user, User) or not user.standing.holds(Capability.READ_ANNOUNCEMENT):
            return self.none()
        read = Exists(Receipt.objects.filter(announcement=OuterRef("pk"), user=user))
        return self.filter(_had_appeared() & (Q(read) | _was_within_reach_of(user)))

    def ever_appeared(self, at: datetime) -> Self:
        """Those that their readers have had before them, also what was withdrawn since."""
        return self.filter(_published(at) | _had_appeared())

    def addressed_to(self, user: User, at: datetime) -> Self:
        """Published ones of which the person is a recipient now."""
        return self.filter(_published(at), Exists(_rows_for(user)))

    def current(self, at: datetime) -> Self:
        """Published and not over."""
        return self.filter(_published(at) & _not_over(at))

    def over(self, at: datetime) -> Self:
        """Published, and past their last day."""
        return self.filter(_published(at), expires_at__lte=at)

    def asking(self, from_: datetime, to: datetime) -> Self:
        """Those that ask for an acknowledgement, appear before `to` and are not over at `from_`."""
        return self.filter(_published(to) & _not_over(from_), must_acknowledge=True)

    def telling(self, from_: datetime, to: datetime) -> Self:
        """Those that only tell something, appear before `to` and are not over at `from_`."""
        return self.filter(_published(to) & _not_over(from_), must_acknowledge=False)

    def owed_by(self, user: User, at: datetime) -> Self:
        """Those that the person must still acknowledge, the first due first; each with `own_due_at`.

        Whoever came after it appeared has as long as the others had: nothing is due before somebody joined.
        """
        done = Receipt.objects.acknowledged().counting().filter(announcement=OuterRef("pk"), user=user)
        waiting = self.addressed_to(user, at).current(at).filter(~Exists(done), must_acknowledge=True)
        joined = moment_of(Subquery(_joined(user, organisation_day(at))), organisation_zone())
        own_due_at = Greatest(F("due_at"), joined + (F("due_at") - asked_at()), output_field=models.DateTimeField())
        return waiting.select_related("author").annotate(own_due_at=own_due_at).order_by("own_due_at", "pk")

    def duties_first(self, user: User, at: datetime) -> Self:
        """What waits for the person before everything else, urgent on top; then pinned, then newest first."""
        waits = Exists(Announcement.objects.owed_by(user, at).filter(pk=OuterRef("pk")))
        return self.annotate(waits=waits).order_by("-waits", "-urgent", "-pinned", "-published_at", "-pk")


def _published(at: datetime) -> Q:
    return Q(published_at__lte=at, withdrawn_at__isnull=True) & _vouched_for()


def _had_appeared() -> Q:
    """It was there for its readers until somebody withdrew it."""
    return Q(withdrawn_at__isnull=False, published_at__lte=F("withdrawn_at")) & _vouched_for()


def _to_come(at: datetime) -> Q:
    return Q(withdrawn_at__isnull=True) & ~_published(at)


def _vouched_for() -> Q:
    """Its author could post it when it was to appear; what was sent at once, was checked then."""
    at_once = Q(saved_at__isnull=True) | Q(published_at__lte=F("saved_at"))
    beyond = Audience.objects.filter(~vouching.posts_there(), announcement=OuterRef("pk"))
    return at_once | vouching.posts_everywhere() | ~Q(Exists(beyond))


def _could_be_sent_by(user: User) -> Q:
    """The person answers for announcements at every clinic that it addresses: `writing.may_weigh`, as a query. A granted
    writer answers for own ones alone."""
    scope = user.standing.scope(Capability.WEIGH_ANNOUNCEMENT)
    if scope.everywhere:
        return ~Q(pk__in=[])
    beyond = Audience.objects.filter(announcement=OuterRef("pk")).exclude(clinic__in=scope.clinic_ids)
    return ~Q(Exists(beyond)) if scope else Q(pk__in=[])


def asked_at(prefix: str = "") -> Coalesce:
    """When an announcement asked its readers: as it appeared, or was corrected in a way that asks them again."""
    return Coalesce(f"{prefix}asked_again_at", f"{prefix}published_at")


def _not_over(at: datetime) -> Q:
    return Q(expires_at__isnull=True) | Q(expires_at__gt=at)


def _rows_for(user: User) -> models.QuerySet[Audience]:
    """Audience rows, of the announcement of an outer query, that one of the person's roles fits."""
    fits = Q(pk__in=[])
    for grant in user.standing.grants:
        if grant.clinic_id is not None:
            fits |= Q(role=grant.role, clinic=grant.clinic_id)
    return Audience.objects.filter(fits, announcement=OuterRef("pk"))


def _joined(user: User, day: date) -> models.QuerySet[Membership, Any]:
    """The first day of the oldest role through which the announcement of an outer query addresses the person."""
    held = Membership.objects.on(day).filter(user=user)
    fitting = Audience.objects.filter(
        announcement=OuterRef(OuterRef("pk")), role=OuterRef("role"), clinic=OuterRef("clinic")
    )
    return held.filter(Exists(fitting)).order_by("period__startswith").values("period__startswith")[:1]


def _within_reach_of(user: User) -> Q:
    scope = user.standing.scope(Capability.READ_ANY_ANNOUNCEMENT)
    if scope.everywhere:
        return ~Q(pk__in=[])
    at_own_clinics = Audience.objects.filter(announcement=OuterRef("pk"), clinic__in=scope.clinic_ids)
    return Q(Exists(_rows_for(user))) | Q(Exists(at_own_clinics))


def _was_within_reach_of(user: User) -> Q:
    """`_within_reach_of` as it was at the moment at which somebody withdrew it."""
    reading_all = {reach: roles_with(Capability.READ_ANY_ANNOUNCEMENT, reach) for reach in (Reach.OWN, Reach.ALL)}
    held = Membership.objects.in_force_at(OuterRef("withdrawn_at")).filter(user=user)
    held_there = Membership.objects.in_force_at(OuterRef("announcement__withdrawn_at")).filter(user=user)
    fits = Q(role=OuterRef("role")) | Q(role__in=reading_all[Reach.OWN])
    rows = Audience.objects.filter(
        Exists(held_there.filter(fits, clinic=OuterRef("clinic"))), announcement=OuterRef("pk")
    )
    return Q(Exists(held.filter(role__in=reading_all[Reach.ALL]))) | Q(Exists(rows))


class Announcement(models.Model):
    """News from one person to the people with certain roles at certain clinics, who may have to acknowledge it.

    Without `published_at` it is a draft, private to its author. A correction makes a new edition; receipts count from
    the edition `receipts_from` on, and reminders tell what the edition `told_in` says.
    """

    title = models.CharField(max_length=160, blank=True)
    body = models.TextField("message", blank=True)
    words = models.TextField(editable=False, help_text="The message without its markup, for searching.")
    author = models.ForeignKey(User, models.PROTECT, related_name="announcements")
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="In the future: it appears by itself then. Empty: a draft."
    )
    planned_for = models.DateTimeField(null=True, blank=True, help_text="When a draft is to appear; empty: at once.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="The end of its last day.")
    pinned = models.BooleanField(default=False)
    urgent = models.BooleanField(default=False)
    must_acknowledge = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True, help_text="The end of the last day to acknowledge it.")
    # Of a draft, when it was saved last; of what is sent, when it was sent or changed. A correction leaves it: what was sent
    # for no later than this appeared at once, and needs nobody to vouch for it.
    saved_at = models.DateTimeField(null=True, blank=True, help_text="When its author saved the draft last.")
    token = models.PositiveIntegerField(
        default=1, help_text="Counts the changes: whoever saves names the one they saw."
    )
    begun_on = models.UUIDField(
        null=True,
        blank=True,
        editable=False,
        help_text="The key of the page on which it was begun: it begins no second.",
    )
    saved_on = models.UUIDField(
        null=True, blank=True, editable=False, help_text="The key of the page that saved the draft last."
    )
    edition = models.PositiveSmallIntegerField(default=1)
    receipts_from = models.PositiveSmallIntegerField(default=1, help_text="Receipts of earlier editions do not count.")
    told_in = models.PositiveSmallIntegerField(default=1, help_text="The edition whose words the reminders tell.")
    asked_again_at = models.DateTimeField(null=True, blank=True, help_text="When a correction asked everybody again.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[AnnouncementQuerySet] = AnnouncementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pinned", "-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | Q(must_acknowledge=False, due_at__isnull=True)
                | Q(must_acknowledge=True, due_at__isnull=False, due_at__gt=F("published_at")),
                name="announcement_to_acknowledge_has_a_due_date",
                violation_error_message="Say until when people must have acknowledged it; a day after it appears.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True)
                | Q(published_at__isnull=True)
                | Q(expires_at__gt=F("published_at")),
                name="announcement_ends_after_it_begins",
                violation_error_message="It has to disappear after it appears.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="announcement_withdrawal_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | (~Q(title="") & ~Q(body="") & Q(planned_for__isnull=True)),
                name="announcement_that_is_sent_says_something",
                violation_error_message="What is sent has a title and a message.",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | Q(edition=1, withdrawn_at__isnull=True),
                name="announcement_draft_is_neither_corrected_nor_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(receipts_from__gte=1, receipts_from__lte=F("told_in"), told_in__lte=F("edition")),
                name="announcement_counts_receipts_of_its_editions",
            ),
            models.UniqueConstraint(
                fields=["author", "begun_on"],
                name="announcement_page_begins_one",
                violation_error_message="This page has begun an announcement already.",
            ),
        ]
        indexes = [models.Index(fields=["-published_at"], name="announcement_newest")]

    def __str__(self) -> str:
        return self.title or "Untitled draft"

    def get_absolute_url(self) -> str:
        return reverse("announcements:detail" if self.published_at else "announcements:draft", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def appears_at(self) -> datetime:
        """When it appears or has appeared. Nothing to ask a draft."""
        if self.published_at is None:
            raise ValueError("A draft does not appear.")
        return self.published_at

    def has_appeared(self, at: datetime) -> bool:
        """Whether its readers find it, or found it until its last day. One query: see `AnnouncementQuerySet.appeared`."""
        return Announcement.objects.appeared(at).filter(pk=self.pk).exists()

    def is_vouched_for(self) -> bool:
        """Whether its author may post it at the moment at which it is to appear. One query."""
        return not Announcement.objects.unvouched().filter(pk=self.pk).exists()

    @property
    def published_on(self) -> date:
        """The organisation's day on which it appears."""
        return organisation_day(self.appears_at)

    @property
    def last_day(self) -> date | None:
        """The last day on which people find it among the current ones."""
        return day_that_ends(self.expires_at)

    @property
    def due_on(self) -> date | None:
        """The last day on which an acknowledgement is in time."""
        return day_that_ends(self.due_at)


def day_that_ends(moment: datetime | None) -> date | None:
    """The day whose end a moment is."""
    return organisation_day(moment - timedelta(microseconds=1)) if moment else None


class Audience(models.Model):
    """An announcement addresses everybody who holds this role at this clinic."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="audience")
    role = models.CharField(max_length=20, choices=Role)
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["clinic__number", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "role", "clinic"],
                name="announcement_addresses_a_role_once",
                violation_error_message="This role at this clinic is addressed already.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in ADDRESSED_ROLES]),
                name="announcement_addresses_working_roles",
                violation_error_message="Address therapists, assistants, the front desk or managers.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} at {self.clinic}"


class AttachmentQuerySet(AccessQuerySet["Attachment"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those of the newest edition of what the person may read, and those of own drafts."""
        readable = Announcement.objects.visible_to(user).values("pk")
        drafts = Announcement.objects.drafts_of(user).order_by().values("pk")
        return self.there().filter(Q(announcement__in=readable) | Q(announcement__in=drafts))

    def there(self) -> Self:
        """Those that no correction has taken away."""
        return self.filter(removed_in__isnull=True)


class Correction(models.Model):
    """What an announcement said until somebody corrected it. Written once; it stays on record."""

    announcement = models.ForeignKey(Announcement, models.PROTECT, related_name="corrections")
    edition = models.PositiveSmallIntegerField(help_text="The one that the correction made.")
    title = models.CharField(max_length=160, help_text="As it was before.")
    body = models.TextField(help_text="As it was before.")
    expires_at = models.DateTimeField(null=True, help_text="As it was before.")
    due_at = models.DateTimeField(null=True, help_text="As it was before.")
    note = models.CharField(max_length=200, help_text="What has changed, for readers.")
    resets_receipts = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["announcement", "-edition"]
        constraints = [
            models.UniqueConstraint(fields=["announcement", "edition"], name="announcement_edition_is_made_once"),
            models.CheckConstraint(
                condition=Q(edition__gt=1) & ~Q(note=""),
                name="announcement_correction_says_what_changed",
                violation_error_message="Say what has changed.",
            ),
        ]
        triggers = frozen.written_once("Corrections are insert-only.")

    def __str__(self) -> str:
        return f"Edition {self.edition} of {self.announcement}"


class Attachment(models.Model):
    """A file that belongs to an announcement, from the edition that brought it to the one that took it away."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="attachments")
    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=80, choices=papers.Kind)
    size = models.PositiveIntegerField("bytes")
    pages = models.PositiveSmallIntegerField(default=0, help_text="Of a PDF.")
    words = models.TextField(blank=True, editable=False)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_in = models.PositiveSmallIntegerField(default=1, help_text="The first edition that has it.")
    removed_in = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The first edition without it.")

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["announcement", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "name"],
                condition=Q(removed_in__isnull=True),
                name="announcement_attachment_has_its_own_name",
                violation_error_message="Another attachment has this name.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="announcement_attachment_has_a_name"),
            models.CheckConstraint(
                condition=Q(removed_in__isnull=True) | Q(removed_in__gt=F("added_in")),
                name="announcement_attachment_goes_after_it_came",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("announcements:attachment", args=[self.announcement_id, self.key])

    @property
    def file_name(self) -> str:
        return f"{self.name}.{papers.ENDINGS[papers.Kind(self.kind)]}"


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def counting(self) -> Self:
        """Of an edition from which receipts count; those of earlier ones stay on record and count no more."""
        return self.filter(edition__gte=F("announcement__receipts_from"))

    def acknowledged(self) -> Self:
        return self.filter(kind=Receipt.Kind.ACKNOWLEDGED)

    def opened(self) -> Self:
        """Of those who have had it before them; whoever acknowledged has opened it too."""
        return self.filter(kind=Receipt.Kind.OPENED)


class Receipt(models.Model):
    """A person opened or acknowledged an announcement. Written once; the database refuses every change."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"

    announcement = models.ForeignKey(Announcement, models.PROTECT, related_name="receipts")
    user = models.ForeignKey(User, models.PROTECT, related_name="announcement_receipts")
    kind = models.CharField(max_length=12, choices=Kind)
    edition = models.PositiveSmallIntegerField(default=1, help_text="The one that the person had before them.")
    at = models.DateTimeField()

    objects: ClassVar[ReceiptQuerySet] = ReceiptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "user", "kind", "edition"],
                name="announcement_receipt_is_given_once",
                violation_error_message="This receipt is on record already.",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="receipts_are_not_changed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'Receipts are insert-only.' USING ERRCODE = 'restrict_violation';",
            ),
            pgtrigger.Trigger(
                name="receipts_are_not_truncated",
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'Receipts are insert-only.' USING ERRCODE = 'restrict_violation';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_kind_display().lower()} {self.announcement}"
