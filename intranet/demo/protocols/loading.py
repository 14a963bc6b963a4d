"""The demo's protocols, released one after the other through the actions that people use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from accounts.models import Clinic, Skill, User
from accounts.roles import Role
from intranet.core.time import at_local, monday_of, organisation_day
from intranet.demo.protocols import (
    after_surgery,
    balance,
    exercise,
    front_desk,
    manual,
    modalities,
    needling_back,
    needling_neck,
    safety,
)
from intranet.demo.protocols.illustrations import illustrate
from intranet.demo.protocols.writing import Work
from protocols import commenting, drafting, publishing, questioning
from protocols.models import Protocol, ProtocolVersion
from protocols.publishing import Readers

# Who writes: the places of the three authors in their list, and the lead.
FIRST, SECOND, THIRD, LEAD = range(4)

DUE_HIGH_RISK = 10
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Release:
    """A version: who wrote it, and how many days before now it was published. `next_week`: it starts on Monday."""

    by: int
    days_ago: int
    due_days: int = drafting.DUE_DAYS
    next_week: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A protocol with its versions. `must` acknowledge it, `may` read it; `at` names one clinic, "" is every clinic."""

    work: Work
    releases: tuple[Release, ...]
    must: tuple[Role, ...] = (Role.THERAPIST, Role.ASSISTANT)
    may: tuple[Role, ...] = ()
    at: str = ""
    skill: str = ""
    high_risk: bool = False
    review_months: int = 12


EVERYBODY = (Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK, Role.MANAGER)
THERAPISTS = (Role.THERAPIST,)
DESK = (Role.FRONT_DESK, Role.MANAGER)

PLANS = (
    Plan(
        needling_neck.WORK,
        (
            Release(SECOND, 1240, DUE_HIGH_RISK),
            Release(THIRD, 905, DUE_HIGH_RISK),
            Release(FIRST, 540, DUE_HIGH_RISK),
            Release(LEAD, 6, DUE_HIGH_RISK),
        ),
        must=THERAPISTS,
        skill="dry-needling-cervical",
        high_risk=True,
    ),
    Plan(
        needling_back.WORK,
        (Release(SECOND, 210, DUE_HIGH_RISK),),
        must=THERAPISTS,
        skill="dry-needling-lumbar",
        high_risk=True,
    ),
    Plan(balance.BPPV, (Release(THIRD, 190),), must=THERAPISTS, skill="vestibular"),
    Plan(manual.MANIPULATION, (Release(LEAD, 150),), must=THERAPISTS, high_risk=True),
    Plan(after_surgery.ACL, (Release(FIRST, 260),)),
    Plan(after_surgery.ROTATOR_CUFF, (Release(THIRD, 383),)),
    Plan(after_surgery.TOTAL_KNEE, (Release(SECOND, 330), Release(SECOND, 1, next_week=True))),
    Plan(exercise.LOW_BACK, (Release(FIRST, 24),)),
    Plan(exercise.BLOOD_FLOW_RESTRICTION, (Release(FIRST, 120),), must=THERAPISTS, may=(Role.ASSISTANT,), at="M"),
    Plan(balance.CONCUSSION, (Release(THIRD, 90),), must=THERAPISTS, may=(Role.ASSISTANT,), review_months=24),
    Plan(balance.FALLS, (Release(SECOND, 300),)),
    Plan(modalities.ELECTRICAL_STIMULATION, (Release(THIRD, 280),)),
    Plan(safety.NEEDLESTICK, (Release(LEAD, 200, due_days=7),), must=EVERYBODY, high_risk=True),
    Plan(safety.FAINTING, (Release(LEAD, 170, due_days=7),), must=EVERYBODY),
    Plan(safety.INFECTION, (Release(LEAD, 350), Release(LEAD, 9)), must=EVERYBODY),
    Plan(front_desk.DIRECT_ACCESS, (Release(LEAD, 100),), must=DESK, may=THERAPISTS),
    Plan(front_desk.PRIVACY, (Release(LEAD, 160),), must=DESK, may=(Role.THERAPIST, Role.ASSISTANT)),
)
IN_REVIEW = Plan(manual.CUPPING, (), must=THERAPISTS)
STARTED = Plan(modalities.ULTRASOUND, ())


class Remark(NamedTuple):
    """What the approver, or else the lead, has said about the version in review, or about one of its sections."""

    ago: timedelta
    by_approver: bool
    heading: str
    text: str


REMARKS = (
    Remark(
        timedelta(hours=22),
        True,
        "Technique",
        "The protocol names no longest time. What is the limit when the skin stays pale: still 5 minutes? "
        "Say so, with its source, or that it is our own policy [3].",
    ),
    Remark(
        timedelta(hours=20),
        False,
        "",
        "The review of 21 trials [1] was about neck pain. Purpose and scope names the low back as well: find a source "
        "for it, or leave it out.",
    ),
)


def load_protocols(
    *,
    authors: Sequence[User],
    lead: User,
    approver: User,
    clinics: Mapping[str, Clinic],
    skills: Mapping[str, Skill],
    now: datetime,
) -> dict[str, Protocol]:
    """Every protocol by its code: most in force, one that starts next week, one in review and one being written.

    Three authors and the lead write; the lead approves what the authors wrote and the approver what the lead wrote.
    """
    desk = _Desk([*authors, lead], lead, approver, clinics, skills, now)
    loaded = {plan.work.code: desk.release_all(plan) for plan in PLANS}
    in_review = desk.begin(IN_REVIEW, by=authors[2], at=desk.morning(4))
    publishing.submit(in_review, by=authors[2], at=desk.morning(2))
    for remark in REMARKS:
        by = approver if remark.by_approver else lead
        section = IN_REVIEW.work.key(remark.heading) if remark.heading else None
        commenting.comment(in_review, text=remark.text, section=section, by=by, at=now - remark.ago)
    started = desk.begin(STARTED, by=authors[1], at=desk.morning(1))
    return loaded | {IN_REVIEW.work.code: in_review.protocol, STARTED.work.code: started.protocol}


@dataclass(frozen=True)
class _Desk:
    """Who writes, approves and publishes, and when it is now."""

    writers: list[User]
    lead: User
    approver: User
    clinics: Mapping[str, Clinic]
    skills: Mapping[str, Skill]
    now: datetime

    @property
    def today(self) -> date:
        return organisation_day(self.now)

    def morning(self, days_ago: int) -> datetime:
        """Half past eight on a day before today, or on the Friday before when that is a weekend."""
        day = self.today - timedelta(days=days_ago)
        day -= timedelta(days=max(0, day.weekday() - FRIDAY))
        return at_local(day, time(8, 30), self.clinics["M"].zone)

    def release_all(self, plan: Plan) -> Protocol:
        first = plan.releases[0]
        version = self.begin(plan, by=self.writers[first.by], at=self.morning(first.days_ago + 9))
        protocol = version.protocol
        for number, release in enumerate(plan.releases, start=1):
            if number > 1:
                version = self._revise(protocol, plan, number, release)
            self._release(version, plan, release)
        return protocol

    def begin(self, plan: Plan, *, by: User, at: datetime) -> ProtocolVersion:
        """The first draft, and where the protocol belongs."""
        words = plan.work.text(1)
        version = drafting.new_protocol(
            title=words.title, category=plan.work.category, by=by, at=at, sections=words.sections
        )
        version.protocol = publishing.change_settings(
            version.protocol,
            by=self.lead,
            category=plan.work.category,
            owner=by,
            skills=[self.skills[plan.skill]] if plan.skill else [],
            high_risk=plan.high_risk,
            review_months=plan.review_months,
            at=at,
        )
        return illustrate(version, plan.work.code, by=by, at=at)

    def _revise(self, protocol: Protocol, plan: Plan, number: int, release: Release) -> ProtocolVersion:
        by, at = self.writers[release.by], self.morning(release.days_ago + 9)
        draft = drafting.start_draft(protocol, by=by, at=at)
        draft = drafting.edit_draft(draft, plan.work.text(number), by=by, at=at, token=draft.token)
        return questioning.ask(draft, plan.work.questions(number), by=by, at=at, token=draft.token)

    def _release(self, version: ProtocolVersion, plan: Plan, release: Release) -> None:
        author = self.writers[release.by]
        version = publishing.submit(version, by=author, at=self.morning(release.days_ago + 5))
        second = self.approver if author == self.lead else self.lead
        version = publishing.approve(version, by=second, at=self.morning(release.days_ago + 2), token=version.token)
        publishing.publish(
            version,
            by=self.lead,
            at=self.morning(release.days_ago),
            readers=self._readers(plan),
            effective=monday_of(self.today) + timedelta(days=7) if release.next_week else None,
            due_days=release.due_days,
        )

    def _readers(self, plan: Plan) -> list[Readers]:
        clinic = self.clinics[plan.at] if plan.at else None
        must = [Readers(role, clinic, must_acknowledge=True) for role in plan.must]
        return must + [Readers(role, clinic) for role in plan.may]
