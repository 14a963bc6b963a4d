"""An address that does not work: when it is flagged, what waits meanwhile, and what leaves when it works again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from intranet.audit.models import Entry
from intranet.reminders import addresses, locks
from intranet.reminders.addresses import Source, clear, flag, refuses_the_address, trouble_of
from intranet.reminders.handing_over import Outcome, Result, claim, conclude, pass_fence
from intranet.reminders.mailing import compose_mails
from intranet.reminders.models import AddressTrouble, Delivery, Reminder
from intranet.reminders.planning import plan
from intranet.reminders.preferring import choose_rhythms
from intranet.reminders.releasing import release
from intranet.reminders.runs import begin
from intranet.reminders.watching import oldest_due
from tests.conftest import CHICAGO
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
UNKNOWN_USER = "550 5.1.1 no such user"


@pytest.fixture
def refusing(mailbox):
    """A mail server that knows nobody, for as long as `refusing.says` is set."""
    mailbox.says = UNKNOWN_USER
    mailbox.at_recipient = lambda address: mailbox.says or "250 OK"
    return mailbox


@pytest.mark.parametrize(
    ("code", "reply", "at_recipient", "flags"),
    [
        (550, "5.1.1 No such user", True, True),
        (550, "5.1.2 Bad destination system", True, True),
        (550, "5.1.10 Null MX", True, True),
        (550, "5.2.1 Mailbox disabled", True, True),
        (550, "No such user", True, True),
        (551, "User not local", True, True),
        (553, "Mailbox name not allowed", True, True),
        (550, "5.0.0 Unknown", True, True),
        (550, "5.2.2 Mailbox full", True, False),
        (550, "5.7.1 Relaying denied", True, False),
        (554, "5.7.1 Blocked", True, False),
        (550, "5.1.8 Bad sender's system address", True, False),
        (550, "5.1.7 Bad sender's mailbox", True, False),
        (554, "Transaction failed", True, False),
        (552, "Too much mail data", True, False),
        (550, "Message looks like spam", False, False),
        (550, "5.1.1 No such user", False, True),
        (550, "5.6.1 Media not supported", False, False),
        (None, "Not an address", True, False),
    ],
)
def test_only_what_is_said_of_the_mailbox_flags(code, reply, at_recipient, flags):
    assert refuses_the_address(code, reply, at_recipient=at_recipient) is flags


def test_addresses_are_compared_as_the_mail_server_knows_them():
    assert addresses.normalised(" Avery@Müller.example ") == "avery@xn--mller-kva.example"
    assert addresses.normalised("Avery@" + "x" * 70 + ".example") == "avery@" + "x" * 70 + ".example"


def test_a_refused_address_is_flagged_and_the_rest_waits(planted, therapist, refusing, run_tick, at):
    planted.owe(therapist, "one", due=at)
    run_tick(at)
    trouble = AddressTrouble.objects.get()
    assert (trouble.person, trouble.address, trouble.source, trouble.code, trouble.cleared_at) == (
        *(therapist, therapist.email, "rcpt", "5.1.1", None),
    )
    assert "no such user" in trouble.reply
    [entry] = Entry.objects.filter(verb="address.flagged")
    assert (entry.actor_id, entry.target_id, entry.clinic_ids) == (
        *(None, str(therapist.pk), sorted(therapist.standing.clinic_ids)),
    )
    planted.owe(therapist, "two", due=at + HOUR)
    run_tick(at + HOUR)
    assert Delivery.objects.count() == 1
    assert Reminder.objects.visible_to(therapist).count() == 2
    assert Reminder.objects.get(occasion="two").mail_due_at is not None


def test_mails_that_waited_are_taken_apart(therapist, at):
    waits = factories.delivery(recipient=therapist, at=at, reminders=[factories.released(recipient=therapist, at=at)])
    doubtful = factories.delivery(
        recipient=therapist, at=at, doubts=1, reminders=[factories.released(recipient=therapist, at=at)]
    )
    flag(therapist, therapist.email, source=Source.RCPT, at=at)
    waits.refresh_from_db()
    doubtful.refresh_from_db()
    assert (waits.state, waits.reason, doubtful.state) == ("cancelled", addresses.WAITS, "pending")
    assert [row.mail_due_at for row in Reminder.objects.order_by("pk")] == [at, None]


def test_what_waits_for_an_address_is_not_late(therapist, at):
    factories.released(recipient=therapist, at=at - HOUR, mail_due_at=at - HOUR)
    assert oldest_due(at) == at - HOUR
    flag(therapist, therapist.email, source=Source.RCPT, at=at)
    assert oldest_due(at) is None


def test_it_is_flagged_once_for_as_long_as_it_lasts(therapist, at):
    first = flag(therapist, therapist.email.upper(), source=Source.RCPT, at=at)
    assert flag(therapist, therapist.email, source=Source.BOUNCE, at=at + HOUR) is None
    clear(first, by=None, why="It works.", at=at + HOUR)
    assert flag(therapist, therapist.email, source=Source.BOUNCE, at=at + 2 * HOUR) is not None
    with pytest.raises(IntegrityError, match="address_is_in_trouble_once"), transaction.atomic():
        AddressTrouble.objects.create(person=therapist, address=therapist.email, since=at, source="rcpt")


def test_the_database_wants_a_reason_for_clearing(therapist, at):
    flag(therapist, therapist.email, source=Source.RCPT, at=at)
    with pytest.raises(IntegrityError, match="address_cleared_with_a_reason"), transaction.atomic():
        AddressTrouble.objects.update(cleared_at=at)


def test_an_earlier_address_says_nothing_about_the_one_of_now(therapist, at):
    assert flag(therapist, "earlier@clinic.example", source=Source.BOUNCE, at=at) is None
    assert AddressTrouble.objects.count() == 0


@pytest.mark.parametrize("reply", ["550 5.7.1 policy", "554 5.6.0 content"])
def test_a_refusal_of_the_message_flags_nobody(planted, therapist, refusing, run_tick, reply, at):
    refusing.says = reply
    planted.owe(therapist, due=at)
    run_tick(at)
    assert Delivery.objects.get().state == "dead"
    assert AddressTrouble.objects.count() == 0


def test_when_it_works_again_one_mail_has_what_is_still_of_use(planted, therapist, manager, refusing, run_tick, at):
    planted.owe(therapist, "died", due=at)
    planted.owe(therapist, "over", due=at, until=at + HOUR)
    run_tick(at)
    for hour in (1, 2):
        planted.owe(therapist, f"waited {hour}", due=at + hour * HOUR)
        run_tick(at + hour * HOUR)
    planted.forgive("waited 1")
    run_tick(at + 2 * HOUR)
    planted.owe(therapist, "waited 3", due=at + 3 * HOUR)
    run_tick(at + 3 * HOUR)
    refusing.says = ""
    assert clear(AddressTrouble.objects.get(), by=manager, why="The mailbox was full.", at=at + 4 * HOUR) is True
    run_tick(at + 4 * HOUR)
    [mail] = refusing.messages
    sent = Delivery.objects.get(state="sent")
    assert sorted(sent.reminders.values_list("occasion", flat=True)) == ["died", "waited 2", "waited 3"]
    assert mail["Message-ID"] == sent.message_id
    assert trouble_of(therapist) is None
    [entry] = Entry.objects.filter(verb="address.cleared")
    assert (entry.actor_id, entry.changes) == (manager.pk, {"why": "The mailbox was full."})


def test_cleared_at_night_what_can_wait_comes_in_the_morning(planted, urgent, therapist, at):
    trouble = flag(therapist, therapist.email, source=Source.RCPT, at=at)
    for kind in (planted, urgent):
        kind.owe(therapist, due=at)
    plan(at)
    assert release(at) == {"released": 2, "mails": 0}
    night = at.replace(hour=23)
    assert clear(trouble, by=None, why="It works.", at=night) is True
    assert Delivery.objects.count() == 0
    assert compose_mails(night) == 1
    assert Delivery.objects.get().reminders.get().kind == "planted-urgent"
    assert Reminder.objects.get(kind="planted").mail_due_at == datetime(2026, 11, 26, 7, tzinfo=CHICAGO)


def test_what_is_wanted_in_the_app_only_by_then_is_not_mailed(planted, therapist, at):
    planted.optional = True
    trouble = flag(therapist, therapist.email, source=Source.RCPT, at=at)
    planted.owe(therapist, due=at)
    plan(at)
    release(at)
    choose_rhythms(therapist, {"planted": "in-app"}, by=therapist, at=at)
    clear(trouble, by=None, why="It works.", at=at + HOUR)
    assert (compose_mails(at + HOUR), Delivery.objects.count()) == (0, 0)
    assert Reminder.objects.get().mail_due_at is None


def test_what_may_have_arrived_goes_into_no_other_mail(therapist, at):
    trouble = flag(therapist, therapist.email, source=Source.RCPT, at=at)
    run = begin("manual", at)
    for doubts in (0, 1):
        reminders = [factories.released(recipient=therapist, at=at)]
        mail = factories.delivery(recipient=therapist, at=at, reminders=reminders, doubts=doubts)
        claim(run, at)
        conclude(mail, run, Result(Outcome.REFUSED, 550, UNKNOWN_USER), at)
    locks.free_run(run.pk)
    clear(trouble, by=None, why="It works.", at=at + HOUR)
    assert {(mail.state, mail.doubts): mail.reminders.count() for mail in Delivery.objects.all()} == {
        ("cancelled", 0): 0,
        ("pending", 0): 1,
        ("dead", 1): 1,
    }


def test_clearing_twice_does_nothing(therapist, at):
    trouble = flag(therapist, therapist.email, source=Source.RCPT, at=at)
    assert [clear(trouble, by=None, why="Once.", at=at), clear(trouble, by=None, why="Twice.", at=at)] == [True, False]
    trouble.refresh_from_db()
    assert trouble.why == "Once."


def test_another_address_clears_it(planted, therapist, refusing, run_tick, at):
    planted.owe(therapist, due=at)
    run_tick(at)
    therapist.email = "new.address@clinic.example"
    therapist.save(update_fields=["email"])
    refusing.says = ""
    assert run_tick(at + HOUR)["addresses_changed"] == 1
    assert refusing.addresses == ["new.address@clinic.example"]
    trouble = AddressTrouble.objects.get()
    assert (trouble.cleared_at is not None, trouble.cleared_by, trouble.why) == (True, None, addresses.CHANGED)


def test_a_new_address_that_no_mail_can_carry_holds_nobody_up(planted, therapist, floater, run_tick, mailbox, at):
    for person, address in ((therapist, "avery@" + "x" * 70 + ".example"), (floater, "new.address@clinic.example")):
        flag(person, person.email, source=Source.RCPT, at=at)
        planted.owe(person, due=at)
        factories.released(recipient=person, at=at, occasion="once", mail_due_at=at)
        person.email = address
        person.save(update_fields=["email"])
    assert run_tick(at)["addresses_changed"] == 1
    assert list(AddressTrouble.objects.open().values_list("person", flat=True)) == [therapist.pk]


def test_what_the_fence_stops_waits_as_well(planted, therapist, at):
    """The address was flagged, by a mail that came back, while a digest was on its way of which a part is not true."""
    planted.owe(therapist, "stays", due=at)
    reminders = [factories.released(recipient=therapist, at=at, occasion=name) for name in ("stays", "goes")]
    mail = factories.delivery(recipient=therapist, at=at, reminders=reminders)
    run = begin("manual", at)
    claim(run, at)
    flag(therapist, therapist.email, source=Source.BOUNCE, at=at)
    assert pass_fence(mail, run, at) is False
    locks.free_run(run.pk)
    assert Delivery.objects.count() == 1
    assert Reminder.objects.get(occasion="stays").mail_due_at == at


def test_a_refusal_that_was_not_about_the_recipient_is_only_dead(therapist, at):
    mail = factories.delivery(recipient=therapist, at=at)
    run = begin("manual", at)
    claim(run, at)
    conclude(mail, run, Result(Outcome.REFUSED, 550, "Message looks like spam"), at)
    locks.free_run(run.pk)
    assert (Delivery.objects.get().state, AddressTrouble.objects.count()) == ("dead", 0)


def test_one_sees_ones_own_and_whoever_runs_the_reminders_sees_all(therapist, floater, manager, administrator, at):
    mine = flag(therapist, therapist.email, source=Source.RCPT, at=at)
    theirs = flag(floater, floater.email, source=Source.RCPT, at=at)
    assert set(AddressTrouble.objects.visible_to(administrator)) == {mine, theirs}
    assert list(AddressTrouble.objects.visible_to(floater)) == [theirs]
    assert list(AddressTrouble.objects.visible_to(manager)) == []
