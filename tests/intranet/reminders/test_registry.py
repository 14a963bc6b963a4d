from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps

from intranet.reminders import registry
from intranet.reminders.owing import owed
from intranet.reminders.registry import Kind, OnDoubt


def test_two_kinds_may_not_share_a_code(planted):
    with pytest.raises(ValueError, match="planted"):
        registry.register(planted)


def test_a_kind_says_what_to_do_in_doubt():
    class Careless(Kind):
        code, label, subject, on_doubt = "careless", "Careless", "accounts.User", "shrug"

    with pytest.raises(ValueError, match="shrug"):
        registry.register(Careless())
    assert registry.find("careless") is None


def test_an_unknown_code_has_plain_words():
    assert registry.label_of("retired-long-ago") == "Reminder"


def test_kinds_come_in_order(urgent, planted):
    codes = [kind.code for kind in registry.registered()]
    assert codes == sorted(codes)
    assert {"planted", "planted-urgent"} <= set(codes)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", registry.registered(), ids=lambda kind: kind.code)
def test_every_kind_of_the_product_can_be_asked(kind: Kind):
    """Its query runs, its subject is a model, and its attributes are valid."""
    assert owed(kind, datetime(2026, 11, 25, 16, tzinfo=UTC)).execute("SELECT subject_id FROM owed") == []
    assert kind.model in apps.get_models()
    assert kind.on_doubt in set(OnDoubt)
    assert kind.label.strip()
    assert kind.tone in {"info", "caution", "danger", "ok", "neutral"}
    assert len(kind.code) <= 40
