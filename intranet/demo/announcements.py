"""The demo's announcements, posted by those who may, and what the staff has answered so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from accounts.hiring import Place, give_role, take_role
from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements import acknowledging, drafting
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell, recipients
from intranet.announcements.correcting import Wording, correct
from intranet.announcements.models import ADDRESSED_ROLES, Announcement
from intranet.announcements.publishing import publish
from intranet.announcements.writing import Draft
from intranet.core.papers import Kind, Paper
from intranet.core.richtext import from_text
from intranet.core.time import at_local, local_day
from intranet.core.wording import day_label
from intranet.demo import papers

TH, AS, FD = Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK
EVERYBODY = ADDRESSED_ROLES
SATURDAY, SUNDAY = 5, 6
TUESDAY, THURSDAY = 1, 3
# The roster of the demo knows no holidays, so that the one announced lies beyond its last week.
BEYOND_THE_ROSTER = timedelta(days=21)

# announcement -> who has not acknowledged it. The sharps are late since yesterday; for the others there is time.
WAITING = {
    "sharps": {"avery", "kofi", "ravi"},
    "table": {"owen", "sam", "uma"},
    "journal-club": {"ivo", "hana", "sam"},
}


@dataclass(frozen=True)
class Post:
    """One announcement: who posts it how many working days ago, to whom, and its text."""

    code: str
    author: User
    days_ago: int
    to: str  # letters of the clinics
    roles: Iterable[Role]
    title: str
    body: str
    due_on: date | None = None
    last_day: date | None = None
    appears: datetime | None = None
    pinned: bool = False
    urgent: bool = False
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)  # name -> the lines of a sheet


def load_announcements(
    *, lead: User, managers: Mapping[str, User], administrator: User, clinics: Mapping[str, Clinic], now: datetime
) -> dict[str, Announcement]:
    """Post them, the oldest first: current, over, scheduled, pinned, urgent and late ones. Returns them by code."""
    today = local_day(now, clinics["M"].zone)
    posts = [*_of_the_group(lead, administrator, today), *_of_the_clinics(managers, clinics, today)]
    _keep_a_draft(managers["M"], clinics["M"], now)
    return {
        post.code: publish(
            Draft(
                title=post.title,
                body=post.body,
                audience=[Cell(clinics[letter], role) for letter in post.to for role in post.roles],
                appears=post.appears,
                last_day=post.last_day,
                due_on=post.due_on,
                pinned=post.pinned,
                urgent=post.urgent,
                added=[NewFile(name, _sheet(lines)) for name, lines in post.files.items()],
            ),
            by=post.author,
            at=now if post.appears else _working_morning(today, post.days_ago, clinics[post.to[0]]),
        )
        for post in sorted(posts, key=lambda post: -post.days_ago)
    }


def load_receipts(posted: Mapping[str, Announcement], people: Mapping[str, User], *, now: datetime) -> None:
    """Most have opened what is addressed to them, and acknowledged what asks for it; the people in `WAITING` have not."""
    names = {user.pk: name for name, user in people.items()}
    _correct_the_parking(posted["parking"], now=now)
    for code, announcement in posted.items():
        if announcement.appears_at > now:
            continue
        for user in recipients(announcement, local_day(now, announcement.author.zone)):
            _answer(announcement, user, late=names[user.pk] in WAITING.get(code, ()), now=now)


def load_held(writer: User, *, manager: User, clinic: Clinic, now: datetime) -> Announcement:
    """What somebody of the front desk scheduled while they might write announcements: their manager has ended that since, and
    so it is held until somebody stands for it. Returns it."""
    today = local_day(now, clinic.zone)
    end = today + timedelta(days=14)
    granted = give_role(writer, Place(Role.POSTER, clinic), start=today, end=end, by=manager, at=now)
    lost_and_found = Draft(
        title="Lost and found moves to the break room",
        body=from_text(
            "The box stands on the shelf next to the coffee machine. What nobody fetches in a month is given away."
        ),
        audience=[Cell(clinic, role) for role in EVERYBODY],
        appears=at_local(today + timedelta(days=2), time(12), clinic.zone),
        last_day=today + timedelta(days=30),
    )
    held = publish(lost_and_found, by=User.objects.get(pk=writer.pk), at=now)
    take_role(granted, end=today, by=manager, at=now)
    return held


def _keep_a_draft(author: User, clinic: Clinic, now: datetime) -> None:
    """What a manager has begun and not sent."""
    words = "Bring ideas for the gym: what is missing, what nobody uses. Elle orders at the end of the month."
    audience = [Cell(clinic, role) for role in (TH, AS)]
    draft = Draft(title="What do we order for the gym?", body=from_text(words), audience=audience)
    drafting.save(draft, by=author, at=now - timedelta(minutes=20))


def _correct_the_parking(parking: Announcement, *, now: datetime) -> None:
    """The hour was wrong; nothing that people have to do changes, and so the receipts still count."""
    at = parking.appears_at + (now - parking.appears_at) / 2
    wording = Wording(
        title=parking.title,
        body=parking.body.replace("noon", "2 PM"),
        note="The lot opens at 2 PM, not at noon.",
        last_day=parking.last_day,
        resets_receipts=False,
    )
    correct(parking, wording, token=parking.token, by=parking.author, at=at)


def _sheet(lines: Sequence[str]) -> Paper:
    return Paper(Kind.PDF, papers.pdf(lines), 1, "\n".join(filter(None, lines)))


def _answer(announcement: Announcement, user: User, *, late: bool, now: datetime) -> None:
    """At a moment between publication and now, spread over the staff. Of those who are late every second has opened it."""
    spread = user.pk * 7 + announcement.pk * 3
    moment = announcement.appears_at + (now - announcement.appears_at) * (spread % 50 + 1) / 100
    if announcement.must_acknowledge and not late:
        acknowledging.acknowledge(announcement, by=user, at=moment)
    elif spread % 4 if not late else spread % 2:
        acknowledging.note_opened([announcement], by=user, at=moment)


def _of_the_group(lead: User, administrator: User, today: date) -> Iterator[Post]:
    name, holiday = next_holiday(today + BEYOND_THE_ROSTER)
    yield Post(
        "holiday",
        administrator,
        4,
        "MO",
        EVERYBODY,
        f"Hours around {name}",
        _holiday_hours(holiday, today),
        last_day=holiday + timedelta(days=1),
        pinned=True,
    )
    late_since = today - timedelta(days=1)
    pick_up = _next(TUESDAY, today + timedelta(days=6))
    yield Post(
        "sharps",
        lead,
        9,
        "MO",
        [TH, AS, FD],
        "Sharps containers: new pick-up days",
        from_text(
            f"From {day_label(pick_up, today)} the collector comes on Tuesday (Mt. Prospect) and on Thursday (Oakbrook "
            "Terrace).\n\n- Close a container when it is three-quarters full.\n- Write the date on its lid.\n- Put it "
            "into the locked cabinet by noon.\n\nAn open container that is left standing is an incident: tell the "
            "clinical lead the same day."
        ),
        due_on=late_since,
        last_day=today + timedelta(days=30),
    )
    first = _next(THURSDAY, today + timedelta(days=1))
    yield Post(
        "journal-club",
        lead,
        5,
        "MO",
        [TH],
        "Journal club moves to Thursdays at noon",
        from_text(
            f"First topic on {day_label(first, today)}: dry needling next to manual therapy for neck pain. Read the "
            "paper that the protocol names as its first reference, and bring one question.\n\nThe hour counts towards "
            "continuing education; sign the list."
        ),
        due_on=today + timedelta(days=6),
        last_day=today + timedelta(days=20),
        files={
            "Questions for the first hour": ["Questions for the first hour", "", "Whom did it help?", "For how long?"]
        },
    )


def _of_the_clinics(managers: Mapping[str, User], clinics: Mapping[str, Clinic], today: date) -> Iterator[Post]:
    saturday = _next(SATURDAY, today + timedelta(days=2))
    yield Post(
        "parking",
        managers["M"],
        2,
        "M",
        EVERYBODY,
        "Parking lot resurfacing on Saturday",
        from_text(
            f"The north lot is closed on {day_label(saturday, today)} until noon. Use the street entrance, and tell the "
            "first patients when you confirm them."
        ),
        last_day=saturday,
    )
    yield Post(
        "table",
        managers["O"],
        1,
        "O",
        [TH, AS],
        "Treatment table 3 is out of use",
        from_text(
            "Do not use table 3 in the large room: the lift drops under load. It is tagged and unplugged, and the repair "
            "is ordered.\n\nPatients who need a low table go to room 2. Tell the front desk before you swap rooms."
        ),
        due_on=today + timedelta(days=1),
        last_day=today + timedelta(days=14),
        urgent=True,
    )
    tuesday = _next(TUESDAY, today + timedelta(days=9))
    yield Post(
        "flu",
        managers["M"],
        0,
        "M",
        [TH, AS, FD],
        "Flu clinic for staff on Tuesday",
        from_text(
            f"Get your flu shot on {day_label(tuesday, today)} in the Mt. Prospect gym, 11 AM to 2 PM. Your shift is "
            "covered for 15 minutes; ask Carla for your slot.\n\nBring your insurance card. If you had the shot "
            "elsewhere, send the record to Carla instead."
        ),
        appears=at_local(today + timedelta(days=2), time(7), clinics["M"].zone),
        due_on=tuesday - timedelta(days=1),
        last_day=tuesday + timedelta(days=7),
        files={"Consent to the flu shot": ["Consent to the flu shot", "", "Name:", "Date:", "Signature:"]},
    )
    yield Post(
        "drill",
        managers["M"],
        20,
        "M",
        EVERYBODY,
        "Fire drill: what went well",
        from_text(
            "Everybody was out in under three minutes. Next time the front desk takes the visitors' list along, and "
            "whoever works in the gym checks the changing rooms."
        ),
        last_day=today - timedelta(days=3),
    )


def _working_morning(today: date, days_ago: int, clinic: Clinic) -> datetime:
    """8:10 in the morning so many days ago; at a weekend, on the Friday before."""
    day = today - timedelta(days=days_ago)
    day -= timedelta(days=max(day.weekday() - (SATURDAY - 1), 0))
    return at_local(day, time(8, 10), clinic.zone)


def _next(weekday: int, day: date) -> date:
    """The first such weekday from the day on."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def next_holiday(day: date) -> tuple[str, date]:
    """The first holiday from the day on, on which the clinics are closed."""
    found = [(name, on) for year in (day.year, day.year + 1) for name, on in _holidays(year) if on >= day]
    return min(found, key=lambda holiday: holiday[1])


def _holidays(year: int) -> list[tuple[str, date]]:
    """The six usual ones in the United States; three of them are Mondays or Thursdays of a month."""
    return [
        ("New Year’s Day", date(year, 1, 1)),
        ("Memorial Day", _next(0, date(year, 5, 25))),
        ("Independence Day", date(year, 7, 4)),
        ("Labor Day", _next(0, date(year, 9, 1))),
        ("Thanksgiving", _next(THURSDAY, date(year, 11, 22))),
        ("Christmas Day", date(year, 12, 25)),
    ]


def _holiday_hours(holiday: date, today: date) -> str:
    rows = "".join(
        f"<tr><th>{day_label(day, today)}</th><td>{_hours(day, holiday, 'M')}</td><td>{_hours(day, holiday, 'O')}</td></tr>"
        for day in (holiday + timedelta(days=offset) for offset in (-1, 0, 1))
    )
    head = "<tr><th>Day</th><th>Mt. Prospect</th><th>Oakbrook Terrace</th></tr>"
    return (
        f"<table><tbody>{head}{rows}</tbody></table>"
        "<p>Cancel nobody without offering another day. The answering machine is changed by the front desk.</p>"
    )


def _hours(day: date, holiday: date, letter: str) -> str:
    if day == holiday or day.weekday() == SUNDAY or (day.weekday() == SATURDAY and letter == "O"):
        return "Closed"
    return "7a–12p" if day.weekday() == SATURDAY else "7a–1p" if day < holiday else "9a–3p"
