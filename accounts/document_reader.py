"""A process of its own that opens what a stranger made: `python -I accounts/document_reader.py < file`.

It knows no settings and no secrets, opens no files, and has little memory and few seconds: what a hostile document breaks is
this process alone. Out comes one line of JSON, then the bytes that it promises: a picture that is drawn anew (nothing but its
points is left of it), and for a PDF a picture of its first pages.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
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

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
BEGINNINGS = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}


class Unfit(Exception):
    """Not a document that may be kept; the words are for the person who chose the file."""


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


def read_image(content: bytes, kind: str) -> tuple[dict[str, Any], bytes]:
    """The same picture drawn anew, upright, without anything that a camera or a person wrote into the file."""
    from PIL import Image, ImageOps

    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = None  # ours is the smaller number, and says so in words
    image: Image.Image = Image.open(BytesIO(content), formats=[kind.removeprefix("image/").upper()])
    if image.width * image.height > MOST_POINTS:
        raise Unfit("This picture is far larger than a document: make it smaller and try again.")
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return {"kind": kind, "pages": 1}, drawn(on_white(ImageOps.exif_transpose(image)), kind)


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


def read_pdf(content: bytes) -> tuple[dict[str, Any], bytes]:
    """How many pages it has, and what the first ones look like, one below the other."""
    import pypdfium2
    from PIL import Image

    pdf = pypdfium2.PdfDocument(content)
    if not 0 < len(pdf) <= MOST_PAGES:
        raise Unfit(f"This PDF has {len(pdf)} pages; a document has 1 to {MOST_PAGES}.")
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


def read(content: bytes) -> tuple[dict[str, Any], bytes]:
    """What the file is and the picture to keep of it. Raises Unfit."""
    kind = kind_of(content)
    try:
        return read_pdf(content) if kind == PDF else read_image(content, kind)
    except Unfit:
        raise
    except Exception:  # what a broken file raises is nobody's promise; whatever it was, nothing was kept
        raise Unfit(
            "This file is damaged or protected by a password: save it again without one, and try again."
        ) from None


def main() -> None:
    limit()
    try:
        facts, picture = read(sys.stdin.buffer.read())
    except Unfit as unfit:
        facts, picture = {"unfit": str(unfit)}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + picture)


if __name__ == "__main__":
    main()
