"""Toasts with a way back."""

from __future__ import annotations

import pytest
from django.contrib.messages import SUCCESS
from django.contrib.messages.storage.base import Message

from intranet.core.toasts import WayBack, way_back_of


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("undo /roster/undo/ a:b:c", WayBack("/roster/undo/", "a:b:c")),
        ("undo /roster/undo/", None),
        ("undo", None),
        ("other /roster/undo/ a", None),
        ("", None),
        (None, None),
    ],
)
def test_only_what_names_where_and_what_can_be_undone(tags, expected):
    assert way_back_of(Message(SUCCESS, "Done.", extra_tags=tags)) == expected
