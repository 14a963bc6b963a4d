"""Filing credentials: who files and who checks, which period it is, what is sent back, withdrawn or taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import filing
from accounts.credentials import FileLine, State, credential_file
from accounts.filing import Facts, correct, fingerprint, hand_in, send_back, take_back, to_check, verify_credential
from accounts.filing import withdraw as withdraw_check
from accounts.gates import gate
from accounts.models import Checker, Credential, CredentialType, Profession, User
from accounts.reminders import CredentialExpiring
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from tests import factories
from tests.conftest import CAST

ON = date(2026, 11, 25)


@pytest.fixture
def card() -> CredentialType:
    """Two years, to the end of the month, as a BLS card."""
    return factories.credential_type(code="card", name="Card", rule="months_end", months=24)


@pytest.fixture
def licence() -> CredentialType:
    return factories.credential_type(
        code="licence", name="Licence", rule="even_years", month=9, day=30, checker=Checker.LEAD
    )


def filed(user: User, type: CredentialType, day: date, at: datetime, **options) -> Credential:
    facts = Facts(day, options.pop("last_day", None))
    return hand_in(user, type, facts, paper=options.pop("paper", None), by=options.pop("by", user), at=at)


def period(credential: Credential) -> tuple[date, date | None]:
    return credential.valid.lower, credential.last_day


def line(user: User, on: date = ON) -> FileLine:
    (found,) = credential_file(user, on)
    return found


# --- Which period


def test_a_first_one_counts_from_its_first_day(therapist, card, at):
    assert period(filed(therapist, card, date(2026, 11, 5), at)) == (date(2026, 11, 5), date(2028, 11, 30))


def test_a_card_renewed_three_weeks_early_follows_on(therapist, manager, card, at):
    factories.credential(
        user=therapist, type=card, start=date(2024, 11, 10), end=date(2026, 12, 1), verified_by=manager
    )
    renewal = filed(therapist, card, date(2026, 11, 9), at)
    assert (period(renewal), renewal.issued_on) == ((date(2026, 12, 1), date(2028, 11, 30)), date(2026, 11, 9))
    assert filing.gap_before(renewal) is None
    assert line(therapist).state == State.EXPIRING
    verify_credential(renewal, by=manager, at=at)
    assert (line(therapist).state, line(therapist).renewal) == (State.IN_FORCE, renewal)
    assert line(therapist, date(2026, 12, 1)).credential == renewal


def test_a_licence_renewed_before_its_fixed_date_is_the_one_after_it(therapist, manager, licence, at):
    factories.credential(
        user=therapist, type=licence, start=date(2025, 1, 1), end=date(2026, 12, 1), verified_by=manager
    )
    assert period(filed(therapist, licence, date(2026, 11, 20), at)) == (date(2026, 12, 1), date(2028, 9, 30))


def test_a_gap_is_said_aloud(therapist, manager, card, at):
    factories.credential(user=therapist, type=card, end=date(2026, 11, 1), verified_by=manager)
    renewal = filed(therapist, card, date(2026, 11, 20), at)
    assert filing.gap_before(renewal) == (date(2026, 11, 1), date(2026, 11, 19))


def test_a_gap_before_a_renewal_leaves_the_old_one_ending(therapist, manager, card, at):
    old = factories.credential(user=therapist, type=card, end=date(2026, 12, 1), verified_by=manager)
    renewal = filed(therapist, card, date(2026, 12, 9), at)
    verify_credential(renewal, by=manager, at=at)
    found = line(therapist)
    assert (found.credential, found.state, found.gap_before_renewal) == (
        *(old, State.EXPIRING),
        (date(2026, 12, 1), date(2026, 12, 8)),
    )
    between = line(therapist, date(2026, 12, 5))
    assert (between.credential, between.state, between.words) == (renewal, State.NOT_YET, "From Dec 9, 2026")


def test_an_older_card_is_filed_behind_what_is_there(therapist, manager, card, at):
    factories.credential(user=therapist, type=card, start=date(2024, 12, 1), end=date(2026, 12, 1), verified_by=manager)
    assert period(filed(therapist, card, date(2022, 11, 5), at)) == (date(2022, 11, 5), date(2024, 11, 30))


@pytest.mark.parametrize(
    ("rule", "first", "words"),
    [
        ({"rule": "months", "months": 1}, date(2026, 11, 1), "On file already: Kind from Jan 1, 2024 to Nov 30, 2026"),
        ({"rule": "months", "months": 24}, date(2023, 1, 1), "On file already: Kind from Jan 1, 2024 to Nov 30, 2026"),
        ({"rule": "none"}, date(2023, 1, 1), "On file already: Kind from Jan 1, 2024 to Nov 30, 2026"),
        ({"rule": "months", "months": 1}, date(2027, 11, 27), "more than a year ahead"),
    ],
)
def test_what_takes_time_that_is_taken_is_refused(therapist, manager, at, rule, first, words):
    kind = factories.credential_type(code="kind", name="Kind", **rule)
    factories.credential(user=therapist, type=kind, start=date(2024, 1, 1), end=date(2026, 12, 1), verified_by=manager)
    with pytest.raises(Refused, match=words) as refused:
        filed(therapist, kind, first, at)
    assert [reason.field for reason in refused.value.verdict.reasons] == ["issued_on"]


def test_one_that_waits_is_corrected_not_filed_twice(therapist, card, at):
    filed(therapist, card, date(2026, 11, 5), at)
    with pytest.raises(Refused, match="and waits for a check"):
        filed(therapist, card, date(2026, 11, 5), at)


def test_what_does_not_end_needs_no_second(therapist, manager, at):
    kind = factories.credential_type(name="Kind", rule="none")
    factories.credential(user=therapist, type=kind, verified_by=manager)
    with pytest.raises(Refused, match="The Kind on file does not end"):
        filed(therapist, kind, ON, at)


@pytest.mark.parametrize(
    ("fields", "last", "words"),
    [
        ({"rule": "entered"}, None, "Enter the last day"),
        ({"rule": "entered"}, date(2026, 11, 4), "comes after the first"),
        ({"rule": "entered"}, date(2086, 11, 4), "at most 20 years later"),
        ({"rule": "none"}, date(2026, 12, 4), "follows from the first"),
        ({"rule": "none", "professions": [Profession.DESK]}, None, "not asked of PT staff"),
        ({"rule": "none", "retired_at": datetime(2026, 1, 1).astimezone()}, None, "not asked of PT staff"),
        ({"rule": "none", "needs_document": True}, None, "needs its document"),
    ],
)
def test_what_no_document_says_is_refused(therapist, at, fields, last, words):
    with pytest.raises(Refused, match=words):
        filed(therapist, factories.credential_type(**fields), date(2026, 11, 5), at, last_day=last)


def test_a_changed_rule_changes_no_period_on_file(therapist, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at)
    CredentialType.objects.update(rule="none", months=None)
    credential.refresh_from_db()
    assert period(credential) == (date(2026, 11, 5), date(2028, 11, 30))


# --- Who


@pytest.mark.parametrize("who", CAST)
def test_who_files_for_a_therapist(cast, therapist, card, at, who):
    if who in {"therapist", "manager", "clinical_lead"}:
        assert filed(therapist, card, ON, at, by=cast[who]).filed_by == cast[who]
    else:
        with pytest.raises(Forbidden):
            filed(therapist, card, ON, at, by=cast[who])


def test_nothing_is_filed_for_who_left(therapist, manager, card, at):
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    with pytest.raises(Forbidden, match="no longer works here"):
        filed(therapist, card, ON, at, by=manager)


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize("checker", list(Checker))
def test_the_queue_is_what_the_rule_allows(cast, at, who, checker):
    """Of everybody in the cast, one each: the list and the question agree."""
    kind = factories.credential_type(checker=checker)
    for person in cast.values():
        factories.credential(user=person, type=kind)
    listed = {credential.user for credential in to_check(cast[who])}
    allowed = {person for person in cast.values() if filing.may_verify(person, by=cast[who], type=kind)}
    assert listed == allowed
    assert bool(allowed) is (who == "clinical_lead" or (who.startswith("manager") and checker == Checker.MANAGER))


def test_what_is_clinical_is_checked_by_the_lead_alone(therapist, manager, clinical_lead, licence, at):
    credential = filed(therapist, licence, ON, at)
    with pytest.raises(Forbidden, match="the clinical lead checks it"):
        verify_credential(credential, by=manager, at=at)
    assert verify_credential(credential, by=clinical_lead, at=at).verified_by == clinical_lead


def test_what_the_lead_filed_is_checked_by_a_manager_of_the_clinic(
    mt_prospect, clinical_lead, manager, manager_oakbrook, licence, at
):
    factories.membership(user=clinical_lead, role=Role.THERAPIST, clinic=mt_prospect)
    credential = filed(clinical_lead, licence, ON, at)
    assert [list(to_check(person)) for person in (manager, manager_oakbrook, clinical_lead)] == [[credential], [], []]
    assert verify_credential(credential, by=manager, at=at).verified_by == manager


# --- Checking


def test_a_type_that_asks_for_its_document_is_not_verified_without(therapist, manager, at):
    kind = factories.credential_type(name="Kind", rule="none", needs_document=True)
    credential = factories.credential(user=therapist, type=kind)
    with pytest.raises(Refused, match="Kind needs its document"):
        verify_credential(credential, by=manager, at=at)
    factories.document(credential=credential)
    assert verify_credential(credential, by=manager, at=at).verified_at == at


def test_what_was_corrected_meanwhile_has_to_be_looked_at_again(therapist, manager, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at)
    for change in (
        lambda: correct(credential, Facts(date(2026, 11, 6)), by=therapist, at=at),
        lambda: correct(credential, Facts(date(2026, 11, 6), reference="7"), by=therapist, at=at),
        lambda: correct(credential, Facts(date(2026, 11, 6), None, "7"), paper=factories.paper(), by=therapist, at=at),
    ):
        seen = fingerprint(Credential.objects.get())
        change()
        with pytest.raises(Conflict, match="look again"):
            verify_credential(credential, by=manager, at=at, seen=seen)
    seen = fingerprint(Credential.objects.get())
    assert verify_credential(credential, by=manager, at=at, seen=seen).verified_by == manager


def test_what_is_sent_back_counts_for_nothing_and_stands_in_nobodys_way(therapist, manager, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at)
    send_back(credential, reason=" The day cannot be read. ", by=manager, at=at)
    found = line(therapist)
    assert (found.state, found.came_back, found.came_back.remark) == (
        *(State.SENT_BACK, credential),
        "The day cannot be read.",
    )
    assert [reason.code for reason in gate(therapist, ON).warnings] == ["credential-missing"]
    again = filed(therapist, card, date(2026, 11, 5), at + timedelta(minutes=5))
    found = line(therapist)
    assert (found.state, found.credential, found.came_back, found.earlier) == (
        *(State.NOT_VERIFIED, again, None),
        [credential],
    )


def test_what_is_sent_back_is_corrected_and_waits_again(therapist, manager, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at, by=manager)
    send_back(credential, reason="Wrong day.", by=manager, at=at)
    corrected = correct(credential, Facts(date(2026, 11, 6)), by=therapist, at=at)
    assert (corrected.waits, corrected.remark, corrected.filed_by, list(to_check(manager))) == (
        *(True, "", therapist),
        [credential],
    )


def test_a_correction_gives_way_to_what_was_filed_meanwhile(therapist, manager, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at)
    send_back(credential, reason="Wrong day.", by=manager, at=at)
    filed(therapist, card, date(2026, 11, 5), at)
    with pytest.raises(Refused, match="On file already"):
        correct(credential, Facts(date(2026, 11, 5)), by=therapist, at=at)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_sending_back_takes_a_reason_that_can_be_read(therapist, manager, card, at, reason):
    credential = filed(therapist, card, ON, at)
    with pytest.raises(Refused) as refused:
        send_back(credential, reason=reason, by=manager, at=at)
    assert refused.value.verdict.reasons[0].field == "reason"


def test_only_who_filed_it_takes_it_back(therapist, manager, clinical_lead, card, at):
    credential = filed(therapist, card, ON, at, by=manager, paper=factories.paper())
    for person in (therapist, clinical_lead):
        with pytest.raises(Forbidden, match="Whoever filed it"):
            take_back(credential, by=person)
    take_back(credential, by=manager)
    assert Credential.objects.count() == 0
    assert Entry.objects.filter(verb="credential.taken-back").count() == 1
    with pytest.raises(Conflict, match="taken back meanwhile"):
        verify_credential(credential, by=clinical_lead, at=at)


def test_what_is_verified_is_withdrawn_and_never_changed(therapist, manager, clinical_lead, card, at):
    credential = filed(therapist, card, date(2026, 11, 5), at)
    verify_credential(credential, by=manager, at=at)
    with pytest.raises(Forbidden, match="It was verified"):
        take_back(credential, by=therapist)
    with pytest.raises(Forbidden, match="It was verified"):
        correct(credential, Facts(ON), by=therapist, at=at)
    with pytest.raises(Conflict, match="Dana Mockridge has checked it"):
        send_back(credential, reason="Wrong.", by=clinical_lead, at=at)
    withdraw_check(credential, reason="The card of somebody else.", by=clinical_lead, at=at)
    found = line(therapist)
    assert (found.state, found.credential, found.earlier) == (State.MISSING, None, [credential])
    assert list(Credential.objects.in_force(ON)) == []
    assert period(filed(therapist, card, date(2026, 11, 5), at)) == (date(2026, 11, 5), date(2028, 11, 30))
    with pytest.raises(Conflict, match="withdrawn already"):
        withdraw_check(credential, reason="Again.", by=clinical_lead, at=at)


@pytest.mark.parametrize("who", CAST)
def test_who_withdraws_a_check(cast, therapist, manager, card, at, who):
    credential = factories.credential(user=therapist, type=card, verified_by=manager)
    if who in {"manager", "clinical_lead"}:
        assert withdraw_check(credential, reason="Wrong.", by=cast[who], at=at).withdrawn_by == cast[who]
    else:
        with pytest.raises(Forbidden):
            withdraw_check(credential, reason="Wrong.", by=cast[who], at=at)


def test_nobody_is_reminded_of_what_does_not_count_or_is_no_longer_asked_for(therapist, manager, at):
    kind = factories.credential_type(lead_days=[30])
    credential = factories.credential(user=therapist, type=kind, end=date(2026, 12, 9), verified_by=manager)

    def reminded() -> list[int]:
        return [row.pk for rows in CredentialExpiring().owed(at) for row in rows]

    assert reminded() == [credential.pk]
    kind.retired_at = at
    kind.save()
    assert (reminded(), credential_file(therapist, date(2026, 12, 9))) == ([], [])
    kind.retired_at = None
    kind.save()
    withdraw_check(credential, reason="Wrong.", by=manager, at=at)
    assert reminded() == []


# --- What the database refuses


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("verified_by_id = user_id, verified_at = now()", "credential_is_verified_by_another_person"),
        ("sent_back_by_id = {lead}, sent_back_at = now()", "credential_is_sent_back_unverified_with_a_reason"),
        (
            "sent_back_by_id = {lead}, sent_back_at = now(), remark = 'x', verified_by_id = {lead}, verified_at = now()",
            "credential_is_sent_back_unverified_with_a_reason",
        ),
        (
            "withdrawn_by_id = {lead}, withdrawn_at = now(), remark = 'x'",
            "credential_is_withdrawn_by_another_with_a_reason",
        ),
        (
            "verified_by_id = {lead}, verified_at = now(), withdrawn_by_id = {lead}, withdrawn_at = now()",
            "credential_is_withdrawn_by_another_with_a_reason",
        ),
        (
            "verified_by_id = {lead}, verified_at = now(), withdrawn_by_id = user_id, withdrawn_at = now(), remark = 'x'",
            "credential_is_withdrawn_by_another_with_a_reason",
        ),
        ("valid = 'empty'", "credential_has_a_first_day"),
    ],
)
def test_the_database_refuses(therapist, clinical_lead, card, change, constraint):
    credential = factories.credential(user=therapist, type=card)
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        words = change.format(lead=clinical_lead.pk)
        cursor.execute(f"UPDATE accounts_credential SET {words} WHERE id = %s", [credential.pk])


def test_the_database_keeps_what_was_verified(therapist, manager, card, at):
    waiting = factories.credential(user=therapist, type=factories.credential_type())
    verified = factories.credential(user=therapist, type=card, verified_by=manager)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_credential WHERE id = %s", [waiting.pk])
        with pytest.raises(DatabaseError, match="was verified is evidence"), transaction.atomic():
            cursor.execute("DELETE FROM accounts_credential WHERE id = %s", [verified.pk])


# --- Many at once


def at_once(number: int, press: Callable[[int], None]) -> list[str]:
    """What came of so many presses at the same moment, in words."""
    start, outcomes = Barrier(number), []

    def one(which: int) -> None:
        try:
            start.wait(60)
            press(which)
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(str(refused))
        finally:
            connection.close()

    threads = [Thread(target=one, args=[which]) for which in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_24_checks_at_once_one_wins(therapist, manager, clinical_lead, card, at):
    credential = filed(therapist, card, ON, at)
    checkers = [manager, clinical_lead]
    ids = [person.pk for person in checkers]

    def press(which: int) -> None:
        by = User.objects.get(pk=ids[which % 2])
        if which % 3:
            verify_credential(Credential.objects.get(pk=credential.pk), by=by, at=at)
        else:
            send_back(Credential.objects.get(pk=credential.pk), reason="Wrong.", by=by, at=at)

    outcomes = at_once(24, press)
    assert outcomes.count("done") == 1
    assert all("already" in words for words in outcomes if words != "done")
    assert Entry.objects.filter(verb__in=["credential.verified", "credential.sent-back"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_12_filings_at_once_one_is_filed(therapist, card, at):
    outcomes = at_once(12, lambda which: filed(User.objects.get(pk=therapist.pk), card, ON, at))
    assert outcomes.count("done") == 1
    assert all("On file already" in words for words in outcomes if words != "done")
    assert Credential.objects.count() == 1
