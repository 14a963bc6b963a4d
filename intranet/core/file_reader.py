"""A process of its own that opens what a stranger made: `python -I intranet/core/file_reader.py TASK < file`.

It knows no settings and no secrets, opens no files, and has little memory and few seconds: what a hostile file breaks is
this process alone. Out comes one line of JSON, then the bytes that it promises.

Tasks: `document` (a PDF with a picture of its first pages, or an image drawn anew), `picture` (an image drawn anew, for a
page), `paper` (a PDF with its words, or an image drawn anew). Of an image that is drawn anew nothing but its points is left.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

MEMORY = 512 * 1024 * 1024
SECONDS = 15
MOST_POINTS = 40_000_000
LONGEST_SIDE = 2400
MOST_PAGES = 30
PAGES_IN_PICTURE = 3
PAGE_WIDTH = 1000
TALLEST_PAGE = 2000
PICTURE_SIDE = 1600
HEAVY_PICTURE = 700_000  # bytes; a photograph saved as PNG becomes a JPEG
PAPER_PAGES = 300
PAPER_WORDS = 400_000  # characters to search in

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
BEGINNINGS = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}
Found = tuple[dict[str, Any], bytes]


class Unfit(Exception):
    """Not a file that may be kept; the words are for the person who chose it."""


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def kind_of(content: bytes) -> str:
    """By how it begins, whatever it is called."""
    for beginning, kind in BEGINNINGS.items():
        if content.startswith(beginning):
            return kind
    raise Unfit("This is not a PDF, PNG or JPEG file, whatever its name says.")


def opened(content: bytes, kind: str, longest_side: int) -> Any:
    """An image, upright and in plain colours, no larger than asked for."""
    from PIL import Image, ImageOps

    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = None  # ours is the smaller number, and says so in words
    image: Image.Image = Image.open(BytesIO(content), formats=[kind.removeprefix("image/").upper()])
    if image.width * image.height > MOST_POINTS:
        raise Unfit("This picture is far larger than a document: make it smaller and try again.")
    image.draft("RGB", (longest_side, longest_side))
    image.thumbnail((longest_side, longest_side))
    return on_white(ImageOps.exif_transpose(image))


def on_white(image: Any) -> Any:
    """In plain colours: what was see-through is white, as on paper. Only the points go over."""
    from PIL import Image

    paper = Image.new("RGB", image.size, "white")
    seen = image.convert("RGBA")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def drawn(image: Any, kind: str) -> bytes:
    out = BytesIO()
    if kind == JPEG:
        image.save(out, "JPEG", quality=85, optimize=True)
    else:
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def read_image(content: bytes, kind: str) -> Found:
    """The same picture drawn anew, upright, without anything that a camera or a person wrote into the file."""
    image = opened(content, kind, LONGEST_SIDE)
    return {"kind": kind, "pages": 1}, drawn(image, kind)


def read_picture(content: bytes, kind: str) -> Found:
    """A picture for a page: as `read_image`, smaller, and light enough for a phone."""
    if kind == PDF:
        raise Unfit("A picture is a PNG or JPEG file.")
    image = opened(content, kind, PICTURE_SIDE)
    found = drawn(image, kind)
    if kind == PNG and len(found) > HEAVY_PICTURE and len(lighter := drawn(image, JPEG)) < len(found):
        kind, found = JPEG, lighter
    return {"kind": kind, "width": image.width, "height": image.height}, found


def read_pdf(content: bytes) -> Found:
    """How many pages it has, and what the first ones look like, one below the other."""
    from PIL import Image

    pdf = pages_of(content, MOST_PAGES)
    sheets = []
    for number in range(min(len(pdf), PAGES_IN_PICTURE)):
        page = pdf[number]
        width, height = page.get_size()
        scale = min(PAGE_WIDTH / max(width, 1), TALLEST_PAGE / max(height, 1))
        sheets.append(page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB"))
    picture = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), "white")
    top = 0
    for sheet in sheets:
        picture.paste(sheet, (0, top))
        top += sheet.height
    return {"kind": PDF, "pages": len(pdf)}, drawn(picture, JPEG)


def read_words(content: bytes) -> Found:
    """How many pages a PDF has, and its words, as UTF-8; a scan has none."""
    pdf = pages_of(content, PAPER_PAGES)
    words: list[str] = []
    for page in pdf:
        words.append(" ".join(page.get_textpage().get_text_bounded(errors="replace").split()))
        if sum(map(len, words)) > PAPER_WORDS:
            break
    text = "\n".join(filter(None, words)).replace("\x00", "")[:PAPER_WORDS]
    return {"kind": PDF, "pages": len(pdf)}, text.encode(errors="replace")


def pages_of(content: bytes, most: int) -> Any:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(content)
    if not 0 < len(pdf) <= most:
        raise Unfit(f"This PDF has {len(pdf)} pages; a document has 1 to {most}.")
    return pdf


def read_document(content: bytes, kind: str) -> Found:
    return read_pdf(content) if kind == PDF else read_image(content, kind)


def read_paper(content: bytes, kind: str) -> Found:
    return read_words(content) if kind == PDF else read_image(content, kind)


TASKS: dict[str, Callable[[bytes, str], Found]] = {
    "document": read_document,
    "picture": read_picture,
    "paper": read_paper,
}


def read(content: bytes, task: str) -> Found:
    """What the file is and the bytes to keep of it. Raises Unfit."""
    kind = kind_of(content)
    try:
        return TASKS[task](content, kind)
    except Unfit:
        raise
    except Exception:  # what a broken file raises is nobody's promise; whatever it was, nothing was kept
        raise Unfit(
            "This file is damaged or protected by a password: save it again without one, and try again."
        ) from None


def main() -> None:
    limit()
    try:
        facts, found = read(sys.stdin.buffer.read(), sys.argv[1])
    except Unfit as unfit:
        facts, found = {"unfit": str(unfit)}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + found)


if __name__ == "__main__":
    main()
