from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from accounts.models import User
from intranet.demo import loading


class Command(BaseCommand):
    help = "Fill an empty database with the demo: both clinics, fictional staff, protocols, roster and announcements."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are people already")
        parser.add_argument("--reset", action="store_true", help="throw away everything in the database first")

    def handle(self, *, if_empty: bool, reset: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo is for local use. Set DEMO=1 in a local installation to load it.")
        if reset:
            self._reset()
        if User.objects.exists():
            if if_empty:
                return
            raise CommandError("There are people in this database already. The demo is loaded only into an empty one.")
        loading.load(now=timezone.now(), say=self.stdout.write)

    def _reset(self) -> None:
        """Begin with an empty schema: append-only tables refuse to be emptied row by row, and rightly so."""
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
