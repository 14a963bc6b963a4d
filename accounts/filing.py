"""Filing credentials and checking what others filed. Who files is the person or who checks; nobody checks their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.credentials import belongs_to, clinics_of, gap, last_day, valid_from
from accounts.documents import Paper, discard, keep
from accounts.models import (
    Checker,
    Credential,
    CredentialDocument,
    CredentialType,
    Membership,
    User,
    ValidityRule,
)
from accounts.models.credentials import FIXED_DATE_RULES
from accounts.qualifications import is_whole
from accounts.roles import Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day
from intranet.core.wording import full_day

# Licences are renewed months ahead; further away is a slip of the pen.
FURTHEST_AHEAD = timedelta(days=366)
LONGEST = timedelta(days=20 * 366)


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands on a document. `last_day` only for types whose end no rule tells."""

    issued_on: date
    last_day: date | None = None
    reference: str = ""


def may_verify(owner: User, *, by: User, type: CredentialType | None = None) -> Verdict:
    """Whether somebody checks what is in the file of another: of one type, or (without a type) anything at all.

    The clinical lead checks everyone's; a manager, for people of the own clinics, what is not clinical. What the clinical
    lead has filed is checked by a manager too: there may be nobody else.
    """
    if by.pk == owner.pk:
        return Verdict.no("own-credential", "Somebody else has to verify your credentials.")
    if not _answers_for(owner, by=by):
        return Verdict.no(
            "not-your-clinic", "Only a manager of the person's clinic or the clinical lead verifies this."
        )
    lead_only = type is not None and type.checker == Checker.LEAD and Role.CLINICAL_LEAD not in owner.standing.roles
    if lead_only and not by.standing.scope(Capability.VERIFY_CREDENTIAL).everywhere:
        return Verdict.no("clinical", "This is clinical: the clinical lead checks it.")
    return YES


def may_file(owner: User, *, by: User) -> Verdict:
    """Everybody files for oneself; a manager for people of the own clinics, the clinical lead for all."""
    if not owner.is_active:
        return Verdict.no("left", f"{owner} no longer works here.")
    if by.pk == owner.pk or _answers_for(owner, by=by):
        return YES
    return Verdict.no("not-your-file", "The person, a manager of their clinic or the clinical lead files this.")


def may_see_document(owner: User, *, by: User) -> Verdict:
    """Documents and numbers are for the person and for whoever compares them; an administrator sees what is on file."""
    if by.pk == owner.pk or _answers_for(owner, by=by):
        return YES
    return Verdict.no("metadata", "Documents are open to the person and to those who check them.")


def open_files(viewer: User) -> QuerySet[User]:
    """The people whose documents `may_see_document` opens."""
    scope = viewer.standing.scope(Capability.VERIFY_CREDENTIAL)
    if scope.everywhere:
        return User.objects.all()
    today = organisation_day(viewer.standing.at)
    here = Membership.objects.belonging(today).filter(user=OuterRef("pk"), clinic__in=scope.clinic_ids)
    return User.objects.filter(Q(pk=viewer.pk) | Exists(here))


def may_correct(credential: Credential, *, by: User) -> Verdict:
    """Who filed it corrects it or takes it back until it is verified; what came back, the person as well."""
    if credential.verified_at is not None:
        return Verdict.no(
            "verified", "It was verified, and what is on record stays. Ask for the check to be withdrawn."
        )
    filed_by = credential.filed_by_id or credential.user_id
    if by.pk == filed_by or (credential.sent_back_at and by.pk == credential.user_id):
        return may_file(credential.user, by=by)
    return Verdict.no("not-yours", "Whoever filed it corrects it.")


def _answers_for(owner: User, *, by: User) -> bool:
    scope = by.standing.scope(Capability.VERIFY_CREDENTIAL)
    return scope.everywhere or (bool(scope) and belongs_to(owner, scope, by=by))


def to_check(viewer: User) -> QuerySet[Credential]:
    """What waits for a check that this person may make: exactly where `may_verify` says yes. The oldest first."""
    waiting = Credential.objects.waiting().filter(user__is_active=True).exclude(user=viewer)
    scope = viewer.standing.scope(Capability.VERIFY_CREDENTIAL)
    if not scope.everywhere:
        today = organisation_day(viewer.standing.at)
        here = Membership.objects.belonging(today).filter(user=OuterRef("user"), clinic__in=scope.clinic_ids)
        leads = Membership.objects.on(today).filter(user=OuterRef("user"), role=Role.CLINICAL_LEAD)
        waiting = waiting.filter(Exists(here)).filter(Q(type__checker=Checker.MANAGER) | Exists(leads))
    return waiting.select_related("user", "type", "document").order_by("filed_at", "pk")


def period_to_file(
    user: User, type: CredentialType, facts: Facts, *, apart_from: Credential | None = None
) -> DateRange:
    """The period of a document: by the rule of its type, and from the day after the one on file ends.

    A card renewed three weeks early takes nothing away from the old one. A licence with a fixed date, renewed before that
    date, is the one for the time after it. Raises Refused when the time is taken already.
    """
    others = Credential.objects.counting().filter(user=user, type=type)
    if apart_from is not None:
        others = others.exclude(pk=apart_from.pk)
    period = valid_from(type, facts.issued_on, entered_last_day=facts.last_day)
    running = others.filter(valid__contains=facts.issued_on).first()
    if running is not None:
        end = running.valid.upper
        if end is None:
            raise Refused.because("no-end", f"The {type} on file does not end.", "issued_on")
        if period.upper is not None and period.upper <= end and type.rule in FIXED_DATE_RULES:
            period = valid_from(type, end)
        if period.upper is not None and period.upper <= end:
            raise Refused.because("not-longer", _already(type, running), "issued_on")
        period = DateRange(end, period.upper)
    if (taken := others.filter(valid__overlap=period).first()) is not None:
        raise Refused.because("taken", _already(type, taken), "issued_on")
    return period


def _already(type: CredentialType, other: Credential) -> str:
    last = last_day(other)
    until = f" to {full_day(last)}" if last else ""
    waits = ", and waits for a check" if other.waits else ""
    return f"On file already: {type} from {full_day(other.valid.lower)}{until}{waits}."


def gap_before(credential: Credential) -> tuple[date, date] | None:
    """First and last day before the credential on which nothing of its type is on file; None when it follows on."""
    others = Credential.objects.counting().filter(user=credential.user_id, type=credential.type_id)
    before = others.filter(valid__endswith__lte=credential.valid.lower).order_by("-valid").first()
    return gap(before, credential) if before else None


@transaction.atomic
def hand_in(
    user: User, type: CredentialType, facts: Facts, *, paper: Paper | None, by: User, at: datetime
) -> Credential:
    """File a credential as it stands on its document, to be checked by another person. Raises Refused or Forbidden."""
    user = _locked(user)
    require(may_file(user, by=by), Forbidden)
    require(_sensible(user, type, facts, on=organisation_day(at)) + _with_document(type, paper))
    period = period_to_file(user, type, facts)
    return file_credential(
        user=user,
        type=type,
        valid=period,
        reference=facts.reference,
        by=by,
        at=at,
        issued_on=facts.issued_on,
        paper=paper,
    )


@transaction.atomic
def file_credential(
    *,
    user: User,
    type: CredentialType,
    valid: DateRange,
    reference: str = "",
    by: User | None,
    at: datetime,
    issued_on: date | None = None,
    paper: Paper | None = None,
) -> Credential:
    """Put a credential with a known period into a person's file, not verified yet."""
    credential = Credential(
        user=user,
        type=type,
        issued_on=issued_on or valid.lower,
        valid=valid,
        reference=reference,
        filed_by=by,
        filed_at=at,
    )
    credential.full_clean()
    credential.save()
    if paper is not None:
        keep(credential, paper, at=at)
    record(by, "credential.filed", credential, clinics=clinics_of(user), valid=str(valid), document=paper is not None)
    return credential


@transaction.atomic
def correct(credential: Credential, facts: Facts, *, paper: Paper | None = None, by: User, at: datetime) -> Credential:
    """Change what was filed before it is verified; what was sent back waits for a check again."""
    user = _locked(credential.user)
    credential = _locked_credential(credential)
    require(may_correct(credential, by=by), Forbidden)
    on_file = paper or document_of(credential)
    require(_sensible(user, credential.type, facts, on=organisation_day(at)) + _with_document(credential.type, on_file))
    credential.valid = period_to_file(user, credential.type, facts, apart_from=credential)
    credential.issued_on, credential.reference = facts.issued_on, facts.reference
    credential.sent_back_by, credential.sent_back_at, credential.remark = None, None, ""
    credential.filed_by, credential.filed_at = by, at
    credential.full_clean()
    credential.save()
    if paper is not None:
        keep(credential, paper, at=at)
    record(by, "credential.corrected", credential, clinics=clinics_of(user), valid=str(credential.valid))
    return credential


@transaction.atomic
def take_back(credential: Credential, *, by: User) -> None:
    """Remove what nobody has verified, with its document."""
    credential = _locked_credential(credential)
    require(may_correct(credential, by=by), Forbidden)
    record(by, "credential.taken-back", credential, clinics=clinics_of(credential.user), valid=str(credential.valid))
    discard(credential)
    credential.delete()


def fingerprint(credential: Credential) -> str:
    """Names what a checker has before the eyes: it is another one after any correction."""
    document = document_of(credential)
    said: list[Any] = [credential.valid, credential.issued_on, credential.reference, document and document.sha256]
    return sha256(repr(said).encode()).hexdigest()[:16]


def document_of(credential: Credential) -> CredentialDocument | None:
    return getattr(credential, "document", None)


@transaction.atomic
def verify_credential(credential: Credential, *, by: User, at: datetime, seen: str | None = None) -> Credential:
    """Confirm that the document is on file and right. `seen` is the fingerprint of what was looked at.

    Raises Forbidden, Conflict when somebody was quicker or it was changed meanwhile, or Refused without a document.
    """
    credential = _waiting(credential, by=by, seen=seen)
    whole = is_whole(credential.user, credential.type, on=organisation_day(at), at=at)
    require(whole + _with_document(credential.type, document_of(credential)))
    credential.verified_by, credential.verified_at = by, at
    credential.save(update_fields=["verified_by", "verified_at"])
    record(by, "credential.verified", credential, clinics=clinics_of(credential.user))
    return credential


@transaction.atomic
def send_back(credential: Credential, *, reason: str, by: User, at: datetime, seen: str | None = None) -> Credential:
    """Ask for a correction, and say of what. It takes up its period no longer."""
    credential = _waiting(credential, by=by, seen=seen)
    credential.sent_back_by, credential.sent_back_at, credential.remark = by, at, _said(reason)
    credential.save(update_fields=["sent_back_by", "sent_back_at", "remark"])
    record(by, "credential.sent-back", credential, clinics=clinics_of(credential.user))
    return credential


def may_withdraw(credential: Credential, *, by: User) -> Verdict:
    if credential.verified_at is None:
        return Verdict.no("not-verified", "It was not verified.")
    if credential.withdrawn_at is not None:
        return Verdict.no("withdrawn", "It was withdrawn already.")
    return may_verify(credential.user, by=by, type=credential.type)


@transaction.atomic
def withdraw(credential: Credential, *, reason: str, by: User, at: datetime) -> Credential:
    """Take back a check that was a mistake. The row stays, with the reason, and counts no longer, for any day."""
    require(may_verify(credential.user, by=by, type=credential.type), Forbidden)
    credential = _locked_credential(credential)
    require(may_withdraw(credential, by=by), Conflict)
    credential.withdrawn_by, credential.withdrawn_at, credential.remark = by, at, _said(reason)
    credential.save(update_fields=["withdrawn_by", "withdrawn_at", "remark"])
    record(by, "credential.withdrawn", credential, clinics=clinics_of(credential.user))
    return credential


def _waiting(credential: Credential, *, by: User, seen: str | None) -> Credential:
    """The credential, locked, if this person may check it and it is still what was looked at."""
    require(may_verify(credential.user, by=by, type=credential.type), Forbidden)
    credential = _locked_credential(credential)
    if credential.verified_by is not None:
        raise Conflict.because("checked", f"{credential.verified_by.name} has checked it already.")
    if credential.sent_back_by is not None:
        raise Conflict.because("sent-back", f"{credential.sent_back_by.name} has sent it back already.")
    if seen is not None and seen != fingerprint(credential):
        raise Conflict.because("changed", "It was corrected while you looked at it: look again.")
    return credential


def _sensible(user: User, type: CredentialType, facts: Facts, *, on: date) -> Verdict:
    """What no document says, whatever the form."""
    verdict = YES
    if type.retired_at is not None or not type.is_for(user):
        verdict += Verdict.no("type", f"{type} is not asked of {user.get_profession_display()} staff.", "type")
    if facts.issued_on > on + FURTHEST_AHEAD:
        verdict += Verdict.no("too-far", "This day is more than a year ahead.", "issued_on")
    if type.rule == ValidityRule.ENTERED and facts.last_day is None:
        verdict += Verdict.no("date-missing", "Enter the last day that stands on the document.", "last_day")
    if type.rule != ValidityRule.ENTERED and facts.last_day is not None:
        verdict += Verdict.no("date-by-rule", f"The last day of {type} follows from the first.", "last_day")
    if facts.last_day is not None and not facts.issued_on <= facts.last_day <= facts.issued_on + LONGEST:
        verdict += Verdict.no("days", "The last day comes after the first, at most 20 years later.", "last_day")
    return verdict


def _with_document(type: CredentialType, document: Paper | CredentialDocument | None) -> Verdict:
    if type.needs_document and document is None:
        return Verdict.no("document-missing", f"{type} needs its document, and none is there.", "document")
    return YES


def _said(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Refused.because("reason-missing", "Say what is wrong with it.", "reason")
    if len(reason) > (longest := Credential._meta.get_field("remark").max_length or 0):
        raise Refused.because("reason-long", f"Say it in at most {longest} characters.", "reason")
    return reason


def _locked(user: User) -> User:
    """One filing at a time for a person: periods follow on each other, and documents share a quota."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _locked_credential(credential: Credential) -> Credential:
    """Raises Conflict when it was taken back meanwhile.

    Locked first and read afterwards: in one query, what is joined would be from before the wait for the lock.
    """
    if not Credential.objects.select_for_update().filter(pk=credential.pk).values("pk"):
        raise Conflict.because("taken-back", "It was taken back meanwhile.")
    people = ("user", "type", "document", "verified_by", "sent_back_by")
    return Credential.objects.select_related(*people).get(pk=credential.pk)
