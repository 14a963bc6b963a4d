import json
from typing import Any

from django.core.management.base import BaseCommand

from intranet.demo.people import logins


class Command(BaseCommand):
    help = "Print the demo's logins as JSON: one for each role and clinic."

    def handle(self, **options: Any) -> None:
        self.stdout.write(json.dumps(logins(), indent=2))
