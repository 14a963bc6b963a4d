from __future__ import annotations

from datetime import timedelta

import pytest

from intranet.reminders.models import Attempt, Delivery, Reminder, Run

pytestmark = pytest.mark.django_db


def test_a_due_reminder_is_shown_and_mailed_once(planted, mailbox, run_tick, therapist, at):
    planted.owe(therapist, due=at)
    assert run_tick(at) == {"planned": 1, "released": 1, "mails": 1, "sent": 1}
    assert run_tick(at + timedelta(seconds=15)) == {}
    reminder = Reminder.objects.get()
    assert (reminder.state, reminder.title, reminder.mail_due_at) == ("released", "Planted: once", None)
    assert mailbox.subjects_for(therapist.email) == ["Planted: once"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_code, delivery.tries) == ("sent", 250, 0)
    assert bytes(delivery.payload) == mailbox.taken[0][1]
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["sent"]
    assert [(run.error, run.ended_at is not None) for run in Run.objects.all()] == [("", True)] * 2
