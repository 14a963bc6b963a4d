"""Word files as HTML and pictures. A .docx is an archive of XML written by anybody: a process of its own reads it."""

from __future__ import annotations

from dataclasses import dataclass

from intranet.core import confined
from protocols import word_reader
from protocols.pictures import Drawn
from protocols.unreadable import Unreadable


@dataclass(frozen=True, slots=True)
class Inlaid:
    """A picture within a file, drawn anew, under the hash of its bytes."""

    digest: str
    drawn: Drawn


def html_from_word(content: bytes, name: str) -> tuple[str, list[str], list[Inlaid]]:
    """The text of a .docx with its headings, lists and tables, what was left out, and the pictures. Raises Unreadable."""
    try:
        facts, found = confined.run(word_reader.__file__, content)
    except confined.Unfit as unfit:
        said = str(unfit)
        raise Unreadable(f"{name} {said.removeprefix('This file ')}") from None
    pictures, start = [], 0
    for picture in facts["pictures"]:
        end = start + picture["size"]
        drawn = Drawn(picture["kind"], found[start:end], picture["width"], picture["height"])
        pictures.append(Inlaid(picture["sha256"], drawn))
        start = end
    return facts["html"], facts["notes"], pictures
