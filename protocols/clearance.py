"""May this person do this procedure on this day? Asked by the roster for one person with reasons, and for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.gates import credential_reason
from accounts.models import Competency, Credential, CredentialType, Skill, User
from intranet.core.access import Reason, Verdict
from intranet.core.wording import full_day
from protocols.models import Acknowledgement, Protocol, ProtocolVersion
from protocols.timing import day_of, last_moment


def clearance(person: User, skill: Skill, on: date) -> Verdict:
    """Every reason why the person may not do the procedure on the day; yes when there is none.

    Profession, competency for the region, required credentials, and the governing protocols: what counts is what is in
    force when the day ends. Agrees with `cleared`.
    """
    return clearances([person], skill, on)[person.pk]


def clearances(people: Sequence[User], skill: Skill, on: date) -> dict[int, Verdict]:
    """{person: the verdict of `clearance`}. The number of queries does not depend on how many people are asked for."""
    demands = _demands(skill, on)
    record = _Record.of(people, skill, demands)
    return {
        person.pk: Verdict.of(
            [
                *_person_reasons(person, skill),
                *_competency_reasons(person, skill, demands.moment, record),
                *_credential_reasons(person, demands, record),
                *_protocol_reasons(person, demands, record),
            ]
        )
        for person in people
    }


def cleared(skill: Skill, on: date) -> QuerySet[User]:
    """Everybody who may do the procedure on the day: exactly those for whom `clearance` says yes."""
    demands = _demands(skill, on)
    if demands.lapsed:
        return User.objects.none()
    people = User.objects.active().filter(profession__in=skill.professions)
    own_competencies = Competency.objects.in_force(demands.moment).filter(user=OuterRef("pk"), skill=skill)
    people = people.filter(Exists(own_competencies))
    for type in demands.types:
        people = people.filter(Exists(_good_credentials(demands).filter(user=OuterRef("pk"), type=type)))
    for version in demands.versions:
        people = people.filter(Exists(_counting(version, demands.moment).filter(user=OuterRef("pk"))))
    return people


@dataclass(frozen=True)
class _Demands:
    """What a skill asks of anybody on a day. `lapsed`: governing protocols that have been in force and no longer are."""

    on: date
    moment: datetime
    types: list[CredentialType]
    versions: list[ProtocolVersion]
    lapsed: list[Any]


def _demands(skill: Skill, on: date) -> _Demands:
    moment = last_moment(on)
    governing = ProtocolVersion.objects.filter(protocol__skills=skill).released()
    versions = list(governing.in_force(moment).select_related("protocol").order_by("title"))
    begun = governing.filter(in_force__startswith__lte=moment).values("protocol")
    lapsed = (
        Protocol.objects.titled(moment)
        .filter(pk__in=begun)
        .exclude(pk__in=[version.protocol_id for version in versions])
    )
    return _Demands(on, moment, list(skill.required_types.order_by("name")), versions, list(lapsed))


@dataclass(frozen=True)
class _Record:
    """What some people have on file for a skill. Pairs are (person, type) and (person, version)."""

    competent: set[int]
    last_competencies: dict[int, Competency]
    good_credentials: set[tuple[int, int]]
    last_credentials: dict[tuple[int, int], Credential]
    acknowledged: set[tuple[int, int]]

    @classmethod
    def of(cls, people: Sequence[User], skill: Skill, demands: _Demands) -> _Record:
        competencies = Competency.objects.filter(user__in=people, skill=skill)
        begun = competencies.filter(valid__startswith__lte=demands.moment).order_by("valid")
        good = _good_credentials(demands).filter(user__in=people)
        filed = Credential.objects.filter(user__in=people, valid__startswith__lte=demands.on).order_by("valid")
        return cls(
            competent=set(competencies.in_force(demands.moment).values_list("user", flat=True)),
            last_competencies={competency.user_id: competency for competency in begun},
            good_credentials=set(good.values_list("user", "type")),
            last_credentials={(credential.user_id, credential.type_id): credential for credential in filed},
            acknowledged={
                (user_id, version.pk)
                for version in demands.versions
                for user_id in _counting(version, demands.moment).filter(user__in=people).values_list("user", flat=True)
            },
        )


def _person_reasons(person: User, skill: Skill) -> Iterator[Reason]:
    if not person.is_active:
        yield Reason("inactive", f"{person} no longer works here.")
    if person.profession not in skill.professions:
        yield Reason("profession", f"{skill} is not open to {person.get_profession_display()} staff.")


def _competency_reasons(person: User, skill: Skill, moment: datetime, record: _Record) -> Iterator[Reason]:
    if person.pk in record.competent:
        return
    name = person.given_name
    last = record.last_competencies.get(person.pk)
    if last is None:
        yield Reason("competency-missing", f"{name} has no competency for {skill}.")
    elif last.ended_at is not None and last.ended_at <= moment:
        yield Reason(
            "competency-ended", f"{name}’s competency for {skill} was ended on {full_day(day_of(last.ended_at))}."
        )
    else:
        final = day_of(last.valid.upper - timedelta(microseconds=1))
        yield Reason("competency-expired", f"{name}’s competency for {skill} ends on {full_day(final)}.")


def _credential_reasons(person: User, demands: _Demands, record: _Record) -> Iterator[Reason]:
    for type in demands.types:
        if (person.pk, type.pk) not in record.good_credentials:
            yield credential_reason(person, type, record.last_credentials.get((person.pk, type.pk)), demands.on)


def _protocol_reasons(person: User, demands: _Demands, record: _Record) -> Iterator[Reason]:
    for version in demands.versions:
        if (person.pk, version.pk) not in record.acknowledged:
            yield Reason(
                "not-acknowledged",
                f"{person.given_name} has not acknowledged version {version.number} of “{version.title}”.",
            )
    for protocol in demands.lapsed:
        yield Reason("protocol-withdrawn", f"“{protocol.title}” has no version in force on {full_day(demands.on)}.")


def _good_credentials(demands: _Demands) -> QuerySet[Credential]:
    return Credential.objects.in_force(demands.on).filter(verified_at__lte=demands.moment)


def _counting(version: ProtocolVersion, moment: datetime) -> QuerySet[Acknowledgement]:
    """Acknowledgements given by the moment that count for the version."""
    return Acknowledgement.objects.satisfying(version).filter(at__lte=moment)
