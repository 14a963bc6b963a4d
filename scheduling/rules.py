"""The rules of rosters: how much rest, how many hours, which meals. For each clinic they are data with a source.

A rule is off, warns (whoever plans the shift all the same says why) or refuses. Until a clinic has looked at a rule, the
usual one holds. They are reminders for managers, not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.db import transaction

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Reason, Refused, Verdict, require
from intranet.core.wording import counted, hours
from scheduling.fingerprints import fingerprint, require_unchanged
from scheduling.models import TRAVEL_MINUTES, RosterRule, RuleCode, RuleLevel

MINUTES, DAYS = "minutes", "days"


@dataclass(frozen=True)
class Concern(Reason):
    """A warning for which whoever plans the shift all the same has to say why."""


def concerns_in(verdict: Verdict) -> list[Reason]:
    """Those of the warnings for which whoever decides has to say why."""
    return [warning for warning in verdict.warnings if isinstance(warning, Concern)]


@dataclass(frozen=True)
class Usual:
    """What a rule is before a clinic has looked at it. `least` and `most` are the amounts that make sense."""

    code: RuleCode
    words: str  # what it looks at, in a sentence
    unit: str
    amount: int
    least: int
    most: int
    level: RuleLevel
    source: str
    checked_on: date
    threshold: int | None = None

    @property
    def label(self) -> str:
        return str(self.code.label)

    @property
    def in_hours(self) -> bool:
        """Whether people speak of it in hours: where minutes would be many."""
        return self.unit == MINUTES and self.most > 8 * 60

    @property
    def spoken_whole(self) -> str:
        """`20 minutes in shifts from 7.5 hours on, warns`."""
        return f"{Rule.of(self).spoken}, {self.level.name.lower()}"

    def spoken(self, amount: int) -> str:
        """`10 hours`, `20 minutes`, `6 days`."""
        if self.in_hours:
            return f"{hours(amount)} hours"
        return counted(amount, self.unit.removesuffix("s"))


LOOKED_UP = date(2026, 11, 29)
ODRISA = "Illinois One Day Rest in Seven Act, Illinois Department of Labor"
USUAL: dict[RuleCode, Usual] = {
    usual.code: usual
    for usual in (
        Usual(
            RuleCode.REST,
            "Time between the end of a shift and the start of the next day’s.",
            MINUTES,
            10 * 60,
            0,
            16 * 60,
            RuleLevel.WARNS,
            "Clinic policy; no Illinois rule for outpatient staff known",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.WEEK,
            "Paid hours in a week, at all clinics together, from which they are overtime.",
            MINUTES,
            40 * 60,
            60,
            100 * 60,
            RuleLevel.WARNS,
            "Fair Labor Standards Act, 29 U.S.C. 207: one and a half times beyond 40 hours",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.MOST,
            "Paid hours in a week that nobody goes beyond.",
            MINUTES,
            60 * 60,
            40 * 60,
            112 * 60,
            RuleLevel.REFUSES,
            "Clinic policy",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.DAYS,
            "Days in a row with a shift; the next day has to be free.",
            DAYS,
            6,
            1,
            14,
            RuleLevel.WARNS,
            f"24 hours of rest in seven days: {ODRISA}",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.MEAL,
            "Minutes of break in a long shift.",
            MINUTES,
            20,
            0,
            120,
            RuleLevel.WARNS,
            f"20 minutes in 7.5 hours: {ODRISA}",
            LOOKED_UP,
            450,
        ),
        Usual(
            RuleCode.SECOND_MEAL,
            "Minutes of break in a very long shift.",
            MINUTES,
            40,
            0,
            180,
            RuleLevel.WARNS,
            f"A second 20 minutes from 12 hours on: {ODRISA}",
            LOOKED_UP,
            720,
        ),
        Usual(
            RuleCode.TRAVEL,
            f"Minutes from one clinic to the other; {TRAVEL_MINUTES} at least, below which nothing is saved.",
            MINUTES,
            TRAVEL_MINUTES,
            TRAVEL_MINUTES,
            240,
            RuleLevel.REFUSES,
            "Clinic policy",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.SUPERVISION,
            "Minutes of an assistant’s shift in which no therapist works at any clinic.",
            MINUTES,
            0,
            0,
            480,
            RuleLevel.WARNS,
            "General supervision, a therapist reachable: Federation of State Boards of Physical Therapy",
            LOOKED_UP,
        ),
        Usual(
            RuleCode.LATE_CHANGE,
            "Time before the start within which a change is late.",
            MINUTES,
            24 * 60,
            0,
            14 * 24 * 60,
            RuleLevel.WARNS,
            "Clinic policy",
            LOOKED_UP,
        ),
    )
}


@dataclass(frozen=True)
class Rule:
    """A rule as it holds at a clinic."""

    code: RuleCode
    level: RuleLevel
    amount: int
    source: str
    checked_on: date
    threshold: int | None = None

    @classmethod
    def of(cls, row: RosterRule | Usual) -> Rule:
        return cls(RuleCode(row.code), RuleLevel(row.level), row.amount, row.source, row.checked_on, row.threshold)

    @property
    def usual(self) -> Usual:
        return USUAL[self.code]

    @property
    def is_usual(self) -> bool:
        return self == Rule.of(self.usual)

    @property
    def spoken(self) -> str:
        """`20 minutes in shifts from 7.5 hours on`."""
        from_on = f" in shifts from {hours(self.threshold)} hours on" if self.threshold is not None else ""
        return f"{self.usual.spoken(self.amount)}{from_on}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(
            str(self.code), str(self.level), self.amount, self.threshold, self.source, self.checked_on.isoformat()
        )


@dataclass(frozen=True)
class Rules:
    """All rules of one clinic."""

    by_code: Mapping[RuleCode, Rule] = field(
        default_factory=lambda: {code: Rule.of(one) for code, one in USUAL.items()}
    )

    def __getitem__(self, code: RuleCode) -> Rule:
        return self.by_code[code]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.by_code.values())

    def says(self, code: RuleCode, message: str, *, name: str = "") -> Verdict:
        """What somebody who goes against the rule is told: nothing, a warning that needs a reason, or no.

        `name` is the code of the reason for programs, where it is not the rule's own.
        """
        level = self[code].level
        if level == RuleLevel.OFF:
            return YES
        concern = Concern(name or code.value, message)
        return Verdict((concern,)) if level == RuleLevel.REFUSES else Verdict((), (concern,))


def rules_of(clinic: Clinic) -> Rules:
    """One query."""
    return rules_by_clinic([clinic])[clinic.pk]


def rules_by_clinic(clinics: Iterable[Clinic]) -> dict[int, Rules]:
    """{clinic: its rules}. One query."""
    ids = {clinic.pk for clinic in clinics}
    own: dict[int, dict[RuleCode, Rule]] = {pk: {} for pk in ids}
    for row in RosterRule.objects.filter(clinic__in=ids):
        own[row.clinic_id][RuleCode(row.code)] = Rule.of(row)
    return {pk: Rules({code: own[pk].get(code, Rule.of(one)) for code, one in USUAL.items()}) for pk in ids}


def may_set_rules(clinic: Clinic, by: User) -> Verdict:
    """Managers of the clinic, and administrators."""
    if by.standing.may(Capability.EDIT_ROSTER, clinic) or by.standing.may(Capability.SETTINGS):
        return YES
    return Verdict.no("not-your-clinic", f"The rules of {clinic} are kept by its managers.")


def may_be(rule: Rule) -> Verdict:
    """Whether a rule makes sense: an amount that somebody may mean, and a source."""
    usual = rule.usual
    verdict = YES
    if not usual.least <= rule.amount <= usual.most:
        words = f"Choose {usual.spoken(usual.least)} to {usual.spoken(usual.most)}."
        verdict += Verdict.no("amount-out-of-range", words, "amount")
    if rule.threshold is not None and not 60 <= rule.threshold <= 16 * 60:
        verdict += Verdict.no("threshold-out-of-range", "Choose a length of shift between 1 and 16 hours.", "threshold")
    if not rule.source.strip():
        verdict += Verdict.no("no-source", "Say where the rule comes from.", "source")
    if rule.code == RuleCode.TRAVEL and rule.level != RuleLevel.REFUSES:
        verdict += Verdict.no(
            "travel-refuses", "Nobody can be at two clinics in time; this rule always refuses.", "level"
        )
    return verdict


@transaction.atomic
def set_rule(clinic: Clinic, rule: Rule, *, seen: str, by: User) -> Rule:
    """Say what holds at the clinic from now on. `seen` is the fingerprint of the rule that the person looked at; Conflict
    if it is another by now."""
    require(may_set_rules(clinic, by), Forbidden)
    rule = replace(rule, source=" ".join(rule.source.split()))
    require(may_be(rule), Refused)
    present = _locked(clinic, rule.code, seen)
    if rule == present:
        return rule
    values = {name: getattr(rule, name) for name in ("level", "amount", "threshold", "source", "checked_on")}
    RosterRule.objects.update_or_create(clinic=clinic, code=rule.code, defaults=values)
    _note(by, clinic, present, rule)
    return rule


@transaction.atomic
def back_to_usual(clinic: Clinic, code: RuleCode, *, seen: str, by: User) -> Rule:
    """Let the usual rule hold again; see `set_rule`."""
    require(may_set_rules(clinic, by), Forbidden)
    present = _locked(clinic, code, seen)
    usual = Rule.of(USUAL[code])
    if RosterRule.objects.filter(clinic=clinic, code=code).delete()[0] and present != usual:
        _note(by, clinic, present, usual)
    return usual


def _locked(clinic: Clinic, code: RuleCode, seen: str) -> Rule:
    """The rule as it is, one change of the clinic's rules at a time, also before there is a row."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    present = rules_of(clinic)[code]
    require_unchanged(seen, present.fingerprint, "this rule")
    return present


def _note(by: User, clinic: Clinic, before: Rule, after: Rule) -> None:
    record(
        by,
        "roster-rule.set",
        clinic,
        clinics=[clinic.pk],
        rule=after.code.label,
        level=[before.level.label, after.level.label],
        amount=[before.spoken, after.spoken],
        source=[before.source, after.source],
    )
