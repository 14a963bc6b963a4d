"""The places of this app in the main navigation."""


def register() -> None:
    from intranet.core.navigation import Item, Place, register

    register(Item(label="People", icon="people", url_name="accounts:people", order=50))
    register(Item(label="My page", icon="id", url_name="accounts:me", place=Place.ACCOUNT))
