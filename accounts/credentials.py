"""When credentials end, and in which state they are on a day."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import Credential, CredentialType, User, ValidityRule
from accounts.models.credentials import CredentialQuerySet
from accounts.standing import Scope
from intranet.core.access import Forbidden
from intranet.core.time import months_after, organisation_day
from intranet.core.wording import counted, full_day, name_list

EXPIRING_WITHIN = timedelta(days=60)
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """What a credential is on a day; the words for people are in `label`."""

    IN_FORCE = "in_force"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_VERIFIED = "not_verified"
    MISSING = "missing"
    SENT_BACK = "sent_back"
    NOT_YET = "not_yet"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def tone(self) -> str:
        tones = {"in_force": "ok", "expiring": "caution", "not_verified": "info", "not_yet": "info"}
        return tones.get(self.value, "danger")

    @property
    def icon(self) -> str:
        icons = {"in_force": "check", "expiring": "clock", "not_verified": "eye", "not_yet": "clock", "expired": "x"}
        return icons.get(self.value, "warning")


# The states in which a credential counts today.
COUNTING = (State.EXPIRING, State.IN_FORCE)


@dataclass(frozen=True)
class FileLine:
    """One line of a person's file: a type, everything that was filed of it (the newest period first), and the day."""

    type: CredentialType
    filed: list[Credential]
    on: date

    @cached_property
    def credential(self) -> Credential | None:
        """The one that decides: what is in force, else what may soon be, else what was."""
        ranks = [State.IN_FORCE, State.EXPIRING, State.NOT_VERIFIED, State.NOT_YET, State.SENT_BACK, State.EXPIRED]
        candidates = [one for one in self.filed if _counts(one) or one == self.came_back]
        return min(candidates, key=lambda one: ranks.index(state_on(one, self.on)), default=None)

    @cached_property
    def renewal(self) -> Credential | None:
        """What was filed for the time after it."""
        last = self.last_day
        later = [one for one in self.filed if _counts(one) and last and one.valid.lower > last]
        return min(later, key=lambda one: one.valid.lower, default=None)

    @cached_property
    def earlier(self) -> list[Credential]:
        """Everything else that was filed of the type: what is over, came back or was withdrawn."""
        return [one for one in self.filed if one not in (self.credential, self.renewal)]

    @cached_property
    def came_back(self) -> Credential | None:
        """What was sent back and still waits for its correction: nothing was filed after it."""
        newest = max(self.filed, key=lambda one: one.filed_at or one.sent_back_at or FIRST_MOMENT, default=None)
        return newest if newest and newest.sent_back_at else None

    @property
    def state(self) -> State:
        state = state_on(self.credential, self.on)
        renewed = self.renewal and self.renewal.verified_at and not self.gap_before_renewal
        return State.IN_FORCE if state == State.EXPIRING and renewed else state

    @property
    def last_day(self) -> date | None:
        return last_day(self.credential) if self.credential else None

    @property
    def gap_before_renewal(self) -> tuple[date, date] | None:
        """First and last day on which nothing will be on file."""
        if not self.credential or not self.renewal:
            return None
        return gap(self.credential, self.renewal)

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
            case State.NOT_YET if self.credential:
                return f"From {full_day(self.credential.valid.lower)}"
            case state:
                return state.label


def last_day(credential: Credential) -> date | None:
    """The last day on which the credential counts; None for one that does not expire."""
    return credential.last_day


def gap(before: Credential, after: Credential) -> tuple[date, date] | None:
    """First and last day between two periods; None when the second follows at once."""
    if before.valid.upper is None or after.valid.lower <= before.valid.upper:
        return None
    return before.valid.upper, after.valid.lower - timedelta(days=1)


def _counts(credential: Credential) -> bool:
    return credential.sent_back_at is None and credential.withdrawn_at is None


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
    if credential is None or credential.withdrawn_at is not None:
        return State.MISSING
    if credential.sent_back_at is not None:
        return State.SENT_BACK
    last = last_day(credential)
    if last is not None and last < on:
        return State.EXPIRED
    if credential.verified_at is None:
        return State.NOT_VERIFIED
    if credential.valid.lower > on:
        return State.NOT_YET
    if last is not None and last - on <= EXPIRING_WITHIN:
        return State.EXPIRING
    return State.IN_FORCE


def required_types(user: User) -> list[CredentialType]:
    """The types that a person of this profession must have on file."""
    required = CredentialType.objects.in_use().filter(required=True).prefetch_related("skills")
    return [type for type in required if type.is_for(user)]


def credential_file(user: User, on: date) -> list[FileLine]:
    """Every required or filed type with the person's latest credential and its state, worst first. Four queries."""
    filed: dict[int, list[Credential]] = defaultdict(list)
    rows = user.credentials.select_related("type", "verified_by", "document").prefetch_related("type__skills")
    for credential in rows.order_by("-valid", "-pk"):
        filed[credential.type_id].append(credential)
    types = {type.pk: type for type in required_types(user)} | {c[0].type_id: c[0].type for c in filed.values()}
    lines = [FileLine(type, filed.get(pk, []), on) for pk, type in types.items()]
    lines = [line for line in lines if line.type.retired_at is None or line.state in COUNTING]
    order = [State.EXPIRED, State.MISSING, State.SENT_BACK, State.NOT_VERIFIED, State.NOT_YET, *COUNTING]
    return sorted(lines, key=lambda line: (order.index(line.state), line.type.name))


def belongs_to(owner: User, scope: Scope, *, by: User) -> bool:
    """Whether somebody is the business of one of the clinics today."""
    today = organisation_day(by.standing.at)
    return owner.memberships.belonging(today).filter(clinic__in=scope.clinic_ids).exists()


def clinics_of(user: User) -> Iterable[int]:
    """The clinics whose managers read in the audit log what happens to the person: those to which they belong."""
    today = organisation_day(user.standing.at)
    return user.memberships.belonging(today).exclude(clinic=None).values_list("clinic_id", flat=True)


def renewals(among: QuerySet[Credential], on: date) -> QuerySet[Credential]:
    """In a query about credentials: of the person and type of the outer row, those that follow it without a gap, or
    have begun by the day after one."""
    later = among.filter(
        user=OuterRef("user"), type=OuterRef("type"), valid__startswith__gte=OuterRef("valid__endswith")
    )
    return later.filter(Q(valid__startswith=OuterRef("valid__endswith")) | Q(valid__startswith__lte=on))


def not_renewed(credentials: QuerySet[Credential], on: date) -> QuerySet[Credential]:
    """Those after which a day comes without any: a renewal counts once it is verified, and from its first day."""
    return credentials.filter(~Exists(renewals(Credential.objects.verified(), on)))


def ending(credentials: CredentialQuerySet, on: date, within: timedelta = EXPIRING_WITHIN) -> QuerySet[Credential]:
    """Those of active people that have ended, or end within 60 days, and are not renewed.

    Each with `next_from`, the first day of a verified one that comes after a gap, and `renewal_waits`, whether one is filed
    that nobody has checked yet.
    """
    asked = credentials.counting().filter(user__is_active=True, type__retired_at=None)
    soon = asked.filter(valid__endswith__lte=on + within + timedelta(days=1))
    same = {"user": OuterRef("user"), "type": OuterRef("type"), "valid__startswith__gte": OuterRef("valid__endswith")}
    following = Credential.objects.verified().filter(**same).order_by("valid__startswith").values("valid__startswith")
    ends = not_renewed(soon, on).annotate(
        next_from=Subquery(following[:1]), renewal_waits=Exists(Credential.objects.waiting().filter(**same))
    )
    return ends.select_related("user", "type").order_by("valid__endswith", "user__name")
