"""Where pictures stand in the text of a draft: which ones it may show, and how each is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from accounts.models import User
from intranet.core import richtext
from protocols.models import Picture, ProtocolVersion

if TYPE_CHECKING:
    from protocols.drafting import SectionText

Shelf = dict[str, Picture]
_TAG = re.compile(r'(<(?:[^>"]|"[^"]*")*>)')
# What `Picture.code` gives: for authors who write without the editor.
_CODE = re.compile(r"\[picture ([0-9a-f]{8})\]")


def shelf(
    version: ProtocolVersion, sections: Sequence[SectionText], *, by: User, also: Iterable[Picture] = ()
) -> Shelf:
    """The pictures that the sections may show, by their hashes: those of the version, some others that the caller vouches
    for, and whatever the author may see elsewhere and has copied. Those that are not in the version yet are not saved.
    """
    named = {picture.digest for part in sections for picture in richtext.pictures_in(part.body)}
    found = {picture.sha256: picture for picture in version.pictures.all()}
    for picture in also:
        if picture.sha256 in named - found.keys():
            found[picture.sha256] = _copy(picture, version)
    if missing := named - found.keys():
        for picture in Picture.objects.visible_to(by).filter(sha256__in=missing).order_by("-pk"):
            found[picture.sha256] = _copy(picture, version)
    return found


def keep(shelf: Shelf) -> None:
    """Save what was not in the version yet, which is a draft by now."""
    for picture in shelf.values():
        if picture.pk is None:
            picture.save()


def placed(sections: Sequence[SectionText], shelf: Shelf) -> list[SectionText]:
    """The sections with each picture as it is known, and without those that are not."""

    def known(picture: richtext.Picture) -> richtext.Picture | None:
        row = shelf.get(picture.digest)
        return _shown(row, picture.description) if row else None

    return [
        replace(part, body=richtext.clean(richtext.placed(_decoded(part.body, shelf), known), pictures=True))
        for part in sections
    ]


def copy_attachments(earlier: ProtocolVersion, later: ProtocolVersion) -> None:
    """Give a draft what the version before it carried."""
    for attachment in earlier.attachments.all():
        attachment.pk, attachment.version = None, later
        attachment._state.adding = True
        attachment.save()


def copy_questions(earlier: ProtocolVersion, later: ProtocolVersion) -> None:
    """Ask in a draft what the version before it asked."""
    for question in earlier.questions.all():
        question.pk, question.version = None, later
        question._state.adding = True
        question.save()


def used_in(version: ProtocolVersion) -> set[str]:
    """The hashes of the pictures that stand in the text."""
    return {picture.digest for part in version.sections.all() for picture in richtext.pictures_in(part.body)}


def _decoded(body: str, shelf: Shelf) -> str:
    """The text with a picture wherever an author wrote its code."""
    short = {digest[:8]: row for digest, row in shelf.items()}

    def picture(code: re.Match[str]) -> str:
        row = short.get(code[1])
        return str(_shown(row)) if row else code[0]

    pieces = _TAG.split(body)
    return "".join(piece if piece.startswith("<") else _CODE.sub(picture, piece) for piece in pieces)


def _shown(row: Picture, description: str = "") -> richtext.Picture:
    return richtext.Picture(row.sha256, description or row.description, row.width, row.height)


def _copy(picture: Picture, version: ProtocolVersion) -> Picture:
    said = ("sha256", "kind", "size", "width", "height", "description", "added_by_id", "added_at")
    return Picture(version=version, **{name: getattr(picture, name) for name in said})
