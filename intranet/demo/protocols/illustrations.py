"""A picture and an attachment for one of the demo's protocols, drawn and written here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from accounts.models import User
from intranet.demo import papers
from protocols import attachments, drafting, pictures
from protocols.models import Kind, ProtocolVersion
from protocols.pictures import Drawn

ILLUSTRATED = {"dry-needling-lumbar": "Purpose and scope"}  # by code: the section that gets the picture
SIZE = (1200, 760)
SKIN, INK, OPEN, SHUT = "#f3e4d8", "#1d2b3a", "#cfe8d5", "#f4c7c3"
SHOWS = (
    "The back, seen from behind. Below the twelfth rib, the low back and the gluteal region are marked as open under this "
    "protocol; the thorax above is marked as closed."
)
CONSENT = (
    "Consent to dry needling: low back and gluteal region",
    "",
    "A sample for the demonstration of this intranet. Not for use with patients.",
    "",
    "I was told what dry needling is, what it may do for me, and what else could be done.",
    "I was told that it may hurt, bleed or bruise, and whom to call if something feels wrong.",
    "I know that I can say no at any time, also in the middle of a session.",
    "I have said whether I take blood thinners, am pregnant, or have a pacemaker.",
    "",
    "Body region: low back and gluteal region, and no other.",
    "",
    "Name ______________________________     Date ______________",
    "",
    "Signature __________________________     Therapist __________________________",
)


def illustrate(version: ProtocolVersion, code: str, *, by: User, at: datetime) -> ProtocolVersion:
    """The draft with a picture in one of its sections and with a form to take along, when it is one of those."""
    if code not in ILLUSTRATED:
        return version
    picture = pictures.add(version, _region(), description=SHOWS, by=by, at=at)
    paper = attachments.Paper(Kind.PDF, papers.pdf(CONSENT), 1, "\n".join(filter(None, CONSENT)))
    attachments.add(version, paper, name="Consent form, low back and gluteal region", by=by, at=at)
    version.refresh_from_db()
    text = drafting.text_of(version)
    sections = [
        replace(part, body=f"{part.body}<p>{picture.code}</p>") if part.heading == ILLUSTRATED[code] else part
        for part in text.sections
    ]
    return drafting.edit_draft(version, replace(text, sections=sections), by=by, at=at, token=version.token)


def _region() -> Drawn:
    sheet = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(sheet)
    pen.polygon(_torso(90, 690), fill=SKIN)
    pen.polygon(_torso(90, 360), fill=SHUT)
    pen.polygon(_torso(360, 690), fill=OPEN)
    pen.line(_torso(90, 690)[:13], fill=INK, width=4)
    pen.line(_torso(90, 690)[13:], fill=INK, width=4)
    for top in range(110, 680, 34):
        pen.rounded_rectangle((392, top, 408, top + 24), 6, outline=INK, width=3)
    for rib in range(6):
        top = 120 + rib * 38
        for side in (-1, 1):
            pen.arc((400 - 150, top, 400 + 150, top + 80), 200 if side < 0 else 290, 250 if side < 0 else 340, INK, 3)
    for left in range(190, 620, 28):
        pen.line((left, 360, left + 14, 360), fill=INK, width=4)
    for words, size, top in (
        ("Thorax: never under this protocol", 32, 210),
        ("Twelfth rib", 32, 342),
        ("Low back: open", 32, 440),
        ("Gluteal region: open", 32, 600),
    ):
        pen.text((690, top), words, fill=INK, font=ImageFont.load_default(size))
    for top in (226, 358, 456, 616):
        pen.line((560, top, 675, top), fill=INK, width=3)
    pen.text(
        (60, 720),
        "Schematic, not to scale. Drawn for this demonstration.",
        fill="#566",
        font=ImageFont.load_default(22),
    )
    out = BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return Drawn(Kind.PNG, out.getvalue(), *SIZE)


def _torso(top: int, bottom: int) -> list[tuple[float, float]]:
    """The outline of a back between two heights: down the left side, up the right one."""
    steps = [top + (bottom - top) * step / 12 for step in range(13)]
    sides = [(_half_width(height), height) for height in steps]
    return [(400 - half, height) for half, height in sides] + [(400 + half, height) for half, height in reversed(sides)]


def _half_width(height: float) -> float:
    """Shoulders, waist and hips, as half of what a back measures there."""
    known = [(90, 185), (200, 178), (360, 138), (430, 132), (560, 172), (690, 168)]
    for (above, wide), (below, narrow) in pairwise(known):
        if height <= below:
            share = (height - above) / (below - above)
            smooth = share * share * (3 - 2 * share)
            return wide + (narrow - wide) * smooth
    return known[-1][1]
