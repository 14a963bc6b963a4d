"""Documents for the demo's credentials: drawn here, and plainly fictional at first sight."""

from __future__ import annotations

from io import BytesIO

from django.db.backends.postgresql.psycopg_any import DateRange
from PIL import Image, ImageDraw, ImageFont

from accounts.credentials import last_day
from accounts.documents import KIND, Paper
from accounts.models import Credential, CredentialType, User
from intranet.core.wording import full_day

SHEET = (850, 1100)
INK, FAINT = "#1d2b3a", "#b8c4c9"


def certificate(user: User, type: CredentialType, period: DateRange) -> Paper:
    """A sheet with name, kind and days. Licences are PDFs as offices send them, the rest pictures as phones take them."""
    sheet = _sheet(user, type, period)
    if type.needs_document:
        return Paper(KIND.PDF, _saved(sheet, "PDF"), _saved(sheet, "JPEG"), 1)
    return Paper(KIND.PNG, _saved(sheet, "PNG"), b"", 1)


def _sheet(user: User, type: CredentialType, period: DateRange) -> Image.Image:
    sheet = Image.new("RGB", SHEET, "white")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((40, 40, SHEET[0] - 40, SHEET[1] - 40), outline=FAINT, width=3)
    for top in range(180, SHEET[1] - 160, 230):
        pen.text((SHEET[0] / 2, top), "FICTIONAL", fill="#eef2f3", font=ImageFont.load_default(110), anchor="mm")
    last = last_day(Credential(valid=period))
    lines = [
        ("Office of Invented Certificates", 30),
        (type.name, 46),
        ("is held by", 26),
        (user.name, 46),
        (f"from {full_day(period.lower)}", 30),
        (f"to {full_day(last)}" if last else "without an end", 30),
        ("Made for a demonstration. Nobody of this name has it.", 22),
    ]
    for place, (words, size) in enumerate(lines):
        font = ImageFont.load_default(size)
        pen.text((SHEET[0] / 2, 200 + place * 120), words, fill=INK, font=font, anchor="mm")
    return sheet


def _saved(sheet: Image.Image, form: str) -> bytes:
    out = BytesIO()
    sheet.save(out, form)
    return out.getvalue()
