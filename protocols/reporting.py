"""Who has acknowledged what: people by protocols, as a manager sees it and as the CSV carries it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet

from accounts.directory import named
from accounts.models import Clinic, Membership, User
from accounts.roles import Capability
from intranet.core.access import Forbidden
from intranet.core.time import organisation_day
from protocols.acknowledging import duty_rows, with_terms
from protocols.models import Acknowledgement, Audience, ProtocolVersion, ReadershipQuerySet, Waiver, says_the_same

PEOPLE_ON_A_PAGE = 25
Pair: TypeAlias = tuple[int, int]  # a person and a version
CSV_HEADER = (
    *("Person", "Clinics", "Protocol", "Version", "Asked since", "Due", "State"),
    *("Acknowledged version", "Acknowledged at"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one person owes for one version: since when, by when, and the acknowledgement that counts, if any."""

    version: ProtocolVersion
    asked_at: datetime
    due_on: date
    signed_at: datetime | None
    signed_number: int | None
    days_late: int
    waived: bool = False

    @property
    def done(self) -> bool:
        return self.signed_at is not None

    @property
    def late(self) -> bool:
        return self.days_late > 0

    @property
    def waits(self) -> bool:
        return not self.done and not self.waived

    @property
    def words(self) -> str:
        if self.done:
            return "acknowledged"
        if self.waived:
            return "waived"
        return "late" if self.late else "due"


@dataclass(frozen=True, slots=True)
class Row:
    """One person: their clinics, and a cell per version of the report, None where nothing is asked."""

    person: User
    clinics: list[Clinic]
    cells: list[Cell | None]

    @property
    def asked(self) -> list[Cell]:
        return [cell for cell in self.cells if cell]

    @property
    def done(self) -> int:
        return sum(cell.done for cell in self.asked)

    @property
    def complete(self) -> bool:
        return not any(cell.waits for cell in self.asked)


@dataclass(frozen=True, slots=True)
class Report:
    """People by protocols at a moment. `rows` are those of one page of people, the figures those of everybody."""

    at: datetime
    versions: list[ProtocolVersion]
    rows: list[Row]
    totals: list[tuple[int, int]]  # done and asked for each version, in their order
    late: int
    page: Any  # of the ids of people

    @property
    def asked(self) -> int:
        return sum(asked for _, asked in self.totals)

    @property
    def done(self) -> int:
        return sum(done for done, _ in self.totals)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.asked if self.asked else 100


def reported_clinics(user: User) -> QuerySet[Clinic]:
    """The clinics whose acknowledgements the person sees. Raises Forbidden when there is none."""
    if not user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS):
        raise Forbidden.because("not-a-manager", "Clinic managers and the clinical lead see who has acknowledged what.")
    return Clinic.objects.where(user, Capability.REPORT_ACKNOWLEDGEMENTS)


def reach(user: User) -> list[Clinic] | None:
    """Where the person reports on people, for `report` and `receipts`: None stands for everybody."""
    clinics = reported_clinics(user)
    return None if user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS).everywhere else list(clinics)


class Reported(NamedTuple):
    """A protocol on which somebody reports."""

    slug: str
    title: str
    category: str


def reported_protocols(user: User) -> list[Reported]:
    """What has ever asked people at the clinics on which the person reports to acknowledge it, by title. One query."""
    asks = Audience.objects.filter(must_acknowledge=True).at(reported_clinics(user).values_list("pk", flat=True))
    versions = ProtocolVersion.objects.visible_to(user).released().filter(pk__in=asks.values("version"))
    newest = versions.order_by("protocol_id", "-number").distinct("protocol_id")
    found = (Reported(*row) for row in newest.values_list("protocol__slug", "title", "protocol__category"))
    return sorted(found, key=lambda protocol: protocol.title.casefold())


def report(
    at: datetime,
    *,
    clinics: Collection[Clinic] | None,
    roles: Collection[str] = (),
    categories: Collection[str] = (),
    protocols: Collection[str] = (),
    name: str = "",
    unfinished_only: bool = False,
    past: bool = False,
    page: str | None = None,
) -> Report:
    """The report on people at `clinics` (None: everybody) as of a moment; with `page`, the rows of that page of people.

    `protocols` are slugs, `name` words of a name; what is empty narrows nothing.
    With `past` the moment is over, and people who have left since are in the report as they were then.
    The same number of queries, whatever its size.
    """
    asked = duty_rows(at, past=past)
    if clinics is not None:
        asked = asked.filter(clinic__in=clinics)
    chosen = {
        "role__in": roles,
        "version__protocol__category__in": categories,
        "version__protocol__slug__in": protocols,
    }
    asked = asked.filter(**{field: values for field, values in chosen.items() if values})
    if name:
        asked = asked.filter(user__in=User.objects.filter(named(name)))
    duties = _Duties.of(asked, at)
    shown = {pk for pk in duties.people if not unfinished_only or pk in duties.unfinished}
    everybody = list(User.objects.filter(pk__in=shown).by_name().values_list("pk", flat=True))
    people = Paginator(everybody, PEOPLE_ON_A_PAGE if page is not None else max(1, len(everybody))).get_page(page or 1)
    on_page = set(people.object_list)
    wanted = {version for person, version in duties.done if person in shown}
    versions = ProtocolVersion.objects.filter(pk__in=wanted).select_related("protocol")
    columns = sorted(versions, key=lambda one: (*duties.urgency(one.pk), one.title.casefold(), one.number))
    by_id = {version.pk: version for version in columns}
    cells: dict[int, dict[int, Cell]] = defaultdict(dict)
    today = organisation_day(at)
    for row in with_terms(asked.filter(user__in=on_page).values("user_id", "version_id"), at):
        key = row["user_id"], row["version_id"]
        signed, waived = duties.signed.get(key), key in duties.waived
        cells[key[0]][key[1]] = _cell(by_id[key[1]], row, signed, today, waived=waived)
    rows = [
        Row(person, places, [cells[person.pk].get(version.pk) for version in columns])
        for person, places in _people(on_page, clinics, today)
    ]
    totals = [duties.total(version.pk, shown) for version in columns]
    return Report(at, columns, rows, totals, duties.late_among(shown), people)


class Signature(NamedTuple):
    """When somebody signed, and which version."""

    at: datetime
    number: int


@dataclass(frozen=True)
class _Duties:
    """Every duty of the report, without its terms: whether it is done, late or waived, by person and version."""

    done: dict[Pair, bool]
    signed: dict[Pair, Signature]
    late: set[Pair]
    waived: set[Pair]

    @classmethod
    def of(cls, asked: ReadershipQuerySet, at: datetime) -> _Duties:
        """Five queries: all duties; what is signed, and for which versions it counts; what is waived; the terms of those
        that are open. Everything at once: asking for each of many thousands of duties took a second.
        """
        signed = _signed(at)
        done = {pair: pair in signed for pair in asked.values_list("user", "version").distinct()}
        waived = set(Waiver.objects.holding(at).values_list("user", "version")) & done.keys()
        today = organisation_day(at)
        waiting = {pair for pair, signed in done.items() if not signed} - waived
        people, versions = {person for person, _ in waiting}, {version for _, version in waiting}
        among = asked.filter(user__in=people, version__in=versions).values("user_id", "version_id")
        late = set(with_terms(among, at).filter(due_on__lt=today).values_list("user_id", "version_id")) & waiting
        return cls(done, signed, late, waived)

    @cached_property
    def people(self) -> set[int]:
        return {person for person, _ in self.done}

    @cached_property
    def unfinished(self) -> set[int]:
        return {
            person for (person, version), done in self.done.items() if not done and (person, version) not in self.waived
        }

    @cached_property
    def _by_version(self) -> dict[int, list[tuple[int, bool]]]:
        found: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        for (person, version), done in self.done.items():
            found[version].append((person, done))
        return found

    def urgency(self, version: int) -> tuple[int, int]:
        """What is late comes first, then what is due: a wide table shows them without being moved."""
        waiting = [(person, version) for person, done in self._by_version[version] if not done]
        waiting = [pair for pair in waiting if pair not in self.waived]
        return -sum(pair in self.late for pair in waiting), -len(waiting)

    def total(self, version: int, people: Collection[int]) -> tuple[int, int]:
        among = set(people)
        states = [done for person, done in self._by_version[version] if person in among]
        return sum(states), len(states)

    def late_among(self, people: Collection[int]) -> int:
        among = set(people)
        return sum(person in among for person, _ in self.late)


def _signed(at: datetime) -> dict[Pair, Signature]:
    """The last signature with which a person satisfies a version that is in force or will be."""
    same = says_the_same("protocol__versions__", counts_from=F("counts_from"), number=F("number"))
    counts_for: dict[int, list[int]] = defaultdict(list)
    for signed, current in ProtocolVersion.objects.current(at).filter(same).values_list("protocol__versions", "pk"):
        counts_for[signed].append(current)
    given = Acknowledgement.objects.filter(version__in=counts_for, at__lte=at).fresh(at)
    rows = given.order_by("version__number", "round").values_list("user", "version", "at", "version__number")
    return {
        (person, one): Signature(moment, number)
        for person, version, moment, number in rows
        for one in counts_for[version]
    }


def csv_lines(report: Report) -> Iterator[list[Any]]:
    """A line per person and version, in the columns of CSV_HEADER."""
    for row in report.rows:
        places = ", ".join(clinic.name for clinic in row.clinics)
        for cell in row.asked:
            yield [
                row.person.name,
                places,
                cell.version.title,
                cell.version.number,
                cell.asked_at.isoformat(timespec="seconds"),
                cell.due_on.isoformat(),
                cell.words,
                cell.signed_number,
                cell.signed_at.isoformat(timespec="seconds") if cell.signed_at else None,
            ]


def _cell(
    version: ProtocolVersion, row: dict[str, Any], signed: Signature | None, today: date, *, waived: bool
) -> Cell:
    late = 0 if signed or waived else max(0, (today - row["due_on"]).days)
    at, number = signed or (None, None)
    return Cell(version, row["asked_at"], row["due_on"], at, number, late, waived)


def _people(ids: Collection[int], clinics: Collection[Clinic] | None, on: date) -> Iterator[tuple[User, list[Clinic]]]:
    """People by name, each with the clinics of the report at which they work."""
    places: dict[int, list[Clinic]] = defaultdict(list)
    within = Q(clinic__isnull=False) if clinics is None else Q(clinic__in=clinics)
    memberships = Membership.objects.on(on).filter(within, user__in=ids).select_related("clinic")
    for membership in memberships.order_by("clinic__number"):
        if membership.clinic and membership.clinic not in places[membership.user_id]:
            places[membership.user_id].append(membership.clinic)
    for person in User.objects.filter(pk__in=ids).by_name():
        yield person, places[person.pk]
