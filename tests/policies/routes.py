"""Every address of the product, read from the URL configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

SAMPLES = {"int": "0", "str": "nothing", "slug": "nothing", "uuid": "00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True)
class Route:
    """One pattern: its full name and an address that fits it but leads to no object."""

    name: str
    address: str
    view: Any


def routes() -> list[Route]:
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        address = prefix + _sample(str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, address, inner)
        elif isinstance(entry, URLPattern):
            yield Route(name=f"{namespace}{entry.name}", address="/" + address, view=entry.callback)


def _sample(pattern: str) -> str:
    """An address for `route/<int:pk>/` or for a regular expression such as DRF's routers write."""
    plain = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], pattern)
    if plain.startswith("^") or "(?P" in pattern:
        plain = re.sub(r"\(\?P<(\w+)>\[\^[^\]]*\]\+\)", "0", pattern)
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", "nothing", plain)
        plain = plain.replace("\\.", ".").strip("^$").replace("/?", "/").removesuffix("\\Z")
    return plain
