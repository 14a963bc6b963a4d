"""Filing, verifying and judging credentials."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Credential, CredentialType, User, ValidityRule, organisation_zone
from accounts.qualifications import is_whole
from accounts.roles import Capability
from accounts.standing import Scope
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Verdict, require
from intranet.core.time import local_day, months_after
from intranet.core.wording import counted, name_list

EXPIRING_WITHIN = timedelta(days=60)


class State(StrEnum):
    """What a credential is on a day; the words for people are in `label`."""

    IN_FORCE = "in_force"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_VERIFIED = "not_verified"
    MISSING = "missing"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def tone(self) -> str:
        return {"in_force": "ok", "expiring": "caution", "not_verified": "info"}.get(self.value, "danger")

    @property
    def icon(self) -> str:
        return {"in_force": "check", "expiring": "clock", "not_verified": "eye", "expired": "x"}.get(
            self.value, "warning"
        )


@dataclass(frozen=True)
class FileLine:
    """One line of a person's file: a type, the credential that decides (if any), and its state on a day."""

    type: CredentialType
    credential: Credential | None
    on: date

    @property
    def state(self) -> State:
        return state_on(self.credential, self.on)

    @property
    def last_day(self) -> date | None:
        return last_day(self.credential) if self.credential else None

    @property
    def needed_for(self) -> str:
        """The procedures that nobody is rostered for without it: "Dry needling, neck and Vestibular rehabilitation"."""
        return name_list([skill.name for skill in self.type.skills.all()])

    @property
    def words(self) -> str:
        """The state with its days: "Ends in 8 days", "Ended 17 days ago"."""
        days = (self.last_day - self.on).days if self.last_day else 0
        match self.state:
            case State.EXPIRED:
                return f"Ended {counted(-days, 'day')} ago"
            case State.EXPIRING:
                return f"Ends in {counted(days, 'day')}" if days else "Ends today"
            case State.NOT_VERIFIED:
                return "Waiting for a check"
            case state:
                return state.label


def last_day(credential: Credential) -> date | None:
    """The last day on which the credential counts; None for one that does not expire."""
    return credential.valid.upper - timedelta(days=1) if credential.valid.upper else None


def valid_from(type: CredentialType, first_day: date, *, entered_last_day: date | None = None) -> DateRange:
    """The period of a credential issued on `first_day`, by the rule of its type (see domain: credential types)."""
    last = _last_day_by_rule(type, first_day, entered_last_day)
    return DateRange(first_day, last + timedelta(days=1) if last else None)


def _last_day_by_rule(type: CredentialType, first_day: date, entered: date | None) -> date | None:
    match type.rule:
        case ValidityRule.NONE:
            return None
        case ValidityRule.ENTERED:
            if entered is None:
                raise Forbidden.because("date-missing", "Enter the last day that stands on the document.", "last_day")
            return entered
        case ValidityRule.CALENDAR_YEAR:
            return date(first_day.year, 12, 31)
        case ValidityRule.MONTHS:
            return months_after(first_day, type.months or 0) - timedelta(days=1)
        case ValidityRule.MONTHS_END:
            end = months_after(first_day, type.months or 0)
            return end.replace(day=calendar.monthrange(end.year, end.month)[1])
        case ValidityRule.EVEN_YEARS | ValidityRule.ODD_YEARS:
            return _next_fixed_date(type, first_day)
    raise ValueError(f"Unknown validity rule {type.rule!r}.")


def _next_fixed_date(type: CredentialType, first_day: date) -> date:
    parity = 0 if type.rule == ValidityRule.EVEN_YEARS else 1
    year = first_day.year + ((first_day.year % 2) != parity)
    last = date(year, type.month or 1, type.day or 1)
    return last if last >= first_day else last.replace(year=year + 2)


def state_on(credential: Credential | None, on: date) -> State:
    """The state of one credential on a day."""
    if credential is None:
        return State.MISSING
    last = last_day(credential)
    if last is not None and last < on:
        return State.EXPIRED
    if credential.verified_at is None:
        return State.NOT_VERIFIED
    if last is not None and last - on <= EXPIRING_WITHIN:
        return State.EXPIRING
    return State.IN_FORCE


def required_types(user: User) -> list[CredentialType]:
    """The types that a person of this profession must have on file."""
    required = CredentialType.objects.filter(required=True).prefetch_related("skills")
    return [type for type in required if type.is_for(user)]


def credential_file(user: User, on: date) -> list[FileLine]:
    """Every required or filed type with the person's latest credential and its state, worst first. Four queries."""
    latest: dict[int, Credential] = {}
    filed = user.credentials.select_related("type", "verified_by").prefetch_related("type__skills")
    for credential in filed.order_by("valid"):
        latest[credential.type_id] = credential
    types = {type.pk: type for type in required_types(user)} | {c.type_id: c.type for c in latest.values()}
    lines = [FileLine(type, latest.get(pk), on) for pk, type in types.items()]
    order = [State.EXPIRED, State.MISSING, State.NOT_VERIFIED, State.EXPIRING, State.IN_FORCE]
    return sorted(lines, key=lambda line: (order.index(line.state), line.type.name))


@transaction.atomic
def file_credential(
    *, user: User, type: CredentialType, valid: DateRange, reference: str = "", by: User | None
) -> Credential:
    """Put a credential into a person's file, not verified yet."""
    credential = Credential(user=user, type=type, valid=valid, reference=reference)
    credential.full_clean()
    credential.save()
    record(by, "credential.filed", credential, clinics=_clinics_of(user), valid=str(valid))
    return credential


def may_file(owner: User, *, by: User) -> Verdict:
    """People file what is theirs; whoever verifies for somebody may file for them too."""
    if by.pk == owner.pk:
        return YES
    scope = by.standing.scope(Capability.VERIFY_CREDENTIAL)
    if scope.everywhere or (scope and _belongs(owner, scope, by=by)):
        return YES
    return Verdict.no("not-your-file", "Only the person, a manager of their clinic or the clinical lead files this.")


def may_verify(owner: User, *, by: User) -> Verdict:
    """Another person verifies what is in somebody's file: the clinical lead everyone's, a manager those of the own clinics."""
    if by.pk == owner.pk:
        return Verdict.no("own-credential", "Somebody else has to verify your credentials.")
    scope = by.standing.scope(Capability.VERIFY_CREDENTIAL)
    if scope.everywhere or (scope and _belongs(owner, scope, by=by)):
        return YES
    return Verdict.no("not-your-clinic", "Only a manager of the person's clinic or the clinical lead verifies this.")


@transaction.atomic
def verify_credential(credential: Credential, *, by: User, at: datetime) -> Credential:
    """Confirm that the document is on file and right. Raises Forbidden with the reason otherwise."""
    require(may_verify(credential.user, by=by), Forbidden)
    credential = Credential.objects.select_for_update(of=("self",)).select_related("user").get(pk=credential.pk)
    if credential.verified_at is None:
        require(is_whole(credential.user, credential.type, on=local_day(at, organisation_zone()), at=at))
        credential.verified_by, credential.verified_at = by, at
        credential.save(update_fields=["verified_by", "verified_at"])
        record(by, "credential.verified", credential, clinics=_clinics_of(credential.user))
    return credential


def _belongs(owner: User, scope: Scope, *, by: User) -> bool:
    today = local_day(by.standing.at, organisation_zone())
    return owner.memberships.belonging(today).filter(clinic__in=scope.clinic_ids).exists()


def _clinics_of(user: User) -> Iterable[int]:
    return user.memberships.exclude(clinic=None).values_list("clinic_id", flat=True)


def not_renewed(credentials: QuerySet[Credential]) -> QuerySet[Credential]:
    """Those that no later one of the same type and person follows."""
    renewal = Credential.objects.filter(
        user=OuterRef("user"), type=OuterRef("type"), valid__startswith__gte=OuterRef("valid__endswith")
    )
    return credentials.filter(~Exists(renewal))


def ending(credentials: QuerySet[Credential], on: date, within: timedelta = EXPIRING_WITHIN) -> QuerySet[Credential]:
    """Those of active people that have ended, or end within 60 days, and that no later one of the type follows."""
    soon = credentials.filter(user__is_active=True, valid__endswith__lte=on + within + timedelta(days=1))
    return not_renewed(soon).select_related("user", "type").order_by("valid__endswith", "user__name")
