import pytest
from django.contrib.auth.models import AnonymousUser

from intranet.core import navigation
from intranet.core.navigation import Item, Navigation, Place

# Pages of the shell and of the sign-in library stand in for places of the apps, which this package does not know.
HOME = Item("Home", "home", "core:more", order=10, bar_order=1)
BOARD = Item("Board", "roster", "account_login", order=20, bar_order=lambda user: 2 if user.manages else None)
MINE = Item("Mine", "calendar", "account_logout", order=30, bar_order=lambda user: 5 if user.manages else 2)
NEWS = Item("News", "megaphone", "account_email", order=40, bar_order=4)
PEOPLE = Item("People", "people", "mfa_index", order=50)
LETTERS = Item("Inbox", "inbox", "account_inactive", order=60, bar_order=3, place=Place.INBOX, count=lambda user: 4)
SECRET = Item("Audit", "audit", "account_signup", order=70, show=lambda user: user.manages)
FILE = Item("My file", "id", "usersessions_list", place=Place.ACCOUNT)


class Person:
    is_authenticated = True

    def __init__(self, *, manages: bool) -> None:
        self.manages = manages


@pytest.fixture(autouse=True)
def _only_these_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_registered", {})
    for item in (PEOPLE, SECRET, LETTERS, HOME, NEWS, MINE, BOARD, FILE):
        navigation.register(item)


def labels(links: list[navigation.Link], show: str | None = None) -> list[str]:
    return [link.label for link in links if show is None or link.show in ("", show)]


def test_the_bar_holds_the_four_busiest_places_of_the_person() -> None:
    manager, therapist = Navigation(Person(manages=True), "/"), Navigation(Person(manages=False), "/")
    assert labels(manager.links, "bar") == ["Home", "Board", "News", "Inbox"]
    assert labels(therapist.links, "bar") == ["Home", "Mine", "News", "Inbox"]


def test_the_rail_holds_every_place_but_the_inbox_which_is_the_bell() -> None:
    manager = Navigation(Person(manages=True), "/")
    assert labels(manager.links, "rail") == ["Home", "Board", "Mine", "News", "People", "Audit"]
    assert manager.inbox is not None
    assert (manager.inbox.label, manager.inbox.count) == ("Inbox", 4)


def test_more_holds_what_the_bar_has_no_room_for() -> None:
    assert labels(Navigation(Person(manages=True), "/").more) == ["Mine", "People", "Audit"]
    assert labels(Navigation(Person(manages=False), "/").more) == ["Board", "People"]


def test_the_inbox_is_under_more_where_the_bar_has_no_room_for_it() -> None:
    for number, url_name in enumerate(("account_reauthenticate", "account_set_password")):
        navigation.register(Item(f"Busy {number}", "home", url_name, bar_order=0))
    manager = Navigation(Person(manages=True), "/")
    assert "Inbox" not in labels(manager.links, "bar")
    assert [(link.label, link.count) for link in manager.more if link.label == "Inbox"] == [("Inbox", 4)]


def test_a_place_that_is_not_for_the_person_is_nowhere() -> None:
    therapist = Navigation(Person(manages=False), "/")
    assert "Audit" not in labels(therapist.links) + labels(therapist.more) + labels(therapist.account)


def test_nobody_gets_nothing() -> None:
    nobody = Navigation(AnonymousUser(), "/")
    assert (nobody.links, nobody.more, nobody.account, nobody.inbox) == ([], [], [], None)


def test_the_current_place_is_the_one_whose_address_the_page_continues_most() -> None:
    inside = Navigation(Person(manages=True), "/accounts/email/2/edit/")
    assert [link.label for link in inside.links if link.current] == ["News"]
    assert inside.on_more is False
    assert Navigation(Person(manages=True), "/accounts/2fa/totp/").on_more is True


def test_a_count_is_asked_for_once_and_only_when_something_is_drawn() -> None:
    asked: list[object] = []
    navigation.register(Item("Slow", "clock", "account_reset_password", count=lambda user: asked.append(user)))
    shell = Navigation(Person(manages=True), "/")
    assert asked == []
    assert "Slow" in labels(shell.links)
    assert "Slow" in labels(shell.more)
    assert len(asked) == 1


def test_two_places_cannot_share_an_address() -> None:
    with pytest.raises(ValueError, match="already has a place called core:more"):
        navigation.register(Item("Again", "home", "core:more"))
