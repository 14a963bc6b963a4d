"""manage.py import_staff FILE --by EMAIL [--dry-run]: invite everybody on a staff list, or nobody.

Prints what happens with each line. Ends with 2, and stores nothing, when a line is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import staff_list
from accounts.inviting import may_invite
from accounts.models import User
from intranet.core.access import Forbidden, Refused, require
from intranet.core.wording import counted

NOT_INVITED = 2


class Command(BaseCommand):
    help = "Invite everybody on a staff list (CSV in UTF-8), or nobody when a line is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", metavar="EMAIL", required=True, help="who invites, within their own power")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and store nothing")

    def handle(self, *args: Any, file: Path, by: str, dry_run: bool, **options: Any) -> None:
        try:
            person = whoever_invites(by)
            lines = staff_list.check(staff_list.decode(file.read_bytes()), by=person)
            self._report(lines)
            if wrong := sum(not line.verdict for line in lines):
                raise Refused.because("wrong", f"{wrong} of {counted(len(lines), 'line')} to mend.")
            if dry_run:
                self.stdout.write(f"{_people(len(lines))} would be invited. Nothing was stored.")
                return
            sent = staff_list.invite_everybody(lines, by=person, at=timezone.now())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=NOT_INVITED) from None
        except Refused as refused:
            raise CommandError(f"Nobody was invited. {refused}", returncode=NOT_INVITED) from None
        self.stdout.write(f"{_people(len(sent))} invited. The links leave with the next ticks.")

    def _report(self, lines: list[staff_list.Line]) -> None:
        for line in lines:
            said = line.what_happens if line.verdict else " ".join(str(reason) for reason in line.verdict.reasons)
            self.stdout.write(f"Line {line.number}: {line.name or 'no name'}: {said}")


def whoever_invites(email: str) -> User:
    """The person in whose name the list is sent. Raises Refused when there is none, or they invite nobody."""
    person = User.objects.active().filter(email__iexact=email).first()
    if person is None:
        raise Refused.because("unknown", f"Nobody works here with the address {email}.")
    require(may_invite(person), Forbidden)
    return person


def _people(number: int) -> str:
    return counted(number, "person", "people")
