"""Where one can go. Apps register their places in `AppConfig.ready()`; the shell draws them and knows no app by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import Resolver404, resolve, reverse

if TYPE_CHECKING:
    from intranet.core.access import AnyUser

BAR_PLACES = 4


class Place(StrEnum):
    """Where the shell draws an item."""

    MAIN = "main"  # the rail on a desktop; on a phone the four busiest are the bar and the rest is on the page More
    INBOX = "inbox"  # the bell on a desktop, a place of the bar or under More on a phone
    SEARCH = "search"  # the field in the top bar; the page answers ?q=
    ACCOUNT = "account"  # the menu under the person's name


def everyone(user: AnyUser) -> bool:
    return True


def uncounted(user: AnyUser) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the shell: who sees it, what number it carries, and how busy it is for this person.

    `bar_order` ranks the item for the phone's bar; the four lowest numbers win, `None` never competes. `in_rail` keeps an
    item of `Place.MAIN` off the desktop rail (it stays reachable under More).
    """

    label: str
    icon: str
    url_name: str
    order: int = 100
    show: Callable[[AnyUser], bool] = everyone
    count: Callable[[AnyUser], int | None] = uncounted
    count_words: str = "waiting"
    bar_order: int | Callable[[AnyUser], int | None] | None = None
    in_rail: Callable[[AnyUser], bool] = everyone
    place: Place = Place.MAIN

    def rank(self, user: AnyUser) -> int | None:
        return self.bar_order(user) if callable(self.bar_order) else self.bar_order


_registered: dict[tuple[Place, str], Item] = {}


def register(item: Item) -> None:
    """Add a place to the shell. An address stands once in each of its parts."""
    if (item.place, item.url_name) in _registered:
        raise ValueError(f"The navigation already has a place called {item.url_name}.")
    _registered[item.place, item.url_name] = item


def registered() -> list[Item]:
    """Every place, in the order in which the shell draws them."""
    return sorted(_registered.values(), key=lambda item: (item.order, item.label))


@dataclass(frozen=True, slots=True)
class Link:
    """An item as one person sees it on one page."""

    item: Item
    url: str
    count: int | None
    current: bool
    show: str = ""  # "rail" or "bar" when only one of the two draws it

    @property
    def label(self) -> str:
        return self.item.label

    @property
    def icon(self) -> str:
        return self.item.icon

    @property
    def count_words(self) -> str:
        return self.item.count_words


def page_above(path: str) -> str:
    """Where an address without a page of its own belongs: the nearest object or list that its path leads through.

    `/protocols/cupping/draft/approve/` belongs to `/protocols/cupping/`: what stands after an object's name is done to it.
    """
    while path.strip("/"):
        path = f"{path.rstrip('/').rpartition('/')[0]}/"
        try:
            named = [str(value) for value in resolve(path).kwargs.values()]
        except Resolver404:
            continue
        if not named or path.rstrip("/").endswith(f"/{named[-1]}"):
            return path
    return "/"


class Navigation:
    """The shell's links for one person on one page. Nothing is asked of the database until a template draws a link."""

    def __init__(self, user: AnyUser, path: str) -> None:
        self.user = user
        self.path = path
        self._counts: dict[str, int | None] = {}

    @cached_property
    def items(self) -> list[Item]:
        return [item for item in registered() if item.show(self.user)] if self.user.is_authenticated else []

    @cached_property
    def in_bar(self) -> list[Item]:
        """The person's four busiest places, in the order of the rail."""
        ranked = [(rank, item) for item in self.items if (rank := item.rank(self.user)) is not None]
        busiest = [item for _, item in sorted(ranked, key=lambda pair: pair[0])[:BAR_PLACES]]
        return [item for item in self.items if item in busiest]

    @cached_property
    def links(self) -> list[Link]:
        """Rail and bar as one list: most links are in both, `show` marks the others."""
        return list(self._links())

    def _links(self) -> Iterator[Link]:
        for item in self.items:
            rail = item.place == Place.MAIN and item.in_rail(self.user)
            bar = item in self.in_bar
            if rail or bar:
                yield self._link(item, show="" if rail and bar else "rail" if rail else "bar")

    @cached_property
    def more(self) -> list[Link]:
        """What a phone's bar has no room for."""
        places = (Place.MAIN, Place.INBOX)
        return [self._link(item) for item in self.items if item.place in places and item not in self.in_bar]

    @property
    def on_more(self) -> bool:
        """Whether a phone's bar has to mark More: on that page, and on every place that it leads to."""
        return self.path == reverse("core:more") or any(link.current for link in self.more)

    @cached_property
    def account(self) -> list[Link]:
        return [self._link(item) for item in self.items if item.place == Place.ACCOUNT]

    @cached_property
    def inbox(self) -> Link | None:
        return self._first(Place.INBOX)

    @cached_property
    def search(self) -> Link | None:
        return self._first(Place.SEARCH)

    @cached_property
    def _urls(self) -> dict[str, str]:
        return {item.url_name: reverse(item.url_name) for item in self.items}

    @cached_property
    def _here(self) -> str:
        """The address of the place that holds this page: the longest one that the path begins with."""
        holding = (url for url in self._urls.values() if self.path == url or (url != "/" and self.path.startswith(url)))
        return max(holding, key=len, default="")

    def _first(self, place: Place) -> Link | None:
        return next((self._link(item) for item in self.items if item.place == place), None)

    def _link(self, item: Item, show: str = "") -> Link:
        url = self._urls[item.url_name]
        return Link(item=item, url=url, count=self._count(item), current=url == self._here, show=show)

    def _count(self, item: Item) -> int | None:
        """Asked once a page, although the bell and the bar both show it."""
        if item.url_name not in self._counts:
            self._counts[item.url_name] = item.count(self.user)
        return self._counts[item.url_name]
