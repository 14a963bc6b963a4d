"""What people are to be told; released, it is their inbox."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, F, Q, When

from intranet.core.access import AccessQuerySet, AnyUser, is_staff_member
from intranet.reminders import registry

# When a row of the inbox came, or came back. An index has it.
CAME_AT = Case(When(snoozed_until__isnull=False, settled_at=None, then=F("snoozed_until")), default=F("released_at"))


class ReminderQuerySet(AccessQuerySet["Reminder"]):
    def visible_to(self, user: AnyUser) -> Self:
        """The inbox: what was released to this person, and to nobody else; of no use to whose roles have all ended."""
        if not is_staff_member(user):
            return self.none()
        return self.filter(recipient_id=user.pk, state=Reminder.State.RELEASED)

    def to_release(self, at: datetime) -> Self:
        """What is due and not said yet, as far as this process knows its kind: another release may know more."""
        known = [kind.code for kind in registry.registered()]
        return self.filter(state=Reminder.State.SCHEDULED, due_at__lte=at, not_after__gt=at, kind__in=known)

    def put_off(self, at: datetime) -> Self:
        """Those that come back later. What has settled meanwhile is done, and waits for nothing."""
        return self.filter(_put_off(at))

    def here(self, at: datetime) -> Self:
        """Those that are not put off."""
        return self.filter(_here(at))

    def unread(self, at: datetime) -> Self:
        """Not opened, and still true: what has settled itself, or is put off, asks for no attention."""
        return self.filter(_unread(at))

    def waiting(self, at: datetime) -> Self:
        """Those for which somebody waits: their kind asks for something, it is not done, and it can still be done."""
        return self.filter(_waiting(at))

    def newest_first(self) -> Self:
        """What came back after it had been put off came then."""
        return self.annotate(came_at=CAME_AT).order_by("-came_at", "-pk")

    def counted(self, at: datetime) -> dict[str, int]:
        """How many are unread, wait for the person, and are put off. One query."""
        return self.aggregate(
            unread=Count("pk", filter=_unread(at)),
            waiting=Count("pk", filter=_waiting(at)),
            snoozed=Count("pk", filter=_put_off(at)),
        )


def _put_off(at: datetime) -> Q:
    return Q(snoozed_until__gt=at, settled_at=None)


def _here(at: datetime) -> Q:
    return Q(snoozed_until=None) | Q(snoozed_until__lte=at) | Q(settled_at__isnull=False)


def _unread(at: datetime) -> Q:
    return _here(at) & Q(read_at=None, settled_at=None)


def _waiting(at: datetime) -> Q:
    asking = [kind.code for kind in registry.registered() if kind.asks]
    return _here(at) & Q(kind__in=asking, settled_at=None, not_after__gt=at)


class Reminder(models.Model):
    """One thing that one person is to be told once, about one subject. Released, it is a row of the person's inbox.

    The subject is named by model label and id, because this app may not know the models that it reminds of.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        RELEASED = "released", "Released"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    kind = models.CharField(max_length=40)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminders")
    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    occasion = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.SCHEDULED)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was cancelled, expired or could not be written."
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often writing it has failed.")
    released_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Released, and still to be put into a mail then."
    )
    at_any_hour = models.BooleanField(
        default=False, db_default=False, help_text="Released, and its mail was not to wait for the morning."
    )
    settled_at = models.DateTimeField(null=True, blank=True, help_text="Done, or no longer true, since.")
    read_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="Put off; it comes back unread then.")
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    path = models.TextField(blank=True)
    action = models.TextField(blank=True)
    why = models.TextField(blank=True)

    objects: ClassVar[ReminderQuerySet] = ReminderQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-released_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "recipient", "subject_type", "subject_id", "occasion"],
                name="reminder_is_decided_once",
                violation_error_message="This person is already reminded of this.",
            ),
            models.CheckConstraint(
                condition=Q(not_after__gt=F("due_at")),
                name="reminder_ends_after_it_is_due",
                violation_error_message="A reminder has to be worth something after it becomes due.",
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False) & ~Q(title="") & Q(path__regex=r"^/([^/\\]|$)")
                | ~Q(state="released") & Q(released_at=None, mail_due_at=None, settled_at=None, read_at=None),
                name="reminder_released_has_moment_and_words",
                violation_error_message="Only a released reminder can be read or mailed, and it has its words.",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None)
                | Q(state="released", snoozed_until__gt=F("released_at"), snoozed_until__lt=F("not_after")),
                name="reminder_comes_back_in_its_time",
                violation_error_message="Put off it comes back after it came, and while it is of use.",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="scheduled"), name="reminder_scheduled"),
            models.Index(fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="reminder_to_be_mailed"),
            models.Index(
                F("recipient"), CAME_AT.desc(), F("id").desc(), condition=Q(state="released"), name="reminder_inbox"
            ),
            models.Index(
                fields=["recipient"],
                condition=Q(state="released", read_at=None, settled_at=None),
                name="reminder_unread",
            ),
            models.Index(fields=["state"], name="reminder_by_state"),
        ]

    def __str__(self) -> str:
        return self.title or f"{registry.label_of(self.kind)} ({self.occasion})"

    @property
    def unread(self) -> bool:
        return self.read_at is None and self.settled_at is None

    def is_put_off(self, at: datetime) -> bool:
        return self.settled_at is None and self.snoozed_until is not None and self.snoozed_until > at

    @property
    def last_came_at(self) -> datetime | None:
        """When it came, or came back; as `CAME_AT` says it of many."""
        return self.snoozed_until if self.snoozed_until and self.settled_at is None else self.released_at

    @property
    def label(self) -> str:
        return registry.label_of(self.kind)

    @property
    def paragraphs(self) -> list[str]:
        return self.body.split("\n\n") if self.body else []

    @property
    def icon(self) -> str:
        kind = registry.find(self.kind)
        return kind.icon if kind else registry.Kind.icon

    @property
    def tone(self) -> str:
        kind = registry.find(self.kind)
        return "neutral" if kind is None or self.settled_at else kind.tone
