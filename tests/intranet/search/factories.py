"""What search keeps, made only through the actions."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from intranet.search import aliases
from intranet.search.aliases import Words
from intranet.search.models import Alias


def alias(*, by: User, at: datetime, term: str = "DN", means: str = "dry needling") -> Alias:
    return aliases.add(Words(term, means), by=by, at=at)
