"""May this person do this procedure on this day? Asked by the roster for one person with reasons, and for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import DateField, Exists, OuterRef, Q, QuerySet, Value

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
    found = verdicts_by_day(people, [(skill, on) for skill in skills])
    return {(person, skill): verdict for (person, skill, _), verdict in found.items()}


def verdicts_by_day(
    people: Sequence[User], wanted: Iterable[tuple[Skill, date]]
) -> dict[tuple[int, int, date], Verdict]:
    """{(person, skill, day): the verdict of `clearance`}. Nine queries, however many people, skills and days."""
    demands = _demands(list(dict.fromkeys(wanted)))
    records = _Record.by_day(people, demands)
    return {
        (person.pk, asked.skill.pk, asked.on): Verdict.of(
            [
                *_person_reasons(person, asked.skill),
                *_competency_reasons(person, asked, records[asked.on]),
                *_credential_reasons(person, asked, records[asked.on]),
                *_protocol_reasons(person, asked, records[asked.on]),
            ]
        )
        for person in people
        for asked in demands
    }


def cleared(skill: Skill, on: date) -> QuerySet[User]:
    """Everybody who may do the procedure on the day: exactly those for whom `clearance` says yes."""
    [asked] = _demands([(skill, on)])
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
    """What a skill asks of anybody on a day. `lapsed`: titles of governing protocols that were in force and no longer are."""

    skill: Skill
    on: date
    moment: datetime
    types: list[CredentialType]
    versions: list[ProtocolVersion]
    lapsed: list[str]

    def needs_region(self, type: CredentialType) -> bool:
        """Whether trainings of the type name regions, one of which is the skill's."""
        return bool(type.regions and self.skill.region)


def _demands(wanted: Sequence[tuple[Skill, date]]) -> list[_Demands]:
    """What each skill asks for on its day. Four queries, however many days."""
    if not wanted:
        return []
    skills, moments = {skill for skill, _ in wanted}, {on: last_moment(on) for _, on in wanted}
    governing = Protocol.skills.through.objects.filter(skill__in=skills).values_list("skill", "protocol")
    protocols: dict[int, set[int]] = defaultdict(set)
    for skill_id, protocol_id in governing:
        protocols[skill_id].add(protocol_id)
    released = ProtocolVersion.objects.filter(protocol__in=set().union(*protocols.values())).released()
    some_day = Q(*(("in_force__contains", moment) for moment in moments.values()), _connector=Q.OR)
    versions = list(released.filter(some_day).select_related("protocol").order_by("title"))
    lapsed = _lapsed(released, versions, moments)
    types: dict[int, list[CredentialType]] = defaultdict(list)
    required = Skill.required_types.through.objects.filter(skill__in=skills).select_related("credentialtype")
    for row in required.order_by("credentialtype__name"):
        types[row.skill_id].append(row.credentialtype)
    return [
        _Demands(
            skill,
            on,
            moments[on],
            types[skill.pk],
            [one for one in versions if one.protocol_id in protocols[skill.pk] and moments[on] in one.in_force],
            [title for protocol_id, title in lapsed[on] if protocol_id in protocols[skill.pk]],
        )
        for skill, on in wanted
    ]


def _lapsed(
    released: QuerySet[ProtocolVersion], versions: Iterable[ProtocolVersion], moments: Mapping[date, datetime]
) -> dict[date, list[tuple[int, str]]]:
    """{day: (protocol, its title then) for those that had begun by then and are not in force}. One query."""
    each = []
    for on, moment in moments.items():
        begun = released.filter(in_force__startswith__lte=moment).values("protocol")
        held = {version.protocol_id for version in versions if moment in version.in_force}
        gone = Protocol.objects.titled(moment).filter(pk__in=begun).exclude(pk__in=held).order_by()
        each.append(gone.values_list("pk", "title", _day(on)))
    lapsed: dict[date, list[tuple[int, str]]] = defaultdict(list)
    for pk, title, on in _together(each):
        lapsed[on].append((pk, title))
    return lapsed


def _together(each: Sequence[QuerySet[Any, Any]]) -> Iterable[tuple[Any, ...]]:
    """The rows of all of them, by one query."""
    return each[0].union(*each[1:]) if each else ()


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
    def by_day(cls, people: Sequence[User], demands: Sequence[_Demands]) -> dict[date, _Record]:
        """{day: what counts then}. Five queries for all of them."""
        if not demands:
            return {}
        days = {asked.on: asked.moment for asked in demands}
        begun = Competency.objects.filter(user__in=people, skill__in={asked.skill for asked in demands})
        competencies = list(begun.filter(valid__startswith__lte=max(days.values())).order_by("valid"))
        types = {type for asked in demands for type in asked.types}
        filed = Credential.objects.counting().filter(user__in=people, type__in=types)
        credentials = list(filed.filter(valid__startswith__lte=max(days)).order_by("valid"))
        good, regions = _good_on(days, people, types), _regions_on(days, people, types)
        acknowledged = _acknowledged(people, demands)
        return {
            on: cls(
                competent={(one.user_id, one.skill_id) for one in competencies if one.in_force_at(moment)},
                last_competencies={
                    (one.user_id, one.skill_id): one for one in competencies if one.valid.lower <= moment
                },
                good_credentials=good[on],
                last_credentials={(one.user_id, one.type_id): one for one in credentials if one.valid.lower <= on},
                regions=regions[on],
                acknowledged=acknowledged[on],
            )
            for on, moment in days.items()
        }


def _good_on(
    days: Mapping[date, datetime], people: Sequence[User], types: Iterable[CredentialType]
) -> dict[date, set[tuple[int, int]]]:
    """{day: (person, type) of what counts then}. One query, one branch for each day."""
    each = [
        _good_credentials(on, moment)
        .filter(user__in=people, type__in=types)
        .order_by()
        .values_list("user", "type", _day(on))
        for on, moment in days.items()
    ]
    good: dict[date, set[tuple[int, int]]] = defaultdict(set)
    for user_id, type_id, on in _together(each):
        good[on].add((user_id, type_id))
    return good


def _regions_on(
    days: Mapping[date, datetime], people: Sequence[User], types: Iterable[CredentialType]
) -> dict[date, dict[tuple[int, int], set[str]]]:
    """{day: {(person, type): regions of the trainings done by then}}. One query, one branch for each day."""
    each = [
        _trainings(on, moment)
        .filter(user__in=people, part__type__in=types)
        .order_by()
        .values_list("user", "part__type", "regions", _day(on))
        for on, moment in days.items()
    ]
    regions: dict[date, dict[tuple[int, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for user_id, type_id, names, on in _together(each):
        regions[on][user_id, type_id].update(names)
    return regions


def _acknowledged(people: Sequence[User], demands: Sequence[_Demands]) -> dict[date, set[tuple[int, int]]]:
    """{day: (person, version) for every acknowledgement that counts then}. One query, one branch for each version and day."""
    asked = {(version, one.on): one.moment for one in demands for version in one.versions}
    each = [
        _counting(version, moment).filter(user__in=people).order_by().values_list("user", Value(version.pk), _day(on))
        for (version, on), moment in asked.items()
    ]
    found: dict[date, set[tuple[int, int]]] = defaultdict(set)
    for user_id, version_id, on in _together(each):
        found[on].add((user_id, version_id))
    return found


def _day(on: date) -> Value:
    return Value(on, output_field=DateField())


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
    for title in asked.lapsed:
        yield Reason("protocol-withdrawn", f"“{title}” has no version in force on {full_day(asked.on)}.")


def _good_credentials(on: date, moment: datetime) -> QuerySet[Credential]:
    return Credential.objects.in_force(on).filter(verified_at__lte=moment)


def _trainings(on: date, moment: datetime) -> QuerySet[Training]:
    """Those that were done by the day, and count."""
    return Training.objects.counting(moment).filter(last_day__lte=on)


def _counting(version: ProtocolVersion, moment: datetime) -> QuerySet[Acknowledgement]:
    """Acknowledgements given by the moment that count for the version then."""
    return Acknowledgement.objects.satisfying(version).filter(at__lte=moment).fresh(moment)
