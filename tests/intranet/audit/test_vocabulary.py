"""Every verb that is written has words, registered by the app that writes it."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import transaction

from accounts import verbs as verbs_of_people
from accounts.models import User
from intranet.audit import checks, vocabulary
from intranet.audit.models import Entry
from intranet.audit.recording import UnknownVerb, record
from intranet.audit.vocabulary import Action, kind_words


@pytest.mark.django_db
def test_a_verb_that_nobody_registered_is_not_recorded(therapist: User):
    with pytest.raises(UnknownVerb, match=r"protocol\.forgotten"), transaction.atomic():
        record(therapist, "protocol.forgotten", therapist)
    assert not Entry.objects.exists()


def test_everything_that_the_product_records_is_registered():
    assert [found for found in run_checks() if found.id == checks.UNKNOWN] == []


def test_a_verb_in_the_code_that_nobody_registered_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(vocabulary._actions, "shift.deleted")
    [found] = [found for found in run_checks() if found.id == checks.UNKNOWN]
    assert found.msg.startswith("scheduling/assigning.py:")
    assert found.msg.endswith(" records “shift.deleted”, which no app has registered.")


def test_the_check_reads_calls_and_not_words():
    code = f"""{checks.IMPORT}
# record(by, "said.in-passing", thing)
record(
    by, "thing.done", thing, clinics=clinics_of(thing)
)
record(by, f"{{thing}}.changed", thing)
other.record(by, "somebody.elses", thing)
"""
    assert list(checks.recorded_in(code)) == [(3, "thing.done")]
    assert list(checks.recorded_in('record(by, "another.function", thing)')) == []


def test_nobody_registers_the_same_verb_or_kind_twice():
    with pytest.raises(ValueError, match=r"shift\.deleted"):
        vocabulary.register({"shift.deleted": Action("Shift thrown away")})
    with pytest.raises(ValueError, match=r"accounts\.user"):
        vocabulary.register({}, {"accounts.user": verbs_of_people.KINDS["accounts.user"]})


def test_no_two_verbs_read_the_same():
    words = [action.words for _, action in vocabulary.actions()]
    assert sorted(set(words)) == words


def test_a_verb_from_before_it_got_another_name_is_still_read():
    assert vocabulary.action_of("some_thing.happened").words == "Some thing happened"
    assert vocabulary.action_of("session.refused").tone == "danger"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("accounts.user", "Person"),
        ("scheduling.shift", "Shift"),
        ("reminders.reminder", "Reminder"),  # registered by nobody
        ("gone.thing", "Gone.thing"),
        ("", ""),
    ],
)
def test_kinds_of_objects_have_words(kind: str, words: str):
    assert kind_words(Entry(target_type=kind)) == words
