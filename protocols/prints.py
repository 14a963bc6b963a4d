"""What a printed copy carries: a code that answers, to whoever scans it, whether the copy may still be used.

The code names a version and is signed, so that nobody can guess another. The answer says nothing of what the protocol
is about: whoever is not signed in learns no more than yes, no, and from when.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO

import qrcode
from django.core.signing import BadSignature, Signer
from qrcode.image.svg import SvgPathImage

from intranet.core.time import organisation_day
from intranet.core.wording import full_day
from protocols.models import ProtocolVersion, Status

SALT = "protocols.prints"
LONGEST_CODE = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page behind the code says."""

    usable: bool
    title: str
    words: str


def code_of(version: ProtocolVersion) -> str:
    return Signer(salt=SALT).sign(str(version.pk)).replace(":", ".", 1)


def version_of(code: str) -> ProtocolVersion | None:
    """The version that a code names; None for a code that is not ours."""
    try:
        pk = Signer(salt=SALT).unsign(code[:LONGEST_CODE].replace(".", ":", 1))
    except BadSignature:
        return None
    return ProtocolVersion.objects.released().filter(pk=int(pk)).first()


def answer(version: ProtocolVersion, at: datetime) -> Answer:
    """Whether a copy of the version may be used at the moment."""
    number = version.number
    match version.status(at):
        case Status.IN_FORCE | Status.COMING if version.suspensions.open().exists():
            return Answer(False, "Do not use this copy", f"Version {number} is suspended. Ask the clinical lead first.")
        case Status.IN_FORCE:
            since = full_day(organisation_day(version.in_force.lower))
            return Answer(True, "This copy is still in force", f"It is version {number}, in force since {since}.")
        case Status.COMING:
            start = full_day(organisation_day(version.in_force.lower))
            return Answer(False, "Not in force yet", f"This copy is version {number}, which starts on {start}.")
        case Status.WITHDRAWN:
            return Answer(False, "Do not use this copy", f"Version {number} was withdrawn. Throw the copy away.")
        case _:
            return Answer(
                False,
                "Do not use this copy",
                f"Version {number} has been replaced by a newer one. Throw the copy away.",
            )


@lru_cache(maxsize=512)
def qr(address: str) -> str:
    """The address as a QR code: a picture that stands in the page itself, so that it is there when it is printed."""
    out = BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, box_size=8, border=2).save(out)
    return f"data:image/svg+xml;base64,{b64encode(out.getvalue()).decode()}"
