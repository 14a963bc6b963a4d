"""manage.py reminders_page: write docs/reminders.md from what the kinds declare, so that the page cannot lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.reminder_times import KeptKind, by_area
from intranet.reminders import lead_times
from intranet.reminders.lead_times import Set, Times
from intranet.reminders.registry import registered

PAGE = Path("docs") / "reminders.md"
HEAD = """# What reminds whom, and when

Written by `manage.py reminders_page` from what the kinds declare. Change a kind, then run the command.

The times are those that come with the product. Administrators move them on the page **Reminder times** under Settings,
within limits and in their order, or leave steps out; what has to be said at some time (*always*) stays. A moved time moves
what is planned. It never repeats what was sent, because the name of a step is part of each reminder and stays the same.
Credentials name the days ahead in their types.

An **escalation** goes to somebody who answers for others. Mail waits for the morning if it becomes due at night, unless it
would be too late by then; what is marked *at any hour* never waits, or not in the case that is named, and what is marked
*never at night* is in the inbox alone where the morning is too late. The inbox has every reminder at its time, and says
under each why it came.
"""
COLUMNS = ["Reminder", "About", "Who gets it", "When", "Setting"]


class Command(BaseCommand):
    help = "Write docs/reminders.md from the kinds of reminders."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        file = settings.BASE_DIR / PAGE
        if not check:
            file.write_text(page())
            self.stdout.write(f"Wrote {PAGE}.")
        elif not file.exists() or file.read_text() != page():
            raise CommandError(f"{PAGE} is out of date. Run: manage.py reminders_page")


def page() -> str:
    """The whole page, as Markdown; without asking the database what was changed."""
    with lead_times.using(Times({})):
        kinds = [KeptKind(kind, lead_times.settings_of(kind)) for kind in registered()]
    parts = [HEAD]
    for area, kept in by_area(sorted(kinds, key=lambda one: one.kind.label)):
        rows = [COLUMNS, ["---"] * len(COLUMNS), *(_row(one) for one in kept)]
        parts.append("\n".join([f"## {area}", "", *(f"| {' | '.join(cells)} |" for cells in rows)]) + "\n")
    return "\n".join(parts)


def _row(one: KeptKind) -> list[str]:
    kind = one.kind
    label = f"**{kind.label}**<br>`{kind.code}`"
    night = _night(one)
    when = [_step(step) for step in one.steps] or [kind.when]
    setting = [_limits(step) for step in one.steps if not step.step.fixed]
    return [label, kind.cause, kind.who, "<br>".join([*when, *night]), "<br>".join(setting) or "–"]


def _night(one: KeptKind) -> list[str]:
    return [
        *(["*at any hour*"] if one.any_hour else []),
        *([f"*at any hour if {one.kind.any_hour_when}*"] if one.kind.any_hour_when else []),
        *([] if one.kind.worth_waking else ["*never at night*"]),
    ]


def _step(one: Set) -> str:
    marks = [
        *([one.step.group[:1].lower() + one.step.group[1:]] if one.step.group else []),
        *(["**escalation**"] if one.step.escalation else []),
        *(["always"] if one.step.needed else []),
    ]
    return f"{one.words} ({', '.join(marks)})" if marks else one.words


def _limits(one: Set) -> str:
    unit = "days" if one.step.unit.days else "hours"
    return f"{one.step.least // one.step.unit}–{one.step.most // one.step.unit} {unit}"
