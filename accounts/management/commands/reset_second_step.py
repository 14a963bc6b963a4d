"""manage.py reset_second_step EMAIL REASON: the last resort when no two administrators are left to do it on the pages."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.lost_factor import SHORTEST_REASON, reset_on_the_server
from accounts.models import User
from accounts.roles import Role
from intranet.core.time import organisation_day

HERE_TWO = (
    "Two administrators can do this on the page of the person: {names}. To do it here nevertheless, add --anyway."
)


class Command(BaseCommand):
    help = "Take the second steps of somebody away who has lost them all. Says what it does; without --yes it does nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("reason", help='in quotation marks: "lost the phone, called from the desk"')
        parser.add_argument("--yes", action="store_true", help="do it, after reading what it would do")
        parser.add_argument("--anyway", action="store_true", help="although two administrators could")

    def handle(self, *args: Any, email: str, reason: str, yes: bool, anyway: bool, **options: Any) -> None:
        now = timezone.now()
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None or not is_mfa_enabled(person):
            raise CommandError(f"Nobody with a second step has the address {email}.", returncode=2)
        if len(reason.strip()) < SHORTEST_REASON:
            raise CommandError("Say what happened, and how you know that it is them.", returncode=2)
        administrators = User.objects.members(organisation_day(now), roles=[Role.ADMINISTRATOR]).by_name()
        others = [one.name for one in administrators.exclude(pk=person.pk)]
        if len(others) > 1 and not anyway:
            raise CommandError(HERE_TWO.format(names=", ".join(others)), returncode=3)
        self.stdout.write(
            f"{person.name} ({person.email}): every passkey, authenticator app and recovery code is removed, every session and "
            "API token ends. The person is told by mail, and the audit log has it as done by the system. They sign in with the "
            "password; a role that demands a second step reaches nothing but its set-up."
        )
        if not yes:
            self.stdout.write("Nothing was changed. Add --yes to do it.")
            return
        reset_on_the_server(person, reason=" ".join(reason.split()), at=now)
        self.stdout.write("Done.")
