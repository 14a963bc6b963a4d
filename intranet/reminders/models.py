"""The ledger: what is owed to whom, in which mail it went, and what every attempt to send it came to.

State lives in these rows alone. The states and who moves them: `planning` and `releasing` move reminders, `releasing`,
`sending` and `reaping` move deliveries. Nothing is ever deleted here except runs that did nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Q, When
from django.db.models.functions import Lower
from django.db.models.lookups import LessThanOrEqual

from intranet.core.access import AccessQuerySet, AnyUser, is_staff_member
from intranet.reminders import registry
from intranet.reminders.operating import may_operate

UNSETTLED = ("dead", "doubt")

# Across midnight it is below nothing: 20:00 to 07:00 is minus 13 hours.
_LENGTH = ExpressionWrapper(F("ends") - F("starts"), output_field=DurationField())


class Run(models.Model):
    """One tick of one process. It lives for as long as its session holds the advisory lock of its id."""

    class Origin(models.TextChoices):
        BEAT = "beat", "Beat"
        WATCHDOG = "watchdog", "Watchdog"
        MANUAL = "manual", "By hand"

    origin = models.CharField(max_length=8, choices=Origin)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    version = models.CharField(max_length=60, blank=True, help_text="Of the product, as the process had it.")

    class Meta:
        indexes = [
            models.Index(fields=["-started_at"], name="run_newest"),
            models.Index(fields=["id"], condition=Q(ended_at__isnull=True), name="run_not_ended"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} by {self.get_origin_display()}"

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it goes on."""
        return self.ended_at - self.started_at if self.ended_at else None


# When a row of the inbox came, or came back. An index has it.
CAME_AT = Case(When(snoozed_until__isnull=False, settled_at=None, then=F("snoozed_until")), default=F("released_at"))


class ReminderQuerySet(AccessQuerySet["Reminder"]):
    def visible_to(self, user: AnyUser) -> Self:
        """The inbox: what was released to this person, and to nobody else; of no use to whose roles have all ended."""
        if not is_staff_member(user):
            return self.none()
        return self.filter(recipient_id=user.pk, state=Reminder.State.RELEASED)

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


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def unsettled(self) -> Self:
        """Dead letters and doubts about which somebody has still to decide."""
        return self.filter(state__in=UNSETTLED, written_off_at=None)


class Delivery(models.Model):
    """One e-mail, frozen byte for byte when it was composed: whatever happens, only these bytes are ever sent.

    pending -> claimed (T3) -> committed (T4, right before the final dot) -> sent | doubt | dead, or back to pending.
    A trigger keeps address, Message-ID and payload from changing (0002).
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        CLAIMED = "claimed", "Being sent"
        COMMITTED = "committed", "Handed over"
        SENT = "sent", "Sent"
        DOUBT = "doubt", "In doubt"
        DEAD = "dead", "Refused for good"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deliveries")
    address = models.CharField(max_length=320, help_text="As it goes to the mail server.")
    message_id = models.CharField(max_length=200, unique=True)
    payload = models.BinaryField()
    on_doubt = models.CharField(max_length=6, choices=[(choice.value, choice.value) for choice in registry.OnDoubt])
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, help_text="Attempts that the server has refused for now.")
    doubts = models.PositiveSmallIntegerField(default=0, help_text="How often nobody knew whether it had arrived.")
    run = models.ForeignKey(Run, models.PROTECT, null=True, blank=True, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    last_code = models.PositiveSmallIntegerField(null=True, blank=True)
    last_reply = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True, help_text="Taken by our server, and sent back for good.")
    bounce = models.CharField(max_length=300, blank=True, help_text="What the other server said of it afterwards.")
    written_off_at = models.DateTimeField(null=True, blank=True, help_text="Somebody decided to let it be.")
    written_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="mails_written_off"
    )
    written_off_why = models.CharField(max_length=200, blank=True)
    reminders = models.ManyToManyField(Reminder, through="DeliveryItem", related_name="deliveries")

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(written_off_at=None, written_off_by=None, written_off_why="")
                | Q(written_off_at__isnull=False, written_off_by__isnull=False, state__in=["dead", "doubt"])
                & ~Q(written_off_why=""),
                name="delivery_written_off_by_somebody_with_a_reason",
                violation_error_message="Only what was refused or is in doubt is written off, with a reason.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "committed"], run__isnull=False)
                | ~Q(state__in=["claimed", "committed"]) & Q(run=None),
                name="delivery_in_hand_belongs_to_a_run",
                violation_error_message="What is being sent is in the hands of one run, and nothing else is.",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent") & Q(sent_at=None),
                name="delivery_sent_has_its_moment",
                violation_error_message="Sent means that the mail server took it at a moment.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["doubt", "dead", "cancelled", "expired"]) | ~Q(reason=""),
                name="delivery_not_sent_has_a_reason",
                violation_error_message="Say why it was not sent.",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="pending"), name="delivery_pending"),
            models.Index(fields=["run"], condition=Q(run__isnull=False), name="delivery_in_hand"),
            models.Index(fields=["recipient", "-id"], name="delivery_recipient"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["pending", "claimed", "committed"], tries=0, doubts=0),
                name="delivery_untried",
            ),
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(state__in=["dead", "doubt"], written_off_at=None),
                name="delivery_unsettled",
            ),
            models.Index(fields=["created_at", "state"], name="delivery_by_day"),
            models.Index(fields=["state"], name="delivery_by_state"),
            models.Index(fields=["bounced_at"], condition=Q(bounced_at__isnull=False), name="delivery_bounced"),
            models.Index(Lower("address"), F("id").desc(), name="delivery_by_address"),
        ]

    def __str__(self) -> str:
        return f"Mail {self.message_id}"


class DeliveryItem(models.Model):
    """A reminder is in a mail. The database refuses a second mail for the same reminder."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="items")
    reminder = models.OneToOneField(Reminder, models.PROTECT, related_name="item")

    def __str__(self) -> str:
        return f"{self.reminder} in {self.delivery}"


class Attempt(models.Model):
    """One attempt to hand a mail over. Open while it runs; closed with what it came to."""

    class Outcome(models.TextChoices):
        SENT = "sent", "The server took it"
        LATER = "later", "The server asked to come again"
        REFUSED = "refused", "The server refused it for good"
        UNREACHED = "unreached", "The server was not reached"
        STOPPED = "stopped", "Stopped right before the end: no longer true"
        RETURNED = "returned", "Not begun"
        LOST = "lost", "The process died before the end of the message"
        DOUBT = "doubt", "Nobody knows whether the server took it"

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts")
    run = models.ForeignKey(Run, models.PROTECT, related_name="attempts")
    claimed_at = models.DateTimeField()
    dot_at = models.DateTimeField(null=True, blank=True, help_text="From here on the server may have taken it.")
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    code = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"],
                condition=Q(outcome=""),
                name="attempt_is_the_only_open_one",
                violation_error_message="This mail is being sent already.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | ~Q(outcome="") & Q(ended_at__isnull=False),
                name="attempt_ends_with_an_outcome",
                violation_error_message="An attempt that has ended came to something.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["sent", "doubt"]) | Q(dot_at__isnull=False),
                name="attempt_in_doubt_passed_the_fence",
                violation_error_message="Before the fence nothing can have been taken.",
            ),
        ]
        indexes = [
            models.Index(fields=["code"], name="attempt_by_code"),
            models.Index(fields=["id"], condition=Q(outcome="doubt"), name="attempt_in_doubt"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}: {self.get_outcome_display() or 'under way'}"


class Rhythm(models.TextChoices):
    """When the mail of a kind comes. The inbox has every reminder at once in any case."""

    AT_ONCE = "at-once", "At once"
    DAILY = "daily", "Daily digest"
    WEEKLY = "weekly", "Weekly digest"
    IN_APP = "in-app", "In the app only"


class MailChoice(models.Model):
    """A person wants the mail of a kind in another rhythm than at once, which needs no row.

    What a kind leaves to choose is `preferring.open_to`; a row that it does not leave counts for nothing.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=40)
    rhythm = models.CharField(max_length=7, choices=[choice for choice in Rhythm.choices if choice[0] != "at-once"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                name="mail_has_one_rhythm",
                violation_error_message="This mail has a rhythm already.",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=["daily", "weekly", "in-app"]),
                name="mail_rhythm_is_known",
                violation_error_message="Choose a rhythm; at once is what comes without a choice.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {registry.label_of(self.kind)}, {self.get_rhythm_display()}"


class QuietHours(models.Model):
    """A person's own quiet hours, by the clock of their clinic; without a row they are the usual ones. Empty: none."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="quiet_hours")
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None)
                | Q(starts__isnull=False, ends__isnull=False)
                & (
                    Q(ends__gt=F("starts")) & Q(LessThanOrEqual(_LENGTH, timedelta(hours=14)))
                    | Q(ends__lt=F("starts")) & Q(LessThanOrEqual(_LENGTH, timedelta(hours=-10)))
                ),
                name="quiet_hours_are_none_or_at_most_fourteen",
                violation_error_message="Quiet hours have a start and an end and last 14 hours at most.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.starts:%H:%M} to {self.ends:%H:%M}" if self.starts else f"{self.person}: none"


class StepTime(models.Model):
    """What an administrator has changed: when a step of a kind comes, or that it does not. All others are as declared."""

    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=40)
    amount = models.DurationField(null=True, blank=True)
    off = models.BooleanField(default=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "step"],
                name="step_has_one_time",
                violation_error_message="This step has a time already.",
            ),
            models.CheckConstraint(
                condition=Q(off=True, amount=None) | Q(off=False, amount__isnull=False, amount__gte=timedelta(0)),
                name="step_is_off_or_has_a_time",
                violation_error_message="A step is switched off, or it has a time that is not below nothing.",
            ),
        ]

    def __str__(self) -> str:
        return f"{registry.label_of(self.kind)}: {self.step}"


class AddressTroubleQuerySet(AccessQuerySet["AddressTrouble"]):
    def open(self) -> Self:
        return self.filter(cleared_at=None)

    def visible_to(self, user: AnyUser) -> Self:
        """One's own; whoever runs the reminders sees all, because no mail waits unseen."""
        if not is_staff_member(user):
            return self.none()
        return self if may_operate(user) else self.filter(person_id=user.pk)


class AddressTrouble(models.Model):
    """Mail to a person's address does not arrive: since when, who said so, and when somebody cleared it.

    While it is open nothing is composed for the person; what has become due waits.
    """

    class Source(models.TextChoices):
        RCPT = "rcpt", "Refused by the mail server"
        BOUNCE = "bounce", "Sent back"
        COMPLAINT = "complaint", "Reported as unwanted"

    address = models.CharField(max_length=320, help_text="In small letters, as the mail server knows it.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="address_troubles")
    since = models.DateTimeField()
    source = models.CharField(max_length=9, choices=Source)
    code = models.CharField(max_length=12, blank=True, help_text="The server's code, such as 550 or 5.1.1.")
    reply = models.CharField(max_length=300, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="addresses_cleared"
    )
    why = models.CharField(max_length=200, blank=True, help_text="Why it was cleared.")

    objects: ClassVar[AddressTroubleQuerySet] = AddressTroubleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "address"],
                condition=Q(cleared_at=None),
                name="address_is_in_trouble_once",
                violation_error_message="It is known already that mail to this address does not arrive.",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None, cleared_by=None, why="") | Q(cleared_at__isnull=False) & ~Q(why=""),
                name="address_cleared_with_a_reason",
                violation_error_message="Say why mail is sent to this address again.",
            ),
        ]
        indexes = [models.Index(fields=["-since"], condition=Q(cleared_at=None), name="address_trouble_open")]

    def __str__(self) -> str:
        return f"Mail to {self.address}"
