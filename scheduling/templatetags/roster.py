"""Tags of the roster: a day's coverage as a drawing, and a link that keeps how one looks at the board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BaseForm
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, Skill
from intranet.core import wording
from intranet.core.templatetags.interface import problems_of
from intranet.core.time import minutes_between
from scheduling.absences import time_off_label
from scheduling.addresses import board_address, without_modes
from scheduling.charts import Chart, gap_times
from scheduling.coverage import DayCoverage, Gap
from scheduling.marks import skill_icon
from scheduling.models import TimeOff
from scheduling.positions import Position
from scheduling.rows import Cell, Chip, CoverageRow, Row, RowGroup
from scheduling.times import ends_next_day

register = template.Library()


@register.simple_tag
def chart(row: CoverageRow, day: DayCoverage) -> Chart:
    """The drawing of one day, on the scale of the clinic's week."""
    return Chart(day, row.scale)


@register.inclusion_tag("_error_summary.html")
def refusal_summary(form: BaseForm, undone: str) -> dict[str, Any]:
    """Why a shift was refused. A single reason is the whole sentence; several stand below what was not done."""
    problems = problems_of(form)
    alone = len(problems) == 1
    return {"problems": problems, "heading": problems[0].message if alone else undone, "listed": not alone}


@register.filter
def times(gap: Gap) -> str:
    """`3:30p–5:30p`."""
    return gap_times(gap)


@register.filter
def procedure_icon(skill: Skill) -> str:
    return skill_icon(skill)


@register.filter
def position_label(position: str) -> str:
    return Position(position).label


@register.filter
def position_short(position: str) -> str:
    """`PT`, `Desk`: what stands on an open shift."""
    return Position(position).short_label


@register.filter
def shift_times(shift: Any) -> str:
    """`7a–3:30p`, as the clinic's clocks show it."""
    return wording.short_range(shift.start, shift.end, shift.clinic.zone)


@register.simple_tag(takes_context=True)
def board_url(context: template.Context, **changes: Any) -> str:
    """The board as it is looked at, with some of it changed; an empty value takes a choice away."""
    query = context["query"].copy()
    for name, value in changes.items():
        query[name] = str(value)
        if value in ("", None):
            del query[name]
    return f"{reverse('scheduling:board')}?{query.urlencode()}" if query else reverse("scheduling:board")


@register.simple_tag
def gap_url(gap: Gap) -> str:
    """The form of a new shift that would fill the gap."""
    zone = gap.clinic.zone
    fields = {
        "clinic": gap.clinic.slug,
        "day": gap.day,
        "starts": f"{gap.start.astimezone(zone):%H:%M}",
        "ends": f"{gap.end.astimezone(zone):%H:%M}",
        "position": gap.cover.position or Position.THERAPIST,
        "skill": gap.cover.skill.code if gap.cover.skill else "",
    }
    return (
        f"{reverse('scheduling:shift-add')}?{urlencode({name: str(value) for name, value in fields.items() if value})}"
    )


@register.filter
def week_label(monday: date, days: Sequence[date]) -> str:
    """`Dec 7 – 12, 2026`: as many days as the board shows."""
    return f"{wording.week_label(monday, len(days))}, {days[-1].year}"


@register.filter
def opening_words(row: CoverageRow) -> str:
    """`7a–8p`: what the drawings of the clinic span."""
    first, last = (time(*divmod(minute % (24 * 60), 60)) for minute in row.hours)
    return wording.short_range(first, last)


@register.filter
def chips_of(row: Row, day: date) -> list[Chip]:
    return [chip for cell in row.cells if cell.day == day for chip in cell.chips]


@register.filter
def listed_on(group: RowGroup, day: date) -> list[Row]:
    """The people of a group to show on a day: who has a shift or is away; everybody while a shift is being placed."""
    return [row for row in group.rows if any(_is_listed(cell) for cell in row.cells if cell.day == day)]


def _is_listed(cell: Cell) -> bool:
    return bool(cell.chips or cell.fit or any(one.state in ("granted", "requested") for one in cell.away))


REASON_ICONS = {
    "double-booking": "clock",
    "travel": "clock",
    "not-acknowledged": "book",
    "protocol-withdrawn": "book",
    "not-here": "pin",
    "profession": "person",
    "inactive": "person",
}


@register.filter
def reason_icon(code: str) -> str:
    """The mark in front of a reason why somebody cannot work a shift."""
    if code.startswith("competency"):
        return "shield"
    return REASON_ICONS.get(code, "id")


@register.filter
def days_of_week(monday: date) -> str:
    """`Dec 7 – 13`."""
    return wording.week_label(monday)


@register.filter
def off_label(time_off: TimeOff, today: date) -> str:
    """`Fri, Dec 4 – Mon, Dec 7`."""
    return time_off_label(time_off, time_off.zone, today)


@register.filter
def starts_in(shift: Any, now: datetime) -> str:
    """`2 h 50 min`, `4 days`."""
    return wording.duration(minutes_between(now, shift.start))


@register.simple_tag
def add_url(cell: Cell) -> str:
    """The form of a new shift for a cell of the board."""
    fields = {"clinic": cell.place.slug if cell.place else "", "day": str(cell.day)}
    who = {} if cell.row == "open" else {"staff": cell.row}
    return f"{reverse('scheduling:shift-add')}?{urlencode(fields | who)}"


@register.simple_tag(takes_context=True)
def place_url(context: template.Context, shift: Any, copies: bool) -> str:
    """The board on which the shift is picked up, as the person looks at it if the question comes from there."""
    query = without_modes(QueryDict(board_address(context["request"]) or f"week={shift.week.monday}"))
    query["place"] = str(shift.pk)
    if copies:
        query["how"] = "copy"
    return f"{reverse('scheduling:board')}?{query.urlencode()}"


@register.filter
def past_midnight(shift: Any) -> bool:
    """Whether the shift ends on the day after it starts."""
    return ends_next_day((shift.start, shift.end), shift.clinic.zone)


@register.filter
def moment_at(moment: datetime, clinic: Clinic) -> str:
    """`Sun, Nov 29, 7:00 PM`, as the clinic's clocks show it."""
    local = moment.astimezone(clinic.zone)
    return f"{wording.day_label(local.date(), timezone.localdate())}, {wording.clock_time(local)}"
