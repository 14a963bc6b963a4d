"""Invitations: one role at one place for one address, within the power of whoever invites, by a link that works once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.hiring import Place, hire, may_give, may_invite_as, place_of
from accounts.models import Invitation, Profession, User
from accounts.naming import clean_person_name
from accounts.roles import Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import local_day, organisation_zone

LASTS = timedelta(hours=72)
DEAD = "The invitation does not work any more. Ask whoever sent it for a new one."


def may_invite(by: User) -> Verdict:
    """Whether somebody invites anybody at all."""
    if by.standing.scope(Capability.INVITE):
        return YES
    return Verdict.no("no-invitations", "Clinic managers and administrators invite people.")


KNOWN = "Somebody with this address has an account here already."


def may_manage(invitation: Invitation, *, by: User) -> Verdict:
    """Whoever could send it may send it again or take it back."""
    return may_give(place_of(invitation), by=by)


USUAL = {
    Role.THERAPIST: {Profession.PT, Profession.OTHER},
    Role.ASSISTANT: {Profession.PTA, Profession.AIDE, Profession.OTHER},
    Role.FRONT_DESK: {Profession.DESK, Profession.OTHER},
}


def what_is_unusual(profession: str, role: Role) -> str:
    """A sentence when profession and role seldom go together; empty otherwise. A warning: the day may need it."""
    if role not in USUAL or profession in USUAL[role]:
        return ""
    return f"Profession and role differ: {Profession(profession).label}, as {role.label.lower()}."


@transaction.atomic
def invite(*, email: str, name: str, profession: str, place: Place, by: User, at: datetime) -> Invitation:
    """Ask somebody in. The next tick makes the link and sends it (accounts/invitation_mail.py).

    Raises Forbidden beyond one's own power, ValidationError when the address works here or is invited already,
    Conflict when somebody else has invited it at the same moment.
    """
    require(may_invite_as(place, by=by), Forbidden)
    if _is_known(email):
        raise ValidationError({"email": KNOWN})
    try:
        name = clean_person_name(name)
    except ValidationError as error:
        raise ValidationError({"name": error}) from None
    invitation = Invitation(
        email=email.lower(),
        name=name,
        profession=profession,
        role=place.role,
        clinic=place.clinic,
        invited_by=by,
        sent_at=at,
        expires_at=at + LASTS,
        mail_due_at=at,
    )
    invitation.full_clean()
    try:
        with transaction.atomic():
            invitation.save()
    except IntegrityError:
        raise Conflict.because("invited-just-now", f"Somebody else invited {email} just now.", "email") from None
    record(by, "invitation.sent", invitation, clinics=_clinics(invitation), role=place.role, clinic=place.clinic)
    return invitation


@transaction.atomic
def send_again(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """A new link with a new term, by whoever sends it now; the old link stops working."""
    invitation = _waiting(invitation)
    require(may_manage(invitation, by=by), Forbidden)
    if _is_known(invitation.email):
        raise Refused.because("address-taken", f"{KNOWN} Take the invitation back.")
    invitation.token_digest, invitation.invited_by = None, by
    invitation.sent_at, invitation.expires_at = at, at + LASTS
    invitation.mail_state, invitation.mail_due_at = Invitation.Mail.WAITING, at
    invitation.mail_tries, invitation.mail_reply = 0, ""
    mail = ["mail_state", "mail_due_at", "mail_tries", "mail_reply"]
    invitation.times_sent += 1
    invitation.save(update_fields=["token_digest", "invited_by", "sent_at", "expires_at", "times_sent", *mail])
    record(by, "invitation.sent", invitation, clinics=_clinics(invitation), again=True)
    return invitation


def give_link(invitation: Invitation, *, at: datetime) -> str:
    """Make the link, whose whole term lies ahead. Returns its token, which is known nowhere else.

    For whoever sends the mail and holds the row; an earlier link stops working.
    """
    token = secrets.token_urlsafe(32)
    invitation.token_digest, invitation.expires_at = digest(token), at + LASTS
    invitation.mail_state, invitation.mail_tries = Invitation.Mail.CLAIMED, invitation.mail_tries + 1
    invitation.save(update_fields=["token_digest", "expires_at", "mail_state", "mail_tries"])
    return token


@transaction.atomic
def revoke(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """Take an invitation back: its link stops working."""
    invitation = _waiting(invitation)
    require(may_manage(invitation, by=by), Forbidden)
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])
    record(by, "invitation.revoked", invitation, clinics=_clinics(invitation))
    return invitation


def found_by(token: str, at: datetime) -> Invitation | None:
    """The invitation to which a link leads, when it still counts: open, and within the power of whoever sent it."""
    return opened_by(digest(token), at)


def opened_by(link: str, at: datetime) -> Invitation | None:
    """As `found_by`, for whoever opened the link and keeps its digest: the token itself goes no further."""
    invitation = Invitation.objects.select_related("clinic", "invited_by").filter(token_digest=link).first()
    return invitation if invitation and _counts(invitation, at) else None


@transaction.atomic
def accept(link: str, *, password: str, at: datetime) -> User:
    """Become a member of staff, from today, by the digest of a link. However parallel it is used, it works once.

    Raises Conflict when the link no longer works. The password was checked by the form.
    """
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("clinic", "invited_by")
        .filter(token_digest=link)
        .first()
    )
    if invitation is None or not _counts(invitation, at):
        raise Conflict.because("link-dead", DEAD)
    place = place_of(invitation)
    user = hire(
        email=invitation.email,
        name=invitation.name,
        profession=invitation.profession,
        places=[place],
        start=local_day(at, place.clinic.zone if place.clinic else organisation_zone()),
        by=invitation.invited_by,
        invited=True,
    )
    user.set_password(password)
    user.save(update_fields=["password"])
    invitation.accepted_at, invitation.accepted_by = at, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(user, "invitation.accepted", invitation, clinics=_clinics(invitation), invited_by=invitation.invited_by)
    return user


def digest(token: str) -> str:
    """What is kept of a token. It is random and long, so that a plain hash cannot be guessed back."""
    return sha256(token.encode()).hexdigest()


def _counts(invitation: Invitation, at: datetime) -> bool:
    """Whether its link works: also not when somebody who is here has taken the address since."""
    sent_by_right = bool(may_manage(invitation, by=invitation.invited_by))
    return invitation.is_open(at) and sent_by_right and not _is_known(invitation.email)


def _is_known(email: str) -> bool:
    return User.objects.filter(email__iexact=email).exists()


def _waiting(invitation: Invitation) -> Invitation:
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=invitation.pk)
    if locked.accepted_at is not None:
        raise Refused.because("taken", f"{locked.name} has taken the invitation already.")
    if locked.revoked_at is not None:
        raise Refused.because("revoked", "The invitation was taken back already.")
    return locked


def _clinics(invitation: Invitation) -> list[int]:
    return [] if invitation.clinic_id is None else [invitation.clinic_id]
