"""What publishing a version would do, found by doing it in a transaction that is rolled back.

Who must sign, who has not, and which published shifts would lose somebody who is cleared today. The roster knows the
shifts; it lies above this app and registers itself.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeAlias

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Clinic, Skill, User
from intranet.core.access import Conflict
from intranet.core.time import organisation_day
from protocols import publishing
from protocols.acknowledging import duties
from protocols.clearance import verdicts
from protocols.drafting import lock
from protocols.models import Acknowledgement, ProtocolVersion
from protocols.publishing import Readers

Cleared: TypeAlias = set[tuple[int, int, date]]  # person, skill, day


@dataclass(frozen=True, slots=True)
class Work:
    """Published work of somebody for which a skill is needed; `hours` and `path` are for people."""

    key: str
    person: User
    skill: Skill
    clinic: Clinic
    day: date
    hours: str
    path: str


class Roster(Protocol):
    """What the preview asks of the roster."""

    def work(self, skills: Iterable[Skill], *, since: datetime) -> Sequence[Work]:
        """Published work with one of the skills that begins at the moment or later, in order of time."""


_rosters: list[Roster] = []


def ask(roster: Roster) -> None:
    """Have the preview ask this roster. Called once, when the app is ready."""
    _rosters[:] = [roster]


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who must sign the version, until when, and whether an earlier signature counts."""

    person: User
    due_on: date
    signed: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """What a publication would do. `start` is the first day in force, `text` names what would be in force, and for whom."""

    text: tuple[Any, ...]
    start: date
    signers: list[Signer]
    losses: list[Work]

    @property
    def waiting(self) -> list[Signer]:
        return [signer for signer in self.signers if not signer.signed]

    @property
    def signed(self) -> list[Signer]:
        return [signer for signer in self.signers if signer.signed]

    @property
    def not_before_start(self) -> list[Signer]:
        """Those who need not have signed on the first day: it is due on that day or later."""
        return [signer for signer in self.waiting if signer.due_on >= self.start]

    @property
    def losers(self) -> list[User]:
        """Whoever would not be cleared for some work any more, each once."""
        return list({work.person.pk: work.person for work in self.losses}.values())

    @property
    def safe_from(self) -> date | None:
        """The first day on which nothing that is published now would be uncovered; None when nothing is anyway."""
        return max(work.day for work in self.losses) + timedelta(days=1) if self.losses else None

    @property
    def by_clinic(self) -> list[tuple[Clinic, list[Work]]]:
        found: dict[Clinic, list[Work]] = defaultdict(list)
        for work in self.losses:
            found[work.clinic].append(work)
        return sorted(found.items(), key=lambda item: item[0].name)

    @property
    def fingerprint(self) -> str:
        """Changes with the text, with its readers and terms, and with anything that the page shows."""
        signers = [(signer.person.pk, signer.due_on, signer.signed) for signer in self.signers]
        losses = [(work.key, work.person.pk) for work in self.losses]
        return hashlib.sha256(repr((self.text, self.start, signers, losses)).encode()).hexdigest()


def preview(
    version: ProtocolVersion,
    *,
    by: User,
    at: datetime,
    readers: Collection[Readers],
    effective: date | None = None,
    due_days: int | None = None,
    material: bool | None = None,
) -> Impact:
    """What `publishing.publish` would do with the same terms. Nothing is kept; refused where publishing is refused.

    The queries grow with the days of published work ahead, not with people, shifts or protocols.
    """
    skills = list(version.protocol.skills.all())
    since = publishing.start_of(effective, at)
    work = [one for roster in _rosters for one in roster.work(skills, since=since)] if skills else []
    before = _cleared(work)
    with transaction.atomic():
        published = publishing.publish(
            version, by=by, at=at, readers=readers, effective=effective, due_days=due_days, material=material
        )
        signers, text = _signers(published, at), _text(published)
        after = _cleared([one for one in work if _key(one) in before])
        transaction.set_rollback(True)
    lost = before - after
    return Impact(text, organisation_day(since), signers, [one for one in work if _key(one) in lost])


@transaction.atomic
def publish_or_show(version: ProtocolVersion, *, seen: str, by: User, at: datetime, **terms: Any) -> Impact | None:
    """Publish when that does what the preview said whose fingerprint is `seen`; otherwise what it would do now."""
    version = lock(version)
    found = preview(version, by=by, at=at, **terms)
    if found.fingerprint != seen:
        return found
    publishing.publish(version, by=by, at=at, **terms)
    return None


def publish_as_seen(version: ProtocolVersion, *, seen: str, by: User, at: datetime, **terms: Any) -> ProtocolVersion:
    """The same for programs. Raises Conflict when publishing would do something else than was seen."""
    if publish_or_show(version, seen=seen, by=by, at=at, **terms):
        raise Conflict.because(
            "changed-meanwhile", "Publishing would do something else than you saw. Look at it again."
        )
    version.refresh_from_db()
    return version


def _text(version: ProtocolVersion) -> tuple[Any, ...]:
    """Which words would be in force, on which terms, and who would read them."""
    readers = version.audiences.order_by("role", "clinic").values_list("role", "clinic", "must_acknowledge")
    return version.pk, version.approved_hash, version.material, version.due_days, list(readers)


def _signers(version: ProtocolVersion, at: datetime) -> list[Signer]:
    """Who must sign the version once it is published, by name."""
    rows: list[Any] = list(duties(at).filter(version=version).values("user_id", "due_on"))
    due = {row["user_id"]: row["due_on"] for row in rows}
    signed = Acknowledgement.objects.satisfying(version).filter(user=OuterRef("pk")).fresh(at)
    people: Any = User.objects.filter(pk__in=due).annotate(signed=Exists(signed)).by_name()
    return [Signer(person, due[person.pk], person.signed) for person in people]


def _cleared(work: Sequence[Work]) -> Cleared:
    """Whose skill counts on the day of the work."""
    days: dict[date, list[Work]] = defaultdict(list)
    for one in work:
        days[one.day].append(one)
    found: Cleared = set()
    for day, planned in days.items():
        people = list({one.person.pk: one.person for one in planned}.values())
        skills = list({one.skill.pk: one.skill for one in planned}.values())
        found |= {(*pair, day) for pair, verdict in verdicts(people, skills, day).items() if verdict}
    return found


def _key(work: Work) -> tuple[int, int, date]:
    return work.person.pk, work.skill.pk, work.day
