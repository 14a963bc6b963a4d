"""Somebody has lost the phone and the recovery codes: two administrators together take the second steps away.

One starts the reset and says why, another one confirms it within a day. The person is told by mail at both moments
(accounts/reset_reminders.py). After that the password alone opens the door, and a role that demands a second step
reaches nothing but its set-up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import sessions, tokens
from accounts.models import SecondStepReset, User
from accounts.roles import Capability, Role
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import organisation_day

LASTS = timedelta(hours=24)
SHORTEST_REASON = 10
ALONE = (
    "There is nobody else who could confirm it. Make a second person administrator first. If nobody is left who can, whoever "
    "runs the server uses the command reset_second_step there."
)


def may_start(person: User, *, by: User, at: datetime) -> Verdict:
    """Whether somebody starts the reset for a person now, with every reason against it."""
    if not by.standing.may(Capability.RESET_SECOND_STEP):
        return Verdict.no("no-administrator", "Two administrators together take lost second steps away.")
    reasons = []
    if by.pk == person.pk:
        reasons.append(Reason("yourself", "Somebody else has to start the reset of your second step."))
    if not person.is_active:
        reasons.append(Reason("left", f"{person.name} has no access. Open the account first."))
    if not is_mfa_enabled(person):
        reasons.append(Reason("no-second-step", f"{person.name} has no second step: there is nothing to take away."))
    if not others_who_confirm(person, by, at):
        reasons.append(Reason("alone", ALONE))
    return Verdict.of(reasons)


def may_confirm(reset: SecondStepReset, *, by: User, at: datetime) -> Verdict:
    """Whether somebody is the second administrator: neither the first one nor the person."""
    if not by.standing.may(Capability.RESET_SECOND_STEP):
        return Verdict.no("no-administrator", "Two administrators together take lost second steps away.")
    if reset.user_id == by.pk:
        return Verdict.no("yourself", "Two other administrators have to reset your second step.")
    if reset.started_by_id == by.pk:
        return Verdict.no("second-person", "You have started it. Another administrator has to confirm it.")
    return Verdict()


def others_who_confirm(person: User, by: User, at: datetime) -> list[User]:
    """The administrators who can be the second one."""
    today = organisation_day(at)
    administrators = User.objects.members(today, roles=[Role.ADMINISTRATOR]).by_name()
    return [other for other in administrators if other.pk not in {person.pk, by.pk}]


@transaction.atomic
def start(person: User, *, reason: str, by: User, at: datetime) -> SecondStepReset:
    """Ask for a second administrator. Refused while another request for the person waits; one that is too old gives way.

    Raises ValidationError for a reason that says nothing.
    """
    require(may_start(person, by=by, at=at), Forbidden)
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise ValidationError({"reason": "Say how you know that it is them, and what happened."})
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    for earlier in SecondStepReset.objects.open().filter(user=person):
        if earlier.is_pending(at):
            raise Refused.because("waits-already", "A reset for this person waits already. Confirm it, or cancel it.")
        _close(earlier, by=by, at=at)
    reset = SecondStepReset(user=person, reason=reason, started_by=by, started_at=at, expires_at=at + LASTS)
    reset.full_clean()
    reset.save()
    record(by, "second_step.reset-started", person, clinics=person.standing.clinic_ids, until=reset.expires_at)
    return reset


@transaction.atomic
def confirm(reset: SecondStepReset, *, by: User, at: datetime) -> SecondStepReset:
    """The second administrator says yes: all second steps, sessions and tokens of the person end, once."""
    reset = _locked(reset, at)
    require(may_confirm(reset, by=by, at=at), Forbidden)
    if reset.started_by is None or not reset.started_by.standing.may(Capability.RESET_SECOND_STEP):
        raise Refused.because("starter-gone", "Whoever started it is no administrator any more. Start it anew.")
    reset.confirmed_by, reset.confirmed_at = by, at
    reset.save(update_fields=["confirmed_by", "confirmed_at"])
    _take_away(reset, by=by, at=at)
    return reset


@transaction.atomic
def cancel(reset: SecondStepReset, *, by: User, at: datetime) -> SecondStepReset:
    """Any administrator stops it; so does whoever notices that it was not the person who asked."""
    if not by.standing.may(Capability.RESET_SECOND_STEP):
        raise Forbidden.because("no-administrator", "Administrators cancel a reset.")
    return _close(_locked(reset, at), by=by, at=at)


@transaction.atomic
def reset_on_the_server(person: User, *, reason: str, at: datetime) -> SecondStepReset:
    """The last resort of whoever runs the server, when no two administrators are left. Told and recorded like any other."""
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    reset = SecondStepReset(user=person, reason=reason, started_at=at, expires_at=at, confirmed_at=at)
    reset.save()
    _take_away(reset, by=None, at=at)
    return reset


def _take_away(reset: SecondStepReset, *, by: User | None, at: datetime) -> None:
    person = reset.user
    kinds = sorted({one.get_type_display() for one in Authenticator.objects.filter(user=person)})
    Authenticator.objects.filter(user=person).delete()
    sessions.end_all(person)
    tokens.revoke_all(person, by=by or person, at=at)
    started = reset.started_by.name if reset.started_by else None
    record(by, "second_step.reset", person, clinics=person.standing.clinic_ids, kinds=kinds, started_by=started)


def _close(reset: SecondStepReset, *, by: User, at: datetime) -> SecondStepReset:
    reset.cancelled_by, reset.cancelled_at = by, at
    reset.save(update_fields=["cancelled_by", "cancelled_at"])
    record(by, "second_step.reset-cancelled", reset.user, clinics=reset.user.standing.clinic_ids)
    return reset


def _locked(reset: SecondStepReset, at: datetime) -> SecondStepReset:
    """The request, locked, while it waits. Refused when somebody was quicker, or the day is over."""
    query = SecondStepReset.objects.select_for_update(of=("self",)).select_related("user", "started_by")
    reset = query.get(pk=reset.pk)
    if reset.confirmed_at is not None:
        raise Refused.because("taken-away-already", f"The second steps of {reset.user.name} were taken away already.")
    if reset.cancelled_at is not None:
        raise Refused.because("cancelled", "The request was cancelled already.")
    if at >= reset.expires_at:
        raise Refused.because("too-old", "The request is more than a day old. Start a new one.")
    return reset
