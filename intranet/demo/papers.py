"""Papers for the demo: PDFs of plain lines, written here byte by byte."""

from __future__ import annotations

from collections.abc import Sequence

SHEET = (612, 792)  # points of a letter sheet
LEADING = 22


def pdf(lines: Sequence[str]) -> bytes:
    """One sheet with the lines in Helvetica, the first one larger. Letters outside of Latin-1 become question marks."""
    drawing = b"BT 1 0 0 1 60 720 Tm %d TL " % LEADING + b"".join(map(_line, range(len(lines)), lines)) + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font "
        b"/Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>" % SHEET,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def _line(number: int, words: str) -> bytes:
    safe = words.encode("latin-1", "replace")
    for sign in (b"\\", b"(", b")"):
        safe = safe.replace(sign, b"\\" + sign)
    return b"/F1 %d Tf (%s) Tj T* " % (20 if number == 0 else 12, safe)
