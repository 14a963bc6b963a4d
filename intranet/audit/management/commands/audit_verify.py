"""`manage.py audit_verify`: whether anybody has changed, removed or slipped in what the audit trail says."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from intranet.audit import sealing
from intranet.core.wording import counted

BROKEN = 2
END = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = "Check the seals of the audit trail. Exit code 2 when it is not intact."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--end", metavar="POSITION:DIGEST", help="the end of the chain as an earlier check printed it"
        )

    def handle(self, *args: Any, end: str | None, **options: Any) -> None:
        found = sealing.verify(timezone.now(), expected=_parsed(end) if end else None)
        for problem in found.problems:
            self.stderr.write(problem)
        if not found.intact:
            raise CommandError("The audit trail is not intact.", returncode=BROKEN)
        self.stdout.write(f"The audit trail is intact: {counted(found.position, 'entry', 'entries')} sealed.")
        if found.waiting:
            self.stdout.write(f"{counted(found.waiting, 'entry', 'entries')} of the last minutes not yet.")
        self.stdout.write(f"Its end, to be noted elsewhere: {found.position}:{found.digest}")


def _parsed(end: str) -> tuple[int, str]:
    match = END.fullmatch(end)
    if match is None:
        raise CommandError("The end looks like 212:5f70… with 64 digits and letters, as the check prints it.")
    return int(match[1]), match[2]
