"""manage.py permissions_page: write docs/permissions.md from the role table, so that the page cannot lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.roles import ORGANISATION_ROLES, ROLES_A_MANAGER_MAY_GIVE, TABLE, Capability, Reach, Role

PAGE = Path("docs") / "permissions.md"
WORDS = {Reach.SELF: "self", Reach.OWN: "own", Reach.ALL: "all"}
HEAD = """# Who may do what

Written by `manage.py permissions_page` from `accounts/roles.py`. Change the table there, then run the command.

A person holds a role at a clinic, or in the whole organisation, for a period. Grants add up; there are no denies. What
somebody may not see does not exist for them: its address answers 404.

- **self**: what concerns only oneself, or what one wrote oneself
- **own**: the clinics at which the role is held
- **all**: the organisation
- –: not at all

Conditions beyond role and clinic (never one's own work, never oneself) stand with the action that checks them.
"""


class Command(BaseCommand):
    help = "Write docs/permissions.md from the role table."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        file = settings.BASE_DIR / PAGE
        if not check:
            file.write_text(page())
            self.stdout.write(f"Wrote {PAGE}.")
        elif not file.exists() or file.read_text() != page():
            raise CommandError(f"{PAGE} is out of date. Run: manage.py permissions_page")


def page() -> str:
    """The whole page, as Markdown."""
    header = ["Capability", *(role.label for role in Role)]
    rows = [[capability.value, *(reach_of(role, capability) for role in Role)] for capability in Capability]
    table = [header, ["---"] * len(header), *rows]
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([HEAD, *lines, "", notes()])


def reach_of(role: Role, capability: Capability) -> str:
    reach = TABLE[role].get(capability)
    return WORDS[reach] if reach is not None else "–"


def notes() -> str:
    return (
        f"Roles of the organisation, not of a clinic: {named(ORGANISATION_ROLES)}.\n\n"
        f"Roles that a clinic manager may give, to people of the own clinics: {named(ROLES_A_MANAGER_MAY_GIVE)}.\n"
    )


def named(roles: frozenset[Role]) -> str:
    return ", ".join(role.label.lower() for role in Role if role in roles)
