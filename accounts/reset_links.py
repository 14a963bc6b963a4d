"""The links of reset mails."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetLinks(PasswordResetTokenGenerator):
    """A link dies with the password, the addresses and the access of its owner: who left chooses no password any more."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        addresses = "|".join(sorted(user.emailaddress_set.values_list("email", flat=True)))
        return f"{super()._make_hash_value(user, timestamp)}{addresses}{user.is_active}"
