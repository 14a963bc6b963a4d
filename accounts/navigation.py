"""The places of this app in the main navigation."""


def register() -> None:
    from intranet.core.navigation import Item, register

    register(Item(label="People", icon="people", url_name="accounts:people", order=50))
