"""What managers of the demo have stopped or excused: a suspension and a waiver."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import Clinic, User
from intranet.core.time import organisation_day
from protocols import suspending, waiving
from protocols.models import Protocol

STOP_BUTTON = (
    "The stop button of our device failed its yearly safety check. No electrical stimulation here until the repaired "
    "device has passed."
)
COURSE = "Does not needle before the course; signs before the first session."
UNTIL_THE_COURSE = timedelta(days=60)


def load_stops(
    protocols: Mapping[str, Protocol],
    people: Mapping[str, User],
    *,
    managers: Mapping[str, User],
    clinics: Mapping[str, Clinic],
    now: datetime,
) -> None:
    """Electrical stimulation is suspended at Oakbrook Terrace, and Hana need not sign the needling of the neck yet.

    No procedure of the roster depends on electrical stimulation.
    """
    stimulation = protocols["electrical-stimulation"].versions.in_force(now).get()
    suspending.suspend(
        stimulation, clinics=[clinics["O"]], reason=STOP_BUTTON, by=managers["O"], at=now - timedelta(hours=26)
    )
    needling = protocols["dry-needling-cervical"].versions.in_force(now).get()
    through = organisation_day(now) + UNTIL_THE_COURSE
    waiving.waive(
        needling, people["hana"], reason=COURSE, through=through, by=managers["O"], at=now - timedelta(days=2)
    )
