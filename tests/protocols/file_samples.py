"""Files made on the spot: pictures, PDFs with words, Word and Excel files."""

from __future__ import annotations

import zipfile
from io import BytesIO

from PIL import Image

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
    drawing = f"BT /F1 24 Tf 40 700 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        start,
    )


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
