"""When a clinic is open, week by week the same: what the roster warns about and coverage is counted within."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import TypeAlias

from django.db import transaction

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Verdict, require
from intranet.core.wording import short_range
from scheduling.assigning import NOTHING_CHANGED, may_edit
from scheduling.models import OpeningHours, Weekday

# {weekday as `date.weekday()` counts: (opens, closes)}; a day that is missing is closed.
Hours: TypeAlias = dict[int, tuple[time, time]]


def may_set_hours(clinic: Clinic, by: User) -> Verdict:
    """Who makes the roster of the clinic, and administrators, who keep what else is known of clinics."""
    return YES if by.standing.may(Capability.SETTINGS) else may_edit(clinic, by)


def hours_of(clinic: Clinic) -> Hours:
    """The usual week of a clinic. One query."""
    return {one.weekday: (one.opens, one.closes) for one in OpeningHours.objects.filter(clinic=clinic)}


@transaction.atomic
def set_opening_hours(clinic: Clinic, hours: Mapping[int, tuple[time, time]], *, by: User, seen: str = "") -> bool:
    """Say when the clinic is open, for the whole week at once. False when that is so already.

    `seen` are the `spoken` hours from which somebody started, if they saw any: Conflict when they are others by now.
    """
    require(may_set_hours(clinic, by), Forbidden)
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    before, after = hours_of(clinic), dict(hours)
    if seen and seen != spoken(before):
        now = spoken(before)
        raise Conflict.because("changed", f"Somebody changed them meanwhile to: {now}. {NOTHING_CHANGED}")
    require(Verdict.of(_against(after)))
    if before == after:
        return False
    OpeningHours.objects.filter(clinic=clinic).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=opens, closes=closes)
        for weekday, (opens, closes) in sorted(after.items())
    )
    hours_now = {"before": spoken(before), "after": spoken(after)}
    record(by, "opening-hours.set", clinic, clinics=[clinic.pk], hours=hours_now)
    return True


def spoken(hours: Mapping[int, tuple[time, time]]) -> str:
    """A week in words: "Monday 7a–7p, Saturday 8a–12p"."""
    days = [f"{Weekday(day).label} {short_range(*span)}" for day, span in sorted(hours.items())]
    return ", ".join(days) or "Closed all week"


def _against(hours: Mapping[int, tuple[time, time]]) -> list[Reason]:
    return [
        Reason("closes-first", f"On {Weekday(day).label}s it closes before it opens.", f"closes_{day}")
        for day, (opens, closes) in sorted(hours.items())
        if closes <= opens
    ]
