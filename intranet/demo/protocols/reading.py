"""Who of the demo's staff has acknowledged what: most people most things, and a few deliberate gaps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from accounts.models import User
from intranet.core.time import at_local, first_moment, organisation_day, organisation_zone
from protocols import acknowledging, opening, questioning
from protocols.models import Protocol, ProtocolVersion, Readership, State

# (protocol, version) -> who has not acknowledged it. Ivo is late; for the others there is still time.
WAITING = {
    ("dry-needling-cervical", 4): {"avery", "hana"},
    ("infection-prevention", 2): {"lena", "kofi", "ravi", "fay", "nell"},
    ("low-back-pain", 1): {"ivo"},
    ("total-knee", 2): {"nell", "avery", "marcus", "ivo", "owen", "hana", "sam", "jun", "uma", "mia", "kit"},
}
# (protocol, version) -> who answers the last question wrongly before answering it rightly: it contradicts what they knew.
MISREAD = {("dry-needling-cervical", 4): {"marcus", "ivo", "owen", "sam", "lena"}}
READING_TIME = timedelta(minutes=20)
SUNDAY = 6


def load_acknowledgements(protocols: Mapping[str, Protocol], people: Mapping[str, User], *, now: datetime) -> None:
    """Acknowledge every published version for whoever had to, except `WAITING`, each within the days allowed."""
    names = {user.pk: name for name, user in people.items()}
    for code, protocol in protocols.items():
        for version in protocol.versions.filter(state__in=[State.PUBLISHED, State.SUPERSEDED]).order_by("number"):
            skipped = WAITING.get((code, version.number), set())
            misread = MISREAD.get((code, version.number), set())
            for user_id, since in sorted(_readers(version, now).items()):
                if user_id in names and names[user_id] not in skipped:
                    tries = 2 if names[user_id] in misread else 1
                    _acknowledge(version, people[names[user_id]], since=since, now=now, tries=tries)


def _readers(version: ProtocolVersion, now: datetime) -> dict[int, datetime]:
    """Whoever had to acknowledge the version while it was current: `{user_id: since when}`."""
    end = version.in_force.upper or now
    published = version.published_at or version.in_force.lower
    since: dict[int, datetime] = {}
    for row in Readership.objects.duties().filter(version=version).on(organisation_day(min(end, now))):
        start = max(published, first_moment(row.period.lower))
        since[row.user_id] = min(since.get(row.user_id, start), start)
    return since


def _acknowledge(version: ProtocolVersion, user: User, *, since: datetime, now: datetime, tries: int) -> None:
    """At a working hour on one of the days allowed, spread over the staff; nobody signs before or after their time.

    Only the last try answers every question rightly.
    """
    end = min(now, version.in_force.upper or now)
    days = min(version.due_days, (end - since).days)
    spread = (user.pk * 11 + version.pk * 5) % max(1, days * 3 // 4)
    day = organisation_day(since) + timedelta(days=spread)
    day += timedelta(days=day.weekday() == SUNDAY)
    wanted = at_local(day, time(9 + (user.pk + version.pk) % 8, 10 + user.pk % 45), organisation_zone())
    moment = min(max(wanted, since + READING_TIME), end - timedelta(seconds=1))
    if moment >= since:
        questions = list(version.questions.all())
        answers = {question.key: question.right for question in questions}
        for _ in range(tries - 1):
            last = questions[-1]
            questioning.check(version, answers | {last.key: (last.right + 1) % len(last.options)}, at=moment)
        opened = opening.proof(version, reader=user, at=moment)
        acknowledging.acknowledge(version, by=user, at=moment, opened=opened, answers=answers)
