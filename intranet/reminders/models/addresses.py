"""Addresses at which no mail arrives."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from intranet.core.access import AccessQuerySet, AnyUser, is_staff_member
from intranet.reminders.operating import may_operate


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
