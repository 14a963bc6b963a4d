"""A picture and an attachment for one of the demo's protocols, drawn and written here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from accounts.models import User
from intranet.core.papers import Kind, Paper
from intranet.demo import papers
from protocols import attachments, drafting, pictures
from protocols.models import ProtocolVersion
from protocols.pictures import Drawn

ILLUSTRATED = {"dry-needling-lumbar": "Purpose and scope"}  # by code: the section that gets the picture
SIZE = (1200, 760)
INK, OPEN, SHUT = "#1d2b3a", "#cfe8d5", "#f4c7c3"
MIDDLE, TOP, RIB, BOTTOM = 300, 60, 345, 680  # of the back: from the left, and downwards
STEPS = 48
LABELS = (
    ("Thorax: never\nunder this protocol", 190),
    ("Twelfth rib", RIB),
    ("Low back: open", 440),
    ("Gluteal region: open", 590),
)
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
    paper = Paper(Kind.PDF, papers.pdf(CONSENT), 1, "\n".join(filter(None, CONSENT)))
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
    pen.polygon(_torso(TOP, RIB), fill=SHUT)
    pen.polygon(_torso(RIB, BOTTOM), fill=OPEN)
    outline = _torso(TOP, BOTTOM)
    pen.line(outline[: STEPS + 1], fill=INK, width=4)
    pen.line(outline[STEPS + 1 :], fill=INK, width=4)
    for top in range(TOP + 20, BOTTOM - 10, 34):
        pen.rounded_rectangle((MIDDLE - 8, top, MIDDLE + 8, top + 24), 6, outline=INK, width=3)
    for top in range(TOP + 30, RIB - 20, 38):
        for first, last in ((200, 250), (290, 340)):
            pen.arc((MIDDLE - 150, top, MIDDLE + 150, top + 80), first, last, INK, 3)
    for left in range(MIDDLE - 210, MIDDLE + 210, 28):
        pen.line((left, RIB, left + 14, RIB), fill=INK, width=4)
    for words, top in LABELS:
        pen.line((MIDDLE + 90, top, 610, top), fill=INK, width=3)
        pen.multiline_text((630, top), words, fill=INK, font=ImageFont.load_default(46), anchor="lm", spacing=10)
    note = "Schematic, not to scale. Drawn for this demonstration."
    pen.text((60, 712), note, fill="#556666", font=ImageFont.load_default(28))
    out = BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return Drawn(Kind.PNG, out.getvalue(), *SIZE)


def _torso(top: int, bottom: int) -> list[tuple[float, float]]:
    """The outline of a back between two heights: down the left side, up the right one."""
    heights = [top + (bottom - top) * step / STEPS for step in range(STEPS + 1)]
    sides = [(_half_width(height), height) for height in heights]
    left = [(MIDDLE - half, height) for half, height in sides]
    return left + [(MIDDLE + half, height) for half, height in reversed(sides)]


def _half_width(height: float) -> float:
    """Shoulders, waist and hips, as half of what a back measures there."""
    known = [(60, 190), (170, 184), (420, 136), (570, 176), (680, 172)]
    for (above, wide), (below, narrow) in pairwise(known):
        if height <= below:
            share = (height - above) / (below - above)
            smooth = share * share * (3 - 2 * share)
            return wide + (narrow - wide) * smooth
    return known[-1][1]
