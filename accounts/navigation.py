"""The places of this app in the main navigation."""

from accounts.roles import Capability
from intranet.core.access import AnyUser


def sees_audit(user: AnyUser) -> bool:
    """Everybody sees their own entries; only those who see others' need a place for it."""
    return bool(user.standing.scope(Capability.SEE_AUDIT))  # type: ignore[union-attr]


def keeps_settings(user: AnyUser) -> bool:
    return user.standing.may(Capability.SETTINGS)  # type: ignore[union-attr]


def checks_credentials(user: AnyUser) -> bool:
    return bool(user.standing.scope(Capability.VERIFY_CREDENTIAL))  # type: ignore[union-attr]


def credentials_to_check(user: AnyUser) -> int | None:
    from accounts import filing, trainings  # the models are not loaded yet when this module is

    waiting = filing.to_check(user).count() + trainings.to_check(user).count()  # type: ignore[arg-type]
    return waiting or None


def register() -> None:
    from intranet.core.navigation import Item, Place, register

    register(Item(label="People", icon="people", url_name="accounts:people", order=50))
    register(
        Item(
            label="To check",
            icon="check-circle",
            url_name="accounts:to-check",
            order=60,
            show=checks_credentials,
            count=credentials_to_check,
            count_words="credentials to check",
        )
    )
    register(Item(label="My page", icon="id", url_name="accounts:me", place=Place.ACCOUNT))
    register(Item(label="Audit log", icon="audit", url_name="accounts:audit", order=70, show=sees_audit))
    register(Item(label="Settings", icon="settings", url_name="accounts:settings", order=90, show=keeps_settings))
