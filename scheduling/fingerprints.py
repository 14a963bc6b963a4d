"""What somebody looked at before they changed it: a short mark that forms and programs hand back with the change."""

from __future__ import annotations

from hashlib import sha256

from intranet.core.access import Conflict


def fingerprint(*facts: object) -> str:
    """The same for the same facts; another when any of them is different. Facts are values or their keys, not rows."""
    return sha256(repr(facts).encode()).hexdigest()[:16]


def require_unchanged(seen: str, now: str, what: str) -> None:
    """Conflict unless what somebody saw is what there is. `what` is what they meant to change: `these needs`."""
    if seen != now:
        words = f"Somebody changed {what} meanwhile. Look at it as it is now. Nothing was changed."
        raise Conflict.because("changed-meanwhile", words)
