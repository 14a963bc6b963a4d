"""manage.py first_admin EMAIL NAME: let the first person into an empty installation, by a link that works once.

An installation begins with the usual credential types; from then on they are data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.defaults import load_credential_types
from accounts.hiring import Place, hire
from accounts.models import Profession, User
from accounts.roles import Role
from intranet.core.time import organisation_day


class Command(BaseCommand):
    help = "Make the first administrator and print a link with which to choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", help='in quotation marks: "Ada Nonesuch"')

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        try:
            user = first_administrator(email, name, timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from None
        self.stdout.write(f"Choose a password within {settings.PASSWORD_RESET_TIMEOUT // 3600} hours: {link(user)}")


@transaction.atomic
def first_administrator(email: str, name: str, at: datetime) -> User:
    """The first administrator: made now, or made before and still without a password. Refused when there is another."""
    on = organisation_day(at)
    administrators = list(User.objects.members(on, roles=[Role.ADMINISTRATOR]))
    if not administrators:
        load_credential_types()
        place = Place(Role.ADMINISTRATOR)
        return hire(email=email, name=name, profession=Profession.OTHER, places=[place], start=on, by=None)
    for user in administrators:
        if user.email == email.lower() and not user.has_usable_password():
            return user
    raise ValidationError("There is an administrator already. They let further people in.")


def link(user: User) -> str:
    """Where the person chooses a password; it stops working once that is done."""
    words = {"uidb36": user_pk_to_url_str(user), "key": PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)}
    path = reverse("account_reset_password_from_key", kwargs=words)
    return f"{settings.SITE_ORIGIN}{path}"
