"""A process of its own that turns a Word file into HTML: `python -I protocols/word_reader.py < file`.

Run by `intranet.core.confined`, with the limits of `intranet.core.file_reader`. Out comes one line of JSON (the text, what
became of the rest, and what each picture is), then the pictures, drawn anew, one after the other.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the process is started without the project's path

from intranet.core import file_reader, office_files
from intranet.core.office_files import Package, Unfit
from intranet.core.wording import counted

# The title stands above the headings; so the headings go one level down.
STYLES = (
    "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh\n"
    + "".join(
        f"p[style-name='{word} {level}'] => h{min(level + 1, 6)}:fresh\n"
        for level in range(1, 7)
        for word in ("heading", "Heading")
    )
    + "".join(f"p[style-name='{word} {level}'] => !\n" for level in range(1, 10) for word in ("toc", "TOC"))
)
DOCUMENT = "word/document.xml"
COMMENTS = "word/comments.xml"
MARGIN = re.compile(r"word/(header|footer)\d*\.xml$")
MOST_CELLS = 5_000
MOST_PICTURES = 40
MOST_POINTS = 120_000_000  # of all pictures together
PICTURE = "/protocols/pictures/"
CONTENTS = re.compile(rb'w:val="TOC ?\d"')
NOTE = re.compile(r'<sup><a href="#(?:foot|end)note-\d+" id="[^"]*">\[(\d+)\]</a></sup>')
BACK = re.compile(r' ?<a href="#(?:foot|end)note-ref-\d+">[^<]*</a>')
NOTES = re.compile(r'<ol><li id="(?:foot|end)note-')


@dataclass(slots=True)
class Pictures:
    """The pictures of a document as they are drawn anew, and how many were not, and why."""

    drawn: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    linked: int = 0
    unfit: int = 0
    other: Counter[str] = field(default_factory=Counter)
    left: int = MOST_POINTS

    def place(self, image: Any) -> dict[str, str]:
        """The attributes of the picture in the text; those of one that is left out are dropped with it."""
        try:
            with image.open() as file:
                content = file.read()
        except ValueError:  # it lies outside of the file, and nothing is fetched
            self.linked += 1
            return {"src": ""}
        except KeyError:  # the file names it and does not hold it
            self.unfit += 1
            return {"src": ""}
        try:
            kind = file_reader.kind_of(content)
        except file_reader.Unfit:
            self.other[(image.content_type or "").rpartition("/")[2].removeprefix("x-").upper()] += 1
            return {"src": ""}
        try:
            self._spend(content)
            facts, found = file_reader.read_picture(content, kind)
        except Exception:  # what a broken picture raises is nobody's promise; whatever it was, it is left out
            self.unfit += 1
            return {"src": ""}
        digest = sha256(found).hexdigest()
        self.drawn.setdefault(digest, (facts | {"sha256": digest, "size": len(found)}, found))
        return {"src": f"{PICTURE}{digest}/"}

    def _spend(self, content: bytes) -> None:
        """Raises Unfit for more than a document has."""
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None
        with Image.open(BytesIO(content), formats=["PNG", "JPEG"]) as header:
            self.left -= header.width * header.height
        if self.left < 0 or len(self.drawn) >= MOST_PICTURES:
            raise Unfit("has too many pictures.")

    def notes(self) -> Iterator[str]:
        if self.linked:
            yield f"Left out: {counted(self.linked, 'picture')} outside of the file. Put them into it, or add them later."
        for kind, number in sorted(self.other.items()):
            named = f"the kind {kind}" if kind else "an unknown kind"
            yield f"Left out: {counted(number, 'picture')} of {named}. Save as PNG or JPEG and add later."
        if self.unfit:
            yield f"Left out: {counted(self.unfit, 'picture')}, damaged, far too large, or after the first {MOST_PICTURES}."


def read(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The text with its headings, lists, tables and pictures, and what was left out. Raises Unfit."""
    package = office_files.looked_through(content, DOCUMENT, "Word")
    if package.parts[DOCUMENT].tags["tc"] > MOST_CELLS:
        raise Unfit(f"holds tables of more than {MOST_CELLS:,} cells: take over what people read, and attach the rest.")
    text, unknown, pictures = _converted(content)
    text, headings = _bold_headings(_with_notes(text))
    notes = [*_lost(package), *pictures.notes()]
    if _has_contents(content):
        notes.append("Left out: the table of contents. The page makes its own.")
    facts = [facts for facts, _ in pictures.drawn.values()]
    found = b"".join(found for _, found in pictures.drawn.values())
    return {"html": text, "notes": [*notes, *headings, *unknown], "pictures": facts}, found


def _converted(content: bytes) -> tuple[str, list[str], Pictures]:
    import mammoth

    pictures = Pictures()
    try:
        result = mammoth.convert_to_html(
            BytesIO(content),
            style_map=STYLES,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(pictures.place),
            external_file_access=False,
        )
    except Exception:  # mammoth promises no kind of error for a broken file; whatever it was, nothing was read
        raise Unfit("is damaged: Word may be able to repair it.") from None
    return result.value, _unknown(result.messages), pictures


def _with_notes(text: str) -> str:
    """Footnotes as a part of their own at the end. A number in brackets would point to a reference."""
    text = BACK.sub("", NOTE.sub(r"<sup>note \1</sup>", text))
    first = NOTES.search(text)
    if first is None:
        return text
    level = min((int(level) for level in re.findall(r"<h([2-6])\b", text)), default=2)
    return f"{text[: first.start()]}<h{level}>Notes</h{level}>{text[first.start() :]}"


LONGEST_HEADING = 90
BOLD_LINE = re.compile(r"<p>((?:<a id=\"[^\"]*\"></a>)*)<strong>((?:(?!</?(?:p|strong)>).)*)</strong></p>")


def _bold_headings(text: str) -> tuple[str, list[str]]:
    """Where no heading has a heading's style, short lines in bold are what the author meant by one."""
    if re.search(r"<h[2-6]\b", text.replace("<h2>Notes</h2>", "")):
        return text, []
    found = 0

    def heading(line: re.Match[str]) -> str:
        nonlocal found
        if len(line[2]) > LONGEST_HEADING or line[2].rstrip().endswith((".", ",", ";", "!")) or "<img" in line[2]:
            return line[0]
        found += 1
        return f"<h2>{line[2].rstrip(': ')}</h2>"

    text = BOLD_LINE.sub(heading, text)
    return text, [f"Read as {counted(found, 'heading')}, because of the bold type: check them."] if found else []


def _has_contents(content: bytes) -> bool:
    import zipfile

    with zipfile.ZipFile(BytesIO(content)) as archive, archive.open(DOCUMENT) as part:
        return CONTENTS.search(part.read(office_files.MOST_XML)) is not None


def _lost(package: Package) -> Iterator[str]:
    """What a protocol does not take over, or takes over changed, in sentences."""
    tags = package.parts[DOCUMENT].tags
    if any(part.tags["t"] for name, part in package.parts.items() if MARGIN.search(name)):
        yield "Left out: headers and footers."
    if COMMENTS in package.parts and (comments := package.parts[COMMENTS].tags["comment"]):
        yield f"Left out: {counted(comments, 'comment')}."
    if tags["ins"] or tags["del"] or tags["moveFrom"]:
        yield "Tracked changes were read as accepted: what was added stays, what was deleted is gone."
    if tags["txbxContent"]:
        yield "There are text boxes: check that their text came along in the right place."
    if notes := tags["footnoteReference"] + tags["endnoteReference"]:
        yield f"{counted(notes, 'footnote')} became a section “Notes” at the end."
    if (drawings := tags["graphicData"] - tags["pic"] - tags["txbx"]) > 0:
        yield f"Left out: {counted(drawings, 'drawing, chart or diagram', 'drawings, charts or diagrams')}."
    if objects := max(tags["OLEObject"], len(package.embedded)) + tags["altChunk"]:
        yield f"Left out: {counted(objects, 'embedded object')}."
    if package.has_macros:
        yield "Left out: macros."
    if tags["oMath"]:
        yield f"Left out: {counted(tags['oMath'], 'equation')}."
    if boxes := tags["checkBox"] + tags["checkbox"]:
        yield f"Left out: {counted(boxes, 'box', 'boxes')} to tick."
    if tags["highlight"] or tags["shd"]:
        yield "Left out: highlighting and shading. Say in words what they meant."
    if tags["vanish"]:
        yield "There is hidden text, which is shown now: check it."
    if outside := package.fetches.total() - package.fetches["image"]:
        yield f"Left out: {counted(outside, 'reference')} to a file outside, such as a template. Nothing was fetched."


def _unknown(messages: list[Any]) -> list[str]:
    """Styles that mean nothing to us, each named once."""
    named = [re.search(r"Style ID: (\S+?)\)", message.message) for message in messages]
    styles = sorted({style.group(1) for style in named if style})
    return [f"Read as plain paragraphs, because their style is not known: {', '.join(styles)}."] if styles else []


def main() -> None:
    file_reader.limit()
    try:
        facts, found = read(sys.stdin.buffer.read())
    except Unfit as unfit:
        facts, found = {"unfit": str(unfit)}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + found)


if __name__ == "__main__":
    main()
