"""`manage.py import_protocol FILE`: a draft from a text, Markdown, HTML or Word file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from intranet.core import richtext
from intranet.core.access import Refused
from protocols import drafting, importing, previewing
from protocols.models import Category, ProtocolVersion, SectionKind
from protocols.unreadable import Unreadable

NOT_READ = 2


class Command(BaseCommand):
    help = "Read a .txt, .md, .html or .docx file into a draft. Nothing is stored when it cannot be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--title", default="", help="instead of the title found in the file")
        parser.add_argument(
            "--by", metavar="EMAIL", default="", help="whose draft it is; otherwise the clinical lead's"
        )
        parser.add_argument("--category", choices=Category.values, default=Category.NEEDLING.value)

    def handle(self, *args: Any, file: Path, title: str, by: str, category: str, **options: Any) -> None:
        try:
            imported = importing.read(file, title=" ".join(title.split()))
            author = self._author(by)
            at = timezone.now()
            version = drafting.new_protocol(
                title=imported.title,
                category=category,
                by=author,
                at=at,
                sections=imported.sections,
                pictures=previewing.pictures_of(imported, by=author, at=at),
            )
        except (Unreadable, Refused) as error:
            raise CommandError(str(error), returncode=NOT_READ) from None
        self._report(file, imported, version)

    def _author(self, email: str) -> User:
        if email:
            person = User.objects.active().filter(email__iexact=email).first()
            if person is None:
                raise Unreadable(f"Nobody works here with the address {email}: nothing was stored.")
            return person
        leads = list(User.objects.members(timezone.localdate(), roles=[Role.CLINICAL_LEAD]).by_name()[:2])
        if not leads:
            raise Unreadable("There is no clinical lead to give the draft to: name somebody with --by EMAIL.")
        if len(leads) > 1:
            raise Unreadable("There is more than one clinical lead: say whose draft it is with --by EMAIL.")
        return leads[0]

    def _report(self, file: Path, imported: importing.Imported, version: ProtocolVersion) -> None:
        say = self.stdout.write
        say(f"{file.name} is now a draft of “{imported.title}”, by {version.edited_by}.")
        for part in imported.sections:
            words = len(richtext.plain(part.body).split())
            say(f"  {part.heading} ({SectionKind(part.kind).label.lower()}, {words} words)")
        for note in imported.notes:
            say(f"Note: {note}")
        say(f"Read and finish it at {version.get_absolute_url()}")
