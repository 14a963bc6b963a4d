"""What stands about a person in the directory and in the plan, and who changes which part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.hiring import may_give_all, place_of
from accounts.models import User
from accounts.naming import clean_person_name
from accounts.roles import GRANTED_ROLES, Capability
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Verdict, require
from intranet.core.time import organisation_day

# How to reach me and in which languages: everybody for themselves.
CONTACT = ("phone", "languages")
# The name that stands under signatures, the title that colleagues trust, the profession that opens procedures, and what
# the plan counts with: never by the person.
EMPLOYMENT = ("name", "title", "profession", "weekly_hours", "hired_on")

PHONE = re.compile(r"\+?\(?[0-9][0-9 ().\-]{4,}[0-9](?: ?(?:ext\.?|x) ?(?P<ext>[0-9]{1,6}))?", re.IGNORECASE)
LANGUAGE = re.compile(r"[^\W\d_][^\W\d_ '’()\-]*(?:[ '’()\-]+[^\W\d_]+)*\)?")
MOST_LANGUAGES, LONGEST_LANGUAGE = 12, 40


def changeable(person: User, *, by: User, at: datetime) -> tuple[str, ...]:
    """The fields that somebody may change of the person; none for most."""
    if person.pk == by.pk:
        return CONTACT if by.standing.holds(Capability.SEE_DIRECTORY) else ()
    return (*EMPLOYMENT, *CONTACT) if may_manage(person, by=by, at=at) else ()


def may_manage(person: User, *, by: User, at: datetime) -> Verdict:
    """Whoever could give every role by which the person works here; delegated approval comes on top of one."""
    held = person.memberships.not_over(organisation_day(at)).exclude(role__in=GRANTED_ROLES)
    places = [place_of(membership) for membership in held.select_related("clinic").order_by("pk")]
    return may_give_all(places, to=person, by=by)


@transaction.atomic
def change_profile(person: User, changes: Mapping[str, Any], *, by: User, at: datetime) -> User:
    """Change some fields, and say in the record what they were; what stays as it is leaves no trace.

    Raises Forbidden for a field that is not one's own to change, ValidationError by field for values that make no sense.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not changes.keys() <= set(changeable(person, by=by, at=at)):
        require(_why_not(person, by=by, at=at), Forbidden)
    tidied = _tidied(changes)
    before = {name: getattr(person, name) for name, value in tidied.items() if getattr(person, name) != value}
    if not before:
        return person
    for name in before:
        setattr(person, name, tidied[name])
    person.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in before])
    person.save(update_fields=list(before))
    clinics = person.memberships.exclude(clinic=None).values_list("clinic_id", flat=True)
    told = {name: {"before": before[name], "now": tidied[name]} for name in before}
    record(by, "person.changed", person, clinics=clinics, **told)
    return person


def tidy_phone(text: str) -> str:
    """A number that a phone can dial, with an extension if there is one; nothing stays nothing."""
    text = " ".join(text.split())
    if text and not PHONE.fullmatch(text):
        raise ValidationError("Write the number with its area code, for example 847-555-0142 ext. 3.")
    return text


def dialled(phone: str) -> str:
    """The number as a link dials it: `tel:+18475550142;ext=3` comes from `+1 847-555-0142 ext. 3`."""
    found = PHONE.fullmatch(phone)
    extension = f";ext={found['ext']}" if found and found["ext"] else ""
    number = phone[: found.start("ext")] if found and found["ext"] else phone
    return "tel:" + re.sub(r"[^0-9+]", "", number) + extension


def tidy_languages(names: Iterable[str]) -> list[str]:
    """Each language once, beginning with a capital, in the order in which they were given."""
    found: dict[str, str] = {}
    for name in names:
        words = " ".join(name.split())
        if words:
            found.setdefault(words.casefold(), words[0].upper() + words[1:])
    for language in found.values():
        if len(language) > LONGEST_LANGUAGE or not LANGUAGE.fullmatch(language):
            raise ValidationError(f"“{language[:LONGEST_LANGUAGE]}” is not the name of a language.")
    if len(found) > MOST_LANGUAGES:
        raise ValidationError(f"At most {MOST_LANGUAGES} languages.")
    return list(found.values())


def tidy_words(text: str) -> str:
    """One line that can be read: no breaks, and no character that nobody sees."""
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValidationError("This has a character in it that nobody can see. Type it again.")
    return text


TIDY: dict[str, Callable[[Any], Any]] = {
    "name": clean_person_name,
    "title": tidy_words,
    "phone": tidy_phone,
    "languages": tidy_languages,
}


def _tidied(changes: Mapping[str, Any]) -> dict[str, Any]:
    tidied, wrong = {}, {}
    for name, value in changes.items():
        try:
            tidied[name] = TIDY[name](value) if name in TIDY else value
        except ValidationError as error:
            wrong[name] = error
    if wrong:
        raise ValidationError(wrong)
    return tidied


def _why_not(person: User, *, by: User, at: datetime) -> Verdict:
    """The reason for a field that `changeable` does not name."""
    if person.pk == by.pk:
        return Verdict.no("own-employment", "Your manager changes your name, title, profession and hours.")
    return may_manage(person, by=by, at=at)
