"""What staff do with published shifts among themselves: give, swap, hand back, and ask for open ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.frozen import written_once
from scheduling.models.shifts import Shift
from scheduling.positions import positions_of


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


class OfferQuerySet(AccessQuerySet["Offer"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Whoever takes part; managers of the clinics concerned; and while anybody may take it, everybody at the clinic
        whose profession it asks for."""
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        if scope.everywhere:
            return self
        return self.filter(_parts_of(user) | _anybody_like(user) | concerns_clinics(scope.clinic_ids))

    def of(self, person: User) -> Self:
        """Those in which somebody takes part."""
        return self.filter(_parts_of(person))

    def at(self, clinics: Iterable[int]) -> Self:
        """Those that concern a shift at one of the clinics, given or in return."""
        return self.filter(concerns_clinics(clinics))

    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def live_by_shift(self, shifts: Iterable[UUID]) -> dict[UUID, Offer]:
        """{shift: the live offer in which it would change hands, given or in return}. One query."""
        ids = set(shifts)
        found = self.live().filter(Q(shift__in=ids) | Q(in_return__in=ids))
        pairs = ((pk, made) for made in found for pk in (made.shift_id, made.in_return_id))
        return {pk: made for pk, made in pairs if pk in ids}

    def open_until(self, moment: datetime) -> Self:
        """Those that somebody may still take at the moment."""
        return self.filter(state=OfferState.OPEN, expires_at__gt=moment)


def _parts_of(person: User) -> Q:
    return Q(by=person) | Q(to=person) | Q(taken_by=person)


def _anybody_like(person: User) -> Q:
    here = Q(shift__clinic__in=person.standing.clinic_ids, shift__position__in=positions_of(person.profession))
    return here & Q(state=OfferState.OPEN, kind=OfferKind.GIVE, to=None)


def concerns_clinics(clinics: Iterable[int]) -> Q:
    return Q(shift__clinic__in=clinics) | Q(in_return__clinic__in=clinics)


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

    @property
    def shifts(self) -> list[Shift]:
        """What would change hands: the shift, and in a swap the one in return."""
        return [shift for shift in (self.shift, self.in_return) if shift is not None]

    @property
    def clinic_ids(self) -> set[int]:
        return {shift.clinic_id for shift in self.shifts}

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


class OfferConsent(models.Model):
    """The managers of one clinic agree to an offer. It is carried out once those of every clinic concerned have."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="consents")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[OfferConsent]] = models.Manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "clinic"],
                name="each_clinic_agrees_once",
                violation_error_message="Somebody of this clinic has agreed already.",
            )
        ]
        triggers = written_once("Who agreed to a change of hands is evidence; it is never changed or deleted.")

    def __str__(self) -> str:
        return f"{self.by} agrees for {self.clinic}"


class ClaimState(models.TextChoices):
    WAITING = "waiting", "Waits for a manager"
    GRANTED = "granted", "Granted"
    DECLINED = "declined", "Not granted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "No longer open"


class ClaimQuerySet(AccessQuerySet["Claim"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own, and those at clinics whose roster one makes."""
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        return self if scope.everywhere else self.filter(Q(person=user) | Q(shift__clinic__in=scope.clinic_ids))

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

    @property
    def was_taken_at_once(self) -> bool:
        """Whether the person had it without anybody's decision."""
        return self.state == ClaimState.GRANTED and self.ended_by_id == self.person_id
