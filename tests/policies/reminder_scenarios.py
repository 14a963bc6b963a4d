"""For every kind of reminder a situation in which somebody is owed one, and what takes the cause away.

A scenario yields who is told and when it is looked at; what it does after that is the end of the cause. A kind without
one fails `test_reminder_kinds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP

from accounts import lost_factor
from accounts.leaving import let_go
from accounts.models import Clinic, Credential, CredentialType, Skill, User
from accounts.roles import Role
from intranet.announcements.acknowledging import acknowledge, note_opened
from intranet.announcements.publishing import take_over
from intranet.reminders import addresses
from protocols import publishing, readers, suspending
from protocols.publishing import Readers
from scheduling import claiming, lost_clearance, offering
from scheduling.asking_off import withdraw_time_off
from scheduling.deciding_off import approve_time_off
from scheduling.models import LostClearance, OfferKind, OpenShifts, PublicationRecipient, PublishedShift, RosterWeek
from scheduling.offers import Wanted
from scheduling.positions import Position
from scheduling.publishing import publish
from scheduling.seen import newest, note_seen, told
from tests import factories as people
from tests.intranet.announcements import factories as announcements
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AUTHORED = [Readers(Role.THERAPIST, None, True)]


@dataclass(frozen=True)
class World:
    """The cast, their clinics, a procedure, and the moment."""

    cast: dict[str, User]
    mt_prospect: Clinic
    skill: Skill
    at: datetime

    def __getattr__(self, name: str) -> User:
        return self.cast[name]


Scenario = Callable[[World], Iterator[tuple[User, datetime]]]
SCENARIOS: dict[str, Scenario] = {}


def of(code: str) -> Callable[[Scenario], Scenario]:
    def add(scenario: Scenario) -> Scenario:
        SCENARIOS[code] = scenario
        return scenario

    return add


def credential(world: World) -> Credential:
    """Of the therapist, for another twenty days."""
    kind = people.credential_type(name="Life support", lead_days=[30])
    return people.credential(
        user=world.therapist, type=kind, start=date(2025, 1, 1), end=world.at.date() + timedelta(days=21)
    )


@of("credential-expiring")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    held = credential(world)
    yield world.therapist, world.at
    CredentialType.objects.filter(pk=held.type_id).update(retired_at=world.at)


@of("staff-credential-expiring")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    held = credential(world)
    yield world.administrator, world.at + timedelta(days=14)
    CredentialType.objects.filter(pk=held.type_id).update(retired_at=world.at)


def reset(world: World) -> Any:
    TOTP.activate(world.manager, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    people.staff(name="Otto Second", role=Role.ADMINISTRATOR, clinics=[None])
    return lost_factor.start(world.manager, reason="Phone lost", by=world.administrator, at=world.at)


@of("second-step-reset")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    started = reset(world)
    yield world.manager, world.at
    type(started).objects.update(cancelled_at=world.at, cancelled_by=world.administrator)


@of("second-step-reset-to-confirm")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    started = reset(world)
    yield User.objects.get(name="Otto Second"), world.at
    type(started).objects.update(cancelled_at=world.at, cancelled_by=world.administrator)


def asking(world: World) -> Any:
    return announcements.announcement(
        by=world.clinical_lead, at=world.at, to=[world.mt_prospect], due_on=world.at.date() + DAY
    )


@of("announcement-to-acknowledge")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    post = asking(world)
    yield world.therapist, world.at
    acknowledge(post, by=world.therapist, at=world.at)


@of("announcement-overdue")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    post = asking(world)
    yield world.manager, world.at + 3 * DAY
    for person in (world.therapist, world.floater):
        acknowledge(post, by=person, at=world.at)


@of("announcement-appeared")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    post = announcements.announcement(by=world.clinical_lead, at=world.at, to=[world.mt_prospect])
    yield world.therapist, world.at
    note_opened([post], by=world.therapist, at=world.at)


@of("announcement-held")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    """The author of what is scheduled leaves meanwhile."""
    post = announcements.announcement(
        by=world.clinical_lead, at=world.at, to=[world.mt_prospect], appears=world.at + HOUR
    )
    let_go(world.clinical_lead, by=world.administrator, at=world.at + timedelta(minutes=1))
    yield world.manager, world.at + DAY
    take_over(post, token=post.token, by=world.manager, at=world.at + DAY)


@of("announcement-urgent")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    post = announcements.announcement(by=world.clinical_lead, at=world.at, to=[world.mt_prospect], urgent=True)
    yield world.therapist, world.at
    note_opened([post], by=world.therapist, at=world.at)


def published(world: World, at: datetime, **fields: Any) -> Any:
    return protocols.published(
        by=world.approver, lead=world.clinical_lead, at=at, title="Falls", readers=AUTHORED, **fields
    )


def all_acknowledge(world: World, version: Any) -> None:
    for person in User.objects.members(world.at.date(), roles=[Role.THERAPIST]):
        protocols.acknowledgement(version=version, by=person, at=world.at)


@of("protocol-to-acknowledge")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = published(world, world.at)
    yield world.therapist, world.at
    all_acknowledge(world, version)


@of("acknowledgement-late")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = published(world, world.at - 20 * DAY)
    yield world.clinical_lead, world.at + DAY
    all_acknowledge(world, version)


@of("protocol-review-due")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = published(world, world.at - 380 * DAY)
    yield world.approver, world.at
    publishing.withdraw(version, by=world.clinical_lead, at=world.at, reason="Old.")


@of("problem-reported")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = published(world, world.at - DAY)
    problem = readers.report_problem(version, text="A slip.", by=world.therapist, at=world.at)
    yield world.approver, world.at
    readers.close_problem(problem, answer="Right.", by=world.approver, at=world.at)


@of("protocol-suspended")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = published(world, world.at - DAY)
    suspending.suspend(version, clinics=[world.mt_prospect], reason="Broken.", by=world.manager, at=world.at)
    yield world.therapist, world.at
    publishing.withdraw(version, by=world.clinical_lead, at=world.at, reason="Broken.")


def in_review(world: World) -> Any:
    draft = protocols.draft(by=world.therapist, at=world.at, title="Cupping")
    return publishing.submit(draft, by=world.therapist, at=world.at)


@of("approval-waiting")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = in_review(world)
    yield world.approver, world.at + 2 * DAY
    publishing.approve(version, by=world.approver, at=world.at, token=version.token)


@of("draft-sent-back")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = publishing.send_back(in_review(world), by=world.approver, at=world.at, remark="How long?")
    yield world.therapist, world.at
    publishing.submit(version, by=world.therapist, at=world.at)


@of("draft-approved")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = in_review(world)
    version = publishing.approve(version, by=world.approver, at=world.at, token=version.token)
    yield world.therapist, world.at
    publishing.send_back(version, by=world.clinical_lead, at=world.at, remark="Once more.")


def worked(world: World, **fields: Any) -> PublishedShift:
    """A published shift of the therapist on Monday at seven."""
    return roster.published(clinic=world.mt_prospect, times="7-12", **({"staff": world.therapist} | fields))


@of("shift-tomorrow")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    shift = worked(world)
    yield world.therapist, shift.start - 13 * HOUR
    PublishedShift.objects.update(staff=world.floater)


@of("shift-soon")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    shift = worked(world)
    yield world.therapist, shift.start - 2 * HOUR
    PublishedShift.objects.update(staff=world.floater)


def publish_week(world: World) -> Any:
    roster.shift(clinic=world.mt_prospect, times="7-12", staff=world.therapist)
    week = RosterWeek.objects.get()
    return publish(week, version=week.version, by=world.manager, at=world.at, reason="So.")


@of("roster-published")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    publish_week(world)
    yield world.therapist, world.at
    people.as_if_never(world.therapist.memberships.all())


def look(world: World) -> None:
    note_seen(world.therapist, up_to=newest(list(told(world.therapist))), at=world.at)


@of("roster-unseen")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    publish_week(world)
    yield world.therapist, world.at + 2 * DAY
    look(world)


@of("staff-roster-unseen")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    publish_week(world)
    assert PublicationRecipient.objects.exists()
    yield world.manager, world.at + 3 * DAY
    look(world)


@of("open-shift")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    worked(world, staff=None)
    yield world.therapist, world.at
    PublishedShift.objects.update(staff=world.floater)


@of("shift-uncovered")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    shift = worked(world, staff=None)
    yield world.manager, shift.start - 2 * DAY
    PublishedShift.objects.update(staff=world.floater)


def offered(world: World) -> Any:
    shift = worked(world)
    return offering.offer(Wanted(OfferKind.GIVE, shift, to=world.floater, note=""), by=world.therapist, at=world.at)


@of("shift-offered")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    made = offered(world)
    yield world.floater, world.at
    offering.withdraw(made, version=1, by=world.therapist, at=world.at)


@of("shift-offer-waits")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    made = offering.take(offered(world), version=1, by=world.floater, at=world.at)
    yield world.manager, world.at
    offering.agree(made, version=2, by=world.manager, at=world.at)


@of("shift-offer-ended")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    made = offering.decline(offered(world), version=1, by=world.floater, at=world.at)
    yield world.therapist, world.at
    type(made).objects.update(ended_at=world.at - 8 * DAY)


def asked_for(world: World) -> Any:
    roster.policy(clinic=world.mt_prospect, open_shifts=OpenShifts.PICKED)
    return claiming.claim(worked(world, staff=None), sequence=0, by=world.therapist, at=world.at)


@of("shift-claim-waits")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    claim = asked_for(world)
    yield world.manager, world.at
    claiming.withdraw(claim, by=world.therapist, at=world.at)


@of("shift-claim-ended")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    claim = claiming.decline(asked_for(world), by=world.manager, at=world.at, answer="No.")
    yield world.therapist, world.at
    type(claim).objects.update(ended_at=world.at - 8 * DAY)


def not_cleared(world: World) -> None:
    people.competency(user=world.therapist, skill=world.skill, granted_by=world.clinical_lead)
    worked(world, skill=world.skill)
    world.therapist.competencies.update(ended_at=world.at)
    lost_clearance.look_through_all(world.at)


@of("shift-clearance-lost")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    not_cleared(world)
    yield world.therapist, world.at
    LostClearance.objects.update(over_at=world.at)


@of("staff-clearance-lost")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    not_cleared(world)
    LostClearance.objects.update(reasons=[{"code": "credential-expired", "message": "A licence has run out."}])
    yield world.clinical_lead, world.at
    LostClearance.objects.update(over_at=world.at)


def unread(world: World) -> Any:
    version = published(world, world.at)
    protocols.governing(version, world.skill, by=world.clinical_lead, at=world.at)
    people.competency(user=world.therapist, skill=world.skill, granted_by=world.clinical_lead)
    worked(world, skill=world.skill)
    return version


@of("unread-before-shift")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = unread(world)
    yield world.therapist, world.at + 3 * DAY
    protocols.acknowledgement(version=version, by=world.therapist, at=world.at)


@of("staff-unread-before-shift")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    version = unread(world)
    yield world.manager, world.at + 3 * DAY
    protocols.acknowledgement(version=version, by=world.therapist, at=world.at)


@of("assistant-unsupervised")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    worked(world, staff=world.assistant, position=Position.ASSISTANT)
    yield world.clinical_lead, world.at
    worked(world)


@of("address-trouble")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    trouble = addresses.flag(world.therapist, world.therapist.email, source=addresses.Source.RCPT, at=world.at)
    yield world.manager, world.at
    addresses.clear(trouble, by=world.manager, why="It works.", at=world.at)


def wanted(world: World, at: datetime) -> Any:
    day = roster.MONDAY + timedelta(days=14)
    return roster.time_off(person=world.therapist, clinic=world.mt_prospect, day=day, requested_at=at)


@of("time-off-asked")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    request = wanted(world, world.at)
    yield world.manager, world.at
    withdraw_time_off(request, version=1, by=world.therapist, at=world.at)


@of("time-off-undecided")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    request = wanted(world, world.at - 5 * DAY)
    yield world.administrator, world.at
    withdraw_time_off(request, version=1, by=world.therapist, at=world.at)


@of("time-off-decided")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    granted = approve_time_off(wanted(world, world.at), {}, version=1, by=world.manager, at=world.at)
    yield world.therapist, world.at
    withdraw_time_off(granted, version=2, by=world.therapist, at=world.at)


@of("time-off-given-back")
def _(world: World) -> Iterator[tuple[User, datetime]]:
    granted = approve_time_off(wanted(world, world.at), {}, version=1, by=world.manager, at=world.at)
    withdraw_time_off(granted, version=2, by=world.therapist, at=world.at)
    yield world.manager, world.at
    people.as_if_never(world.manager.memberships.all())
