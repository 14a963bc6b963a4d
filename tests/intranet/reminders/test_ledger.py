"""What the database itself refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from intranet.reminders.models import Attempt, Delivery, DeliveryItem, Reminder
from intranet.reminders.runs import begin
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db


def refused(constraint: str, match: str = ""):
    return pytest.raises(IntegrityError, match=match or constraint)


def test_one_reminder_for_each_person_subject_and_occasion(therapist, floater, at):
    factories.reminder(recipient=therapist, at=at)
    factories.reminder(recipient=floater, at=at)
    factories.reminder(recipient=therapist, at=at, occasion="another")
    with refused("reminder_is_decided_once"), transaction.atomic():
        factories.reminder(recipient=therapist, at=at)


def test_a_reminder_ends_after_it_is_due(therapist, at):
    with refused("reminder_ends_after_it_is_due"), transaction.atomic():
        factories.reminder(recipient=therapist, at=at, not_after=at)


@pytest.mark.parametrize(
    "change",
    [{"released_at": None}, {"title": ""}, {"path": "//evil.example/"}, {"path": "https://evil.example"}, {"path": ""}],
)
def test_what_is_released_has_its_moment_and_its_words(therapist, at, change):
    reminder = factories.released(recipient=therapist, at=at)
    with refused("reminder_released_has_moment_and_words"), transaction.atomic():
        Reminder.objects.filter(pk=reminder.pk).update(**change)


@pytest.mark.parametrize("field", ["released_at", "mail_due_at", "settled_at", "read_at"])
def test_what_is_not_released_is_neither_read_nor_mailed(therapist, at, field):
    reminder = factories.reminder(recipient=therapist, at=at)
    with refused("reminder_released_has_moment_and_words"), transaction.atomic():
        Reminder.objects.filter(pk=reminder.pk).update(**{field: at})


def test_a_reminder_is_in_one_mail(therapist, at):
    first, second = (factories.delivery(recipient=therapist, at=at) for _ in range(2))
    reminder = factories.released(recipient=therapist, at=at)
    DeliveryItem.objects.create(delivery=first, reminder=reminder)
    with refused("reminders_deliveryitem_reminder_id_key"), transaction.atomic():
        DeliveryItem.objects.create(delivery=second, reminder=reminder)


def test_a_message_id_is_used_once(therapist, at):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("message_id"), transaction.atomic():
        factories.delivery(recipient=therapist, at=at, message_id=delivery.message_id)


@pytest.mark.parametrize("state", ["claimed", "committed"])
def test_what_is_being_sent_is_in_the_hands_of_a_run(therapist, at, state):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("delivery_in_hand_belongs_to_a_run"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, run=begin("manual", at))


def test_nothing_else_is_in_the_hands_of_a_run(therapist, at):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("delivery_in_hand_belongs_to_a_run"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(run=begin("manual", at))


@pytest.mark.parametrize("change", [{"state": "sent"}, {"state": "pending", "sent_at": "2026-11-25T10:00Z"}])
def test_sent_goes_with_its_moment(therapist, at, change):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("delivery_sent_has_its_moment"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(**change)


@pytest.mark.parametrize("state", ["doubt", "dead", "cancelled", "expired"])
def test_what_was_not_sent_has_a_reason(therapist, at, state):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("delivery_not_sent_has_a_reason"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(state=state)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, reason="Because.")


def test_one_attempt_at_a_time(therapist, at):
    delivery, run = factories.delivery(recipient=therapist, at=at), begin("manual", at)
    Attempt.objects.create(delivery=delivery, run=run, claimed_at=at)
    with refused("attempt_is_the_only_open_one"), transaction.atomic():
        Attempt.objects.create(delivery=delivery, run=run, claimed_at=at)


@pytest.mark.parametrize("fields", [{"outcome": "later"}, {"ended_at": "2026-11-25T10:00Z"}])
def test_an_attempt_that_ended_came_to_something(therapist, at, fields):
    delivery, run = factories.delivery(recipient=therapist, at=at), begin("manual", at)
    with refused("attempt_ends_with_an_outcome"), transaction.atomic():
        Attempt.objects.create(delivery=delivery, run=run, claimed_at=at, **fields)


@pytest.mark.parametrize("outcome", ["sent", "doubt"])
def test_nothing_was_taken_before_the_fence(therapist, at, outcome):
    delivery, run = factories.delivery(recipient=therapist, at=at), begin("manual", at)
    with refused("attempt_in_doubt_passed_the_fence"), transaction.atomic():
        Attempt.objects.create(delivery=delivery, run=run, claimed_at=at, ended_at=at, outcome=outcome)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payload", b"other bytes"),
        ("address", "other@clinic.example"),
        ("message_id", "<other@clinic.example>"),
        ("on_doubt", "hold"),
        ("created_at", "2026-11-24T10:00Z"),
        ("not_after", "2026-11-29T10:00Z"),
    ],
)
def test_a_composed_mail_never_changes(therapist, at, field, value):
    delivery = factories.delivery(recipient=therapist, at=at)
    with refused("", "never changes"), transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(**{field: value})


def test_a_composed_mail_never_changes_in_plain_sql_either(therapist, floater, at):
    delivery = factories.delivery(recipient=therapist, at=at)
    for sql in (
        "UPDATE reminders_delivery SET recipient_id = %s WHERE id = %s",
        "DELETE FROM reminders_delivery WHERE %s IS NOT NULL AND id = %s",
    ):
        with refused("", "never changes"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [floater.pk, delivery.pk])
    Delivery.objects.filter(pk=delivery.pk).update(tries=3, not_before=at + timedelta(hours=1))
