"""The places of this app in the main navigation."""

from accounts.roles import Capability
from intranet.core.access import AnyUser


def sees_audit(user: AnyUser) -> bool:
    """Everybody sees their own entries; only those who see others' need a place for it."""
    return bool(user.standing.scope(Capability.SEE_AUDIT))  # type: ignore[union-attr]


def register() -> None:
    from intranet.core.navigation import Item, Place, register

    register(Item(label="People", icon="people", url_name="accounts:people", order=50))
    register(Item(label="My page", icon="id", url_name="accounts:me", place=Place.ACCOUNT))
    register(Item(label="Audit log", icon="audit", url_name="accounts:audit", order=70, show=sees_audit))
