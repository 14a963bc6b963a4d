"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind
from intranet.search.aliases import may_edit
from intranet.search.models import Alias

ACTIONS = {
    "search_alias.added": Action("Search alias added", "ok"),
    "search_alias.changed": Action("Search alias changed", "caution"),
    "search_alias.removed": Action("Search alias removed", "caution"),
}

KINDS = {
    "search.alias": Kind(
        "Search alias", lambda viewer: Alias.objects.all() if may_edit(viewer) else Alias.objects.none()
    ),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
