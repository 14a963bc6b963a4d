"""Mails, what is in them, and what every attempt to send one came to."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from intranet.reminders import registry
from intranet.reminders.models.reminders import Reminder
from intranet.reminders.models.runs import Run

UNSETTLED = ("dead", "doubt")


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
