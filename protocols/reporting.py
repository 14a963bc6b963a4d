"""Who has acknowledged what: people by protocols, as a manager sees it and as the CSV carries it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, Subquery

from accounts.models import Clinic, Membership, User
from intranet.core.time import organisation_day
from protocols.acknowledging import duties, duties_then
from protocols.models import Acknowledgement, ProtocolVersion

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

    @property
    def done(self) -> bool:
        return self.signed_at is not None

    @property
    def late(self) -> bool:
        return self.days_late > 0

    @property
    def words(self) -> str:
        if self.done:
            return "acknowledged"
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
        return self.done == len(self.asked)


@dataclass(frozen=True, slots=True)
class Report:
    """People by protocols at a moment."""

    at: datetime
    versions: list[ProtocolVersion]
    rows: list[Row]

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.asked]

    @property
    def asked(self) -> int:
        return len(self.cells)

    @property
    def done(self) -> int:
        return sum(cell.done for cell in self.cells)

    @property
    def late(self) -> int:
        return sum(cell.late for cell in self.cells)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.asked if self.asked else 100

    @property
    def totals(self) -> list[tuple[int, int]]:
        """Done and asked for each version, in their order."""
        columns = ([row.cells[i] for row in self.rows] for i in range(len(self.versions)))
        return [(sum(c.done for c in column if c), sum(c is not None for c in column)) for column in columns]


def report(
    at: datetime,
    *,
    clinics: Collection[Clinic] | None,
    roles: Collection[str] = (),
    unfinished_only: bool = False,
    past: bool = False,
) -> Report:
    """The report on people at `clinics` (None: everybody) as of a moment. Four queries, whatever its size.

    With `past` the moment is over, and people who have left since are in the report as they were then.
    """
    rows = duties_then(at) if past else duties(at)
    if clinics is not None:
        rows = rows.filter(clinic__in=clinics)
    if roles:
        rows = rows.filter(role__in=roles)
    found = list(_with_signatures(rows, at))
    versions = ProtocolVersion.objects.filter(pk__in={row["version_id"] for row in found}).select_related("protocol")
    columns = sorted(versions, key=lambda version: (version.title.casefold(), version.number))
    by_id = {version.pk: version for version in columns}
    cells: dict[int, dict[int, Cell]] = defaultdict(dict)
    for row in found:
        cells[row["user_id"]][row["version_id"]] = _cell(by_id[row["version_id"]], row, organisation_day(at))
    lines = [
        Row(person, places, [cells[person.pk].get(version.pk) for version in columns])
        for person, places in _people(cells.keys(), clinics, organisation_day(at))
    ]
    order = sorted(range(len(columns)), key=lambda place: _urgency([line.cells[place] for line in lines]))
    columns = [columns[place] for place in order]
    lines = [replace(line, cells=[line.cells[place] for place in order]) for line in lines]
    return Report(at, columns, [line for line in lines if not (unfinished_only and line.complete)])


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
                cell.asked_at.isoformat(timespec="minutes"),
                cell.due_on.isoformat(),
                cell.words,
                cell.signed_number,
                cell.signed_at.isoformat(timespec="seconds") if cell.signed_at else None,
            ]


def _urgency(cells: Sequence[Cell | None]) -> tuple[int, int]:
    """What is late comes first, then what is due: a wide table shows them without being moved."""
    open_cells = [cell for cell in cells if cell and not cell.done]
    return (-sum(cell.late for cell in open_cells), -len(open_cells))


def _with_signatures(rows: Any, at: datetime) -> Any:
    counting = Acknowledgement.objects.counting_for("user", "version").filter(at__lte=at).order_by("-version__number")
    return rows.annotate(
        signed_at=Subquery(counting.values("at")[:1]),
        signed_number=Subquery(counting.values("version__number")[:1]),
    )


def _cell(version: ProtocolVersion, row: dict[str, Any], today: date) -> Cell:
    late = 0 if row["signed_at"] else max(0, (today - row["due_on"]).days)
    return Cell(version, row["asked_at"], row["due_on"], row["signed_at"], row["signed_number"], late)


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
