"""Files made on the spot: pictures, PDFs with words, Word and Excel files."""

from __future__ import annotations

import zipfile
from io import BytesIO

from PIL import Image

from intranet.demo import papers
from protocols.pictures import Drawn

# A part with more in it than any document has, which does not shrink much.
HUGE = "<w>" + "".join(f"<c n='{number * 2654435761 % 2**32:x}'/>" for number in range(600_001)) + "</w>"


def png(size: tuple[int, int] = (40, 30), colour: str = "#a33") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def jpeg(size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#383").save(out, "JPEG", **options)
    return out.getvalue()


def drawn(colour: str = "#a33") -> Drawn:
    """A picture as if it had been looked at."""
    return Drawn("image/png", png(colour=colour), 40, 30)


def pdf_with_words(words: str) -> bytes:
    """One page on which the words stand."""
    return papers.pdf([words])


def xlsx(words: str = "Repetitions", **parts: str) -> bytes:
    """A workbook with one word in it."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{words}</t></si></sst>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
