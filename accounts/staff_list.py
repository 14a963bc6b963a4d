"""A staff list: a table of people to invite, as a spreadsheet writes it, with a verdict on every line.

`read` takes the text apart, `check` says of each line what will happen or everything that is wrong with it, and
`invite_everybody` invites all of them or nobody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import TypeVar, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Lower

from accounts.hiring import INVITABLE, Place, may_invite_as
from accounts.inviting import invite, what_is_unusual
from accounts.models import Clinic, Invitation, Profession, User
from accounts.naming import clean_person_name
from accounts.roles import ORGANISATION_ROLES, Role
from intranet.core.access import Conflict, Reason, Refused, Verdict, require

COLUMNS = ("name", "email", "role", "clinic", "profession")
MOST_PEOPLE = 500
MOST_BYTES = 256 * 1024
SEPARATORS = ",;\t"
LONGEST_EMAIL = 254
LONGEST_QUOTE = 60  # of a cell in a sentence about it
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
Choice = TypeVar("Choice", Role, Profession)


@dataclass(frozen=True)
class Row:
    """The cells of one person by column. `number` is the first line of the row, as an editor counts lines."""

    number: int
    cells: Mapping[str, str]
    surplus: bool = False  # more cells than columns


@dataclass(frozen=True)
class Line:
    """One person of the list and what is to be said about them. A line that is right has a place."""

    number: int
    name: str
    email: str
    profession: str
    place: Place | None
    verdict: Verdict
    unusual: str = ""  # what is no mistake and yet seldom meant

    @property
    def what_happens(self) -> str:
        """`Therapist at Mt. Prospect, PT`, for a line that is right."""
        place = cast(Place, self.place)
        return f"{place.role.label} at {place.clinic or 'the whole organisation'}, {Profession(self.profession).label}"


@dataclass(frozen=True)
class Known:
    """What the database knows about a list, asked once for all lines: clinics by every spelling, addresses in use."""

    clinics: Mapping[str, Clinic]
    works_here: frozenset[str]
    waiting: frozenset[str]


def decode(content: bytes) -> str:
    """The text of a file. Raises Refused when it is too large or no text in UTF-8."""
    if len(content) > MOST_BYTES:
        raise Refused.because("too-large", f"The list is larger than {MOST_BYTES // 1024} KB.")
    if not content.startswith(UTF_16) and b"\x00" in content:
        raise Refused.because("no-text", "This is no text file. Save the spreadsheet as “CSV UTF-8”, and choose that.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused.because(
            "no-utf-8", "The file is not in UTF-8. Save it as “CSV UTF-8”, and choose that."
        ) from None


def read(text: str) -> list[Row]:
    """The rows below the header, without empty ones. Raises Refused when it is no table of people, or too large a one."""
    if len(text.encode()) > MOST_BYTES:
        raise Refused.because("too-large", f"The list is larger than {MOST_BYTES // 1024} KB.")
    records = _records(text.removeprefix("\ufeff"))
    if not records:
        raise Refused.because("empty", "The list is empty.")
    columns = _columns(records[0][1])
    rows = [_row(number, cells, columns) for number, cells in records[1:]]
    if not rows:
        raise Refused.because("nobody", "There is nobody below the line with the columns.")
    if len(rows) > MOST_PEOPLE:
        raise Refused.because("too-many", f"A list has at most {MOST_PEOPLE} people; this one has {len(rows)}.")
    return rows


def check(text: str, *, by: User) -> list[Line]:
    """A verdict on every line of a list that `by` would send. Stores nothing. Raises Refused when it is no list."""
    rows = read(text)
    known = known_about(rows)
    first_seen: dict[str, int] = {}
    lines = []
    for row in rows:
        email = _email(row)
        lines.append(judge(row, known, seen_in=first_seen.get(email), by=by))
        first_seen.setdefault(email, row.number)
    return lines


def known_about(rows: Iterable[Row]) -> Known:
    """What is to be known before a list can be judged: three queries, however long it is."""
    addresses = {_email(row) for row in rows}
    lowered = Lower("email")
    working = User.objects.annotate(lowered=lowered).filter(lowered__in=addresses)
    waiting = Invitation.objects.waiting().annotate(lowered=lowered).filter(lowered__in=addresses)
    return Known(
        clinics={_key(word): clinic for clinic in Clinic.objects.all() for word in (clinic.name, clinic.slug)},
        works_here=frozenset(working.values_list("lowered", flat=True)),
        waiting=frozenset(waiting.values_list("lowered", flat=True)),
    )


def judge(row: Row, known: Known, *, seen_in: int | None, by: User) -> Line:
    """Everything that speaks against a row. `seen_in` is an earlier line with the same address."""
    name, email = " ".join(row.cells["name"].split()), _email(row)
    role, clinic = _choice(Role, row.cells["role"]), known.clinics.get(_key(row.cells["clinic"]))
    profession = _choice(Profession, row.cells["profession"])
    reasons = [*_against_name(name), *_against_email(email, known, seen_in)]
    reasons += _against_word("role", row.cells["role"], role, [role.label for role in Role if role in INVITABLE])
    reasons += _against_clinic(row.cells["clinic"], clinic, role, known)
    place = Place(role, clinic) if role and not any(reason.field == "clinic" for reason in reasons) else None
    if place:
        reasons += [_naming_its_column(reason) for reason in may_invite_as(place, by=by).reasons]
    reasons += _against_word("profession", row.cells["profession"], profession, Profession.labels)
    if row.surplus:
        reasons.append(Reason("surplus", "There are more cells than columns."))
    unusual = what_is_unusual(profession, place.role) if place and profession else ""
    return Line(row.number, name, email, profession or "", place, Verdict.of(reasons), unusual)


def invite_everybody(lines: Iterable[Line], *, by: User, at: datetime) -> list[Invitation]:
    """Invite all of them, or nobody. The mails leave with the next ticks.

    Raises Refused when a line is wrong, Conflict when something has changed since the check.
    """
    lines = sorted(lines, key=lambda line: line.email)  # in one order, so that two lists never wait for each other
    require(Verdict.of(_with_number(line, reason) for line in lines for reason in line.verdict.reasons))
    with transaction.atomic():
        return [_invite(line, by=by, at=at) for line in lines]


def _invite(line: Line, *, by: User, at: datetime) -> Invitation:
    place = cast(Place, line.place)  # the line is right
    try:
        return invite(email=line.email, name=line.name, profession=line.profession, place=place, by=by, at=at)
    except ValidationError as error:
        raise Conflict.because("changed", f"Line {line.number}: {' '.join(error.messages)}") from None
    except Conflict as quicker:
        raise Conflict.because("changed", f"Line {line.number}: {quicker}") from None


def _with_number(line: Line, reason: Reason) -> Reason:
    return Reason(reason.code, f"Line {line.number}: {reason.message}", reason.field)


def _records(text: str) -> list[tuple[int, list[str]]]:
    """The cells of every line that is not empty, with the number of the line on which they begin."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    records, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((begins, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error:
        words = f"From line {begins} on, a quotation mark is missing or stands where none belongs."
        raise Refused.because("quotation", words) from None
    return records


def _columns(header: list[str]) -> list[str]:
    columns = [cell.casefold() for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    if not set(columns) & set(COLUMNS):
        raise Refused.because("no-header", f"The first line has to name the columns: {', '.join(COLUMNS)}.")
    for column in columns:
        if column not in COLUMNS:
            raise Refused.because("column", f"No column is called “{_quote(column)}”. Use {', '.join(COLUMNS)}.")
        if columns.count(column) > 1:
            raise Refused.because("column-twice", f"The column “{column}” is there twice.")
    if missing := [column for column in COLUMNS if column not in columns]:
        raise Refused.because("column-missing", f"The first line lacks the column {' and '.join(missing)}.")
    return columns


def _row(number: int, cells: list[str], columns: list[str]) -> Row:
    given = dict(zip(columns, cells, strict=False))
    return Row(number, {column: given.get(column, "") for column in COLUMNS}, surplus=any(cells[len(columns) :]))


def _against_name(name: str) -> list[Reason]:
    try:
        clean_person_name(name)
    except ValidationError as error:
        return [Reason(str(error.code), error.messages[0], "name")]
    return []


def _against_email(email: str, known: Known, seen_in: int | None) -> list[Reason]:
    if not email:
        return [Reason("missing", "Email is missing.", "email")]
    try:
        validate_email(email)
    except ValidationError:
        return [Reason("no-address", f"Email “{_quote(email)}” is no address.", "email")]
    if len(email) > LONGEST_EMAIL:
        return [Reason("too-long", f"Email has more than {LONGEST_EMAIL} characters.", "email")]
    against = {
        "twice": (seen_in is not None, f"Email is the same as in line {seen_in}."),
        "works-here": (email in known.works_here, "Email: somebody with this address has an account here already."),
        "waiting": (
            email in known.waiting,
            "Email: an invitation to this address is waiting already. Send it again, or take it back.",
        ),
    }
    return [Reason(code, words, "email") for code, (applies, words) in against.items() if applies]


def _against_word(field: str, cell: str, found: object, labels: list[str]) -> list[Reason]:
    if found:
        return []
    if not cell:
        return [Reason("missing", f"{field.capitalize()} is missing.", field)]
    return [Reason("unknown", f"{field.capitalize()} “{_quote(cell)}” is not known. Use {_one_of(labels)}.", field)]


def _against_clinic(cell: str, clinic: Clinic | None, role: Role | None, known: Known) -> list[Reason]:
    if cell and clinic is None:
        return _against_word("clinic", cell, None, list(dict.fromkeys(str(known) for known in known.clinics.values())))
    if role in ORGANISATION_ROLES and clinic:
        words = f"Clinic has to be empty: {role.label.lower()} is a role in the whole organisation."
        return [Reason("no-clinic", words, "clinic")]
    if role not in ORGANISATION_ROLES and not clinic:
        return [Reason("missing", "Clinic is missing.", "clinic")]
    return []


def _naming_its_column(reason: Reason) -> Reason:
    column = "clinic" if reason.code == "not-your-clinic" else "role"
    return Reason(reason.code, f"{column.capitalize()}: {reason.message[0].lower()}{reason.message[1:]}", column)


def _choice(choices: type[Choice], cell: str) -> Choice | None:
    """A choice by its label or its code, in any case."""
    return next((choice for choice in choices if _key(cell) in {_key(choice.label), _key(choice.value)}), None)


def _email(row: Row) -> str:
    return row.cells["email"].lower()


def _key(words: str) -> str:
    return " ".join(words.casefold().replace("_", " ").split())


def _quote(cell: str) -> str:
    return cell if len(cell) <= LONGEST_QUOTE else f"{cell[:LONGEST_QUOTE]}…"


def _one_of(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
