"""What staff do with published shifts among themselves: give, swap, hand back, and ask for open ones."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser, Row
from scheduling.models.shifts import Shift


class OfOwnClinics(AccessQuerySet[Row]):
    """Rows about a `shift`: those in which one takes part, and those at clinics whose roster one makes."""

    parties: ClassVar[tuple[str, ...]] = ()

    def visible_to(self, user: AnyUser) -> Self:
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        own = Q(*((name, user) for name in self.parties), _connector=Q.OR)
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        return self if scope.everywhere else self.filter(own | Q(shift__clinic__in=scope.clinic_ids))


class OfferKind(models.TextChoices):
    GIVE = "give", "Give"
    SWAP = "swap", "Swap"
    DROP = "drop", "Hand back"


class OfferState(models.TextChoices):
    OPEN = "open", "Waits for a colleague"
    TAKEN = "taken", "Waits for a manager"
    DONE = "done", "Done"
    DECLINED = "declined", "Declined"
    REFUSED = "refused", "Not approved"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    VOID = "void", "The shift was changed"


LIVE = (OfferState.OPEN, OfferState.TAKEN)


class OfferQuerySet(OfOwnClinics["Offer"]):
    parties = ("by", "to", "taken_by")

    def live(self) -> Self:
        return self.filter(state__in=LIVE)


class Offer(models.Model):
    """Somebody wants to be rid of a published shift: to a colleague (`to`, or whoever takes it), against another shift
    (`in_return`), or back to the managers. The shift stays theirs until it is done. `sequence` is that of the published
    shift which the offer is about: a publication that changes it voids the offer."""

    kind = models.CharField(max_length=4, choices=OfferKind)
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="offers")
    sequence = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    in_return = models.ForeignKey(Shift, models.PROTECT, null=True, blank=True, related_name="+")
    return_sequence = models.PositiveIntegerField(null=True, blank=True)
    note = models.CharField(max_length=160, blank=True)
    state = models.CharField(max_length=9, choices=OfferState)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=160, blank=True)

    objects: ClassVar[OfferQuerySet] = OfferQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shift"],
                condition=Q(state__in=["open", "taken"]),
                name="one_live_offer_for_a_shift",
                violation_error_message="This shift is on offer already.",
            ),
            models.UniqueConstraint(
                fields=["in_return"],
                condition=Q(state__in=["open", "taken"]),
                name="one_live_swap_for_a_shift_in_return",
                violation_error_message="That shift is asked for in another swap already.",
            ),
            models.CheckConstraint(
                condition=Q(kind="swap", to__isnull=False, in_return__isnull=False, return_sequence__isnull=False)
                | Q(kind="give", in_return__isnull=True)
                | Q(kind="drop", in_return__isnull=True, to__isnull=True),
                name="offer_names_what_its_kind_needs",
                violation_error_message="A swap names a colleague and a shift in return.",
            ),
            models.CheckConstraint(
                condition=Q(to__isnull=True) | ~Q(to=F("by")),
                name="offer_is_to_somebody_else",
                violation_error_message="Choose a colleague.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "taken"], ended_at__isnull=True)
                | (~Q(state__in=["open", "taken"]) & Q(ended_at__isnull=False)),
                name="offer_says_when_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shift}"


class ClaimState(models.TextChoices):
    WAITING = "waiting", "Waits for a manager"
    GRANTED = "granted", "Granted"
    DECLINED = "declined", "Not granted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "No longer open"


class ClaimQuerySet(OfOwnClinics["Claim"]):
    parties = ("person",)

    def waiting(self) -> Self:
        return self.filter(state=ClaimState.WAITING)


class Claim(models.Model):
    """Somebody asked for an open shift, where a manager picks; or took it at once, where whoever comes first has it."""

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="claims")
    sequence = models.PositiveIntegerField()
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=ClaimState)
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=160, blank=True)

    objects: ClassVar[ClaimQuerySet] = ClaimQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shift", "person"],
                condition=Q(state="waiting"),
                name="open_shift_is_asked_for_once",
                violation_error_message="You have asked for this shift already.",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="claim_says_when_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} asks for {self.shift}"
