"""A colleague's work contact as a vCard (RFC 2426, version 3.0, which phones and Outlook alike read)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils.text import slugify

from accounts.directory import clinics_of
from accounts.models import Membership, User

LONGEST_LINE = 75  # bytes, by RFC 2425


def card(person: User, memberships: Iterable[Membership]) -> str:
    """Name, title, organisation, clinic with its address, work phone and work address: what every colleague sees."""
    clinics = clinics_of(memberships)
    place = clinics[0] if len(clinics) == 1 else None  # who works at several sits at none of them
    given, _, family = person.name.rpartition(" ")
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        _line("N", family, given, "", "", "") if given else _line("N", person.name, "", "", "", ""),
        _line("FN", person.name),
        _line("ORG", settings.SITE_NAME, *([place.name] if place else [])),
        _line("TITLE", person.profession_label),
        _line("EMAIL;TYPE=INTERNET,WORK", person.email),
    ]
    if person.phone:
        lines.append(_line("TEL;TYPE=WORK,VOICE", person.phone))
    if place and place.address:
        lines.append(_line("ADR;TYPE=WORK", "", "", place.address, "", "", "", ""))
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCARD"] for folded in _folded(line))


def file_name(person: User) -> str:
    """`ines-exemplar.vcf`, in letters that every system can keep."""
    return f"{slugify(person.name) or 'colleague'}.vcf"


def _line(name: str, *values: str) -> str:
    return f"{name}:{';'.join(map(_escaped, values))}"


def _escaped(text: str) -> str:
    """No value ends its own line, its own part, or its own escape."""
    plain = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    plain = plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return re.sub(r"\r\n|[\r\n\u0085\u2028\u2029]", "\\\\n", plain)


def _folded(line: str) -> Sequence[str]:
    """Long lines go on in lines that begin with a space; no character is cut in two."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > LONGEST_LINE:
            parts.append(part)
            part = " "
        part += character
    return [*parts, part]
