"""That somebody had a whole version before them: a signed word from the page that showed it, without which nobody signs.

The hash of a text proves nothing of the kind: it stands on every certificate. A proof is made only where the whole text is
handed out, names the person, the version and the text, and counts for as long as somebody may take to read it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer

from accounts.models import User
from protocols.models import ProtocolVersion

SALT = "protocols.opening"
COUNTS_FOR = timedelta(hours=12)  # opened in the morning, acknowledged in the evening
LONGEST = 400


def proof(version: ProtocolVersion, *, reader: User, at: datetime) -> str:
    """Handed out together with the whole text, by nobody else."""
    return Signer(salt=SALT).sign_object([reader.pk, version.pk, version.content_hash, at.timestamp()])


def has_opened(version: ProtocolVersion, given: str, *, reader: User, at: datetime) -> bool:
    """Whether the person had this very text before them within the last twelve hours, by the proof that they give."""
    try:
        *what, moment = Signer(salt=SALT).unsign_object(given[:LONGEST])
    except BadSignature:
        return False
    return (
        what == [reader.pk, version.pk, version.content_hash] and at.timestamp() - moment < COUNTS_FOR.total_seconds()
    )
