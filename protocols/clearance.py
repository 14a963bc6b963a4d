"""May this person do this procedure on this day? Asked by the roster for one person with reasons, and for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value

from accounts.gates import credential_reason
from accounts.models import Competency, Credential, CredentialType, Skill, Training, User
from intranet.core.access import Reason, Verdict
from intranet.core.time import last_moment, organisation_day
from intranet.core.wording import full_day
from protocols.models import Acknowledgement, Protocol, ProtocolVersion


def clearance(person: User, skill: Skill, on: date) -> Verdict:
    """Every reason why the person may not do the procedure on the day; yes when there is none.

    Profession, competency for the region, required credentials, and the governing protocols: what counts is what is in
    force when the day ends. Agrees with `cleared`.
    """
    return verdicts([person], [skill], on)[person.pk, skill.pk]


def clearances(people: Sequence[User], skill: Skill, on: date) -> dict[int, Verdict]:
    """{person: the verdict of `clearance`}."""
    return {person: verdict for (person, _), verdict in verdicts(people, [skill], on).items()}


def verdicts(people: Sequence[User], skills: Sequence[Skill], on: date) -> dict[tuple[int, int], Verdict]:
    """{(person, skill): the verdict of `clearance`}. Nine queries, however many people and skills are asked for."""
    demands = _demands(skills, on)
    record = _Record.of(people, demands)
    return {
        (person.pk, asked.skill.pk): Verdict.of(
            [
                *_person_reasons(person, asked.skill),
                *_competency_reasons(person, asked, record),
                *_credential_reasons(person, asked, record),
                *_protocol_reasons(person, asked, record),
            ]
        )
        for person in people
        for asked in demands
    }


def cleared(skill: Skill, on: date) -> QuerySet[User]:
    """Everybody who may do the procedure on the day: exactly those for whom `clearance` says yes."""
    [asked] = _demands([skill], on)
    if asked.lapsed:
        return User.objects.none()
    people = User.objects.active().filter(profession__in=skill.professions)
    own_competencies = Competency.objects.in_force(asked.moment).filter(user=OuterRef("pk"), skill=skill)
    people = people.filter(Exists(own_competencies))
    for type in asked.types:
        people = people.filter(Exists(_good_credentials(on, asked.moment).filter(user=OuterRef("pk"), type=type)))
        if asked.needs_region(type):
            trained = _trainings(on, asked.moment).filter(user=OuterRef("pk"), part__type=type)
            people = people.filter(Exists(trained.filter(regions__contains=[skill.region])))
    for version in asked.versions:
        people = people.filter(Exists(_counting(version, asked.moment).filter(user=OuterRef("pk"))))
    return people


@dataclass(frozen=True)
class _Demands:
    """What a skill asks of anybody on a day. `lapsed`: governing protocols that have been in force and no longer are."""

    skill: Skill
    on: date
    moment: datetime
    types: list[CredentialType]
    versions: list[ProtocolVersion]
    lapsed: list[Any]

    def needs_region(self, type: CredentialType) -> bool:
        """Whether trainings of the type name regions, one of which is the skill's."""
        return bool(type.regions and self.skill.region)


def _demands(skills: Sequence[Skill], on: date) -> list[_Demands]:
    """What each of the skills asks for. Four queries."""
    moment = last_moment(on)
    governing = Protocol.skills.through.objects.filter(skill__in=skills).values_list("skill", "protocol")
    protocols: dict[int, set[int]] = defaultdict(set)
    for skill_id, protocol_id in governing:
        protocols[skill_id].add(protocol_id)
    released = ProtocolVersion.objects.filter(protocol__in=set().union(*protocols.values())).released()
    versions = list(released.in_force(moment).select_related("protocol").order_by("title"))
    begun = released.filter(in_force__startswith__lte=moment).values("protocol")
    held = {version.protocol_id for version in versions}
    lapsed = list(Protocol.objects.titled(moment).filter(pk__in=begun).exclude(pk__in=held))
    types: dict[int, list[CredentialType]] = defaultdict(list)
    required = Skill.required_types.through.objects.filter(skill__in=skills).select_related("credentialtype")
    for row in required.order_by("credentialtype__name"):
        types[row.skill_id].append(row.credentialtype)
    return [
        _Demands(
            skill,
            on,
            moment,
            types[skill.pk],
            [version for version in versions if version.protocol_id in protocols[skill.pk]],
            [protocol for protocol in lapsed if protocol.pk in protocols[skill.pk]],
        )
        for skill in skills
    ]


@dataclass(frozen=True)
class _Record:
    """What some people have on file for some skills: pairs of (person, skill), (person, type) and (person, version)."""

    competent: set[tuple[int, int]]
    last_competencies: dict[tuple[int, int], Competency]
    good_credentials: set[tuple[int, int]]
    last_credentials: dict[tuple[int, int], Credential]
    regions: dict[tuple[int, int], set[str]]
    acknowledged: set[tuple[int, int]]

    @classmethod
    def of(cls, people: Sequence[User], demands: Sequence[_Demands]) -> _Record:
        """Five queries for all of them."""
        if not demands:
            return cls(set(), {}, set(), {}, {}, set())
        on, moment = demands[0].on, demands[0].moment
        competencies = Competency.objects.filter(user__in=people, skill__in=[asked.skill for asked in demands])
        begun = list(competencies.filter(valid__startswith__lte=moment).order_by("valid"))
        types = {type for asked in demands for type in asked.types}
        filed = Credential.objects.counting().filter(user__in=people, type__in=types)
        filed = filed.filter(valid__startswith__lte=on).order_by("valid")
        good = _good_credentials(on, moment).filter(user__in=people, type__in=types)
        regions: dict[tuple[int, int], set[str]] = defaultdict(set)
        trained = _trainings(on, moment).filter(user__in=people, part__type__in=types)
        for user_id, type_id, names in trained.values_list("user", "part__type", "regions"):
            regions[user_id, type_id].update(names)
        return cls(
            competent={(one.user_id, one.skill_id) for one in begun if one.in_force_at(moment)},
            last_competencies={(one.user_id, one.skill_id): one for one in begun},
            good_credentials=set(good.values_list("user", "type")),
            last_credentials={(one.user_id, one.type_id): one for one in filed},
            regions=regions,
            acknowledged=_acknowledged(people, {version for asked in demands for version in asked.versions}, moment),
        )


def _acknowledged(
    people: Sequence[User], versions: Iterable[ProtocolVersion], moment: datetime
) -> set[tuple[int, int]]:
    """(person, version) for every acknowledgement that counts. One query, one branch for each version."""
    each = [
        _counting(version, moment).filter(user__in=people).order_by().values_list("user", Value(version.pk))
        for version in versions
    ]
    return set(each[0].union(*each[1:])) if each else set()


def _person_reasons(person: User, skill: Skill) -> Iterator[Reason]:
    if not person.is_active:
        yield Reason("inactive", f"{person} no longer works here.")
    if person.profession not in skill.professions:
        yield Reason("profession", f"{skill} is not open to {person.get_profession_display()} staff.")


def _competency_reasons(person: User, asked: _Demands, record: _Record) -> Iterator[Reason]:
    skill = asked.skill
    if (person.pk, skill.pk) in record.competent:
        return
    name = person.given_name
    last = record.last_competencies.get((person.pk, skill.pk))
    if last is None:
        yield Reason("competency-missing", f"{name} has no competency for {skill}.")
    elif last.ended_at is not None and last.ended_at <= asked.moment:
        yield Reason(
            "competency-ended",
            f"{name}’s competency for {skill} was ended on {full_day(organisation_day(last.ended_at))}.",
        )
    else:
        final = organisation_day(last.valid.upper - timedelta(microseconds=1))
        yield Reason("competency-expired", f"{name}’s competency for {skill} ends on {full_day(final)}.")


def _credential_reasons(person: User, asked: _Demands, record: _Record) -> Iterator[Reason]:
    for type in asked.types:
        key = person.pk, type.pk
        if key not in record.good_credentials:
            yield credential_reason(person, type, record.last_credentials.get(key), asked.on)
        elif asked.needs_region(type) and asked.skill.region not in record.regions.get(key, set()):
            yield Reason(
                "region-not-covered", f"{person.given_name}’s {type} does not cover the region {asked.skill.region}."
            )


def _protocol_reasons(person: User, asked: _Demands, record: _Record) -> Iterator[Reason]:
    for version in asked.versions:
        if (person.pk, version.pk) not in record.acknowledged:
            yield Reason(
                "not-acknowledged",
                f"{person.given_name} has not acknowledged version {version.number} of “{version.title}”.",
            )
    for protocol in asked.lapsed:
        yield Reason("protocol-withdrawn", f"“{protocol.title}” has no version in force on {full_day(asked.on)}.")


def _good_credentials(on: date, moment: datetime) -> QuerySet[Credential]:
    return Credential.objects.in_force(on).filter(verified_at__lte=moment)


def _trainings(on: date, moment: datetime) -> QuerySet[Training]:
    """Those that were done by the day, and count."""
    return Training.objects.counting(moment).filter(last_day__lte=on)


def _counting(version: ProtocolVersion, moment: datetime) -> QuerySet[Acknowledgement]:
    """Acknowledgements given by the moment that count for the version then."""
    return Acknowledgement.objects.satisfying(version).filter(at__lte=moment).fresh(moment)
