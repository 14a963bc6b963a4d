"""Addresses to which mail does not arrive: who reads of somebody else's, and who says that one works again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Membership, User
from accounts.roles import Capability, Role
from accounts.standing import Scope
from intranet.core.access import YES, AnyUser, Conflict, Forbidden, Verdict, require
from intranet.core.time import organisation_day
from intranet.reminders import addresses, operating
from intranet.reminders.models import AddressTrouble

WORKS = "Somebody said that it works again."
# Whoever answers for others is told that reminders are late.
TOLD = frozenset({Role.MANAGER, Role.CLINICAL_LEAD, Role.ADMINISTRATOR})


def troubles_visible_to(viewer: AnyUser, at: datetime) -> QuerySet[AddressTrouble]:
    """One's own, those of the people of one's clinics, or all: of people who are here."""
    if not isinstance(viewer, User) or not viewer.standing.grants:
        return AddressTrouble.objects.none()
    troubles = AddressTrouble.objects.filter(person__is_active=True)
    scope = viewer.standing.scope(Capability.INVITE)
    if scope.everywhere:
        return troubles
    return troubles.filter(Q(person=viewer.pk) | Exists(_here(scope, at)))


def may_clear(trouble: AddressTrouble, *, by: User, at: datetime) -> Verdict:
    """An administrator, or a manager of a clinic of the person; one's own is for somebody else to judge."""
    scope = by.standing.scope(Capability.INVITE)
    if scope.everywhere:
        return YES
    if trouble.person_id == by.pk:
        return Verdict.no("own-address", "Ask an administrator or your manager, or change your address.")
    mine = AddressTrouble.objects.filter(pk=trouble.pk).filter(Exists(_here(scope, at)))
    return YES if mine.exists() else Verdict.no("not-yours", "A manager of the person or an administrator says so.")


def works_again(trouble: AddressTrouble, *, by: User, at: datetime) -> None:
    """From now on mail is sent to the address again; what is still of use leaves as one mail.

    Raises Forbidden, or Conflict when somebody has said so before.
    """
    require(may_clear(trouble, by=by, at=at), Forbidden)
    if not addresses.clear(trouble, by=by, why=WORKS, at=at):
        raise Conflict.because("cleared", "Mail is sent to this address again already.")


def _here(scope: Scope, at: datetime) -> QuerySet[Membership]:
    return Membership.objects.on(organisation_day(at)).filter(user=OuterRef("person"), clinic__in=scope.clinic_ids)


def register() -> None:
    """Tell the machinery of reminders who runs it, and who is told when it is late."""
    operating.operated_by(lambda user: user.standing.may(Capability.SEE_OPERATIONS))  # type: ignore[union-attr]
    operating.watched_by(lambda user: bool(user.standing.roles & TOLD))  # type: ignore[union-attr]
