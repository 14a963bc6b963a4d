"""Lost phone and recovery codes: two administrators together, within a day, once; the person is told and enrols anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import lost_factor, tokens
from accounts.models import ApiToken, SecondStepReset, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from intranet.reminders.models import Delivery, Reminder
from intranet.reminders.ticking import tick
from tests import factories
from tests.conftest import CAST
from tests.factories import PASSWORD
from tests.races import outcomes

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
REASON = "Phone stolen on the train, I know her voice"
LIST = "/people/second-step-resets/"


@pytest.fixture(autouse=True)
def clock(at: datetime):
    with time_machine.travel(at, tick=False) as clock:
        yield clock


@pytest.fixture
def second(administrator: User) -> User:
    return factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])


@pytest.fixture
def person(manager: User) -> User:
    """A manager with an app and recovery codes, both lost."""
    TOTP.activate(manager, SECRET)
    RecoveryCodes.activate(manager)
    return manager


@pytest.fixture
def started(person: User, administrator: User, second: User, at: datetime) -> SecondStepReset:
    return lost_factor.start(person, reason=REASON, by=administrator, at=at)


def verbs() -> list[str]:
    return list(
        Entry.objects.filter(verb__startswith="second_step.reset").order_by("id").values_list("verb", flat=True)
    )


def fresh(person: User) -> User:
    """As the next request finds them: with a standing of its own."""
    return User.objects.get(pk=person.pk)


class TestRule:
    def test_the_second_administrator_takes_everything_away(
        self, started: SecondStepReset, person: User, second: User, at: datetime, settings
    ):
        settings.SECOND_STEP_OPTIONAL = False
        browser = Client()
        _, text = tokens.make(name="Wall", scopes=["people:read"], days=9, by=person, at=at)
        browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        lost_factor.confirm(started, by=second, at=at)
        assert not Authenticator.objects.filter(user=person).exists()
        assert (tokens.found_by(text, at), ApiToken.objects.get().revoked_by) == (None, second)
        assert verbs() == ["second_step.reset-started", "second_step.reset"]
        entry = Entry.objects.get(verb="second_step.reset")
        assert entry.changes == {"kinds": ["Recovery codes", "TOTP Authenticator"], "started_by": "Ada Nonesuch"}
        again = Client()
        again.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert again.get("/").url == again.get("/roster/").url == reverse("mfa_index")

    def test_every_session_ends(self, person: User, administrator: User, second: User, at: datetime):
        Authenticator.objects.filter(user=person).delete()
        browser = Client()
        browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        TOTP.activate(person, SECRET)
        assert browser.get("/").status_code == 200
        reset = lost_factor.start(person, reason=REASON, by=administrator, at=at)
        assert browser.get("/").status_code == 200
        lost_factor.confirm(reset, by=second, at=at)
        assert browser.get("/").url.split("?")[0] == reverse("account_login")

    @pytest.mark.parametrize("who", CAST)
    def test_who_starts_it(self, person: User, second: User, cast: dict[str, User], at: datetime, who: str):
        if who == "administrator":
            lost_factor.start(person, reason=REASON, by=cast[who], at=at)
        else:
            with pytest.raises(Forbidden):
                lost_factor.start(person, reason=REASON, by=cast[who], at=at)
        assert SecondStepReset.objects.exists() is (who == "administrator")

    def test_neither_the_first_nor_the_person_confirms(self, administrator: User, second: User, at: datetime):
        third = factories.staff(name="Una Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
        TOTP.activate(second, SECRET)
        with pytest.raises(Forbidden, match="Somebody else has to start"):
            lost_factor.start(second, reason=REASON, by=second, at=at)
        reset = lost_factor.start(second, reason=REASON, by=administrator, at=at)
        for by, words in ((administrator, "Another administrator"), (second, "Two other administrators")):
            with pytest.raises(Forbidden, match=words):
                lost_factor.confirm(reset, by=by, at=at)
        assert Authenticator.objects.count() == 1
        lost_factor.confirm(reset, by=third, at=at)
        assert Authenticator.objects.count() == 0

    def test_it_gets_too_old_and_gives_way(self, started: SecondStepReset, person, administrator, second, at: datetime):
        day = timedelta(hours=24)
        with pytest.raises(Refused, match="more than a day old"):
            lost_factor.confirm(started, by=second, at=at + day)
        with pytest.raises(Refused, match="waits already"):
            lost_factor.start(person, reason=REASON, by=second, at=at + day - timedelta(seconds=1))
        anew = lost_factor.start(person, reason=REASON, by=second, at=at + day)
        assert list(SecondStepReset.objects.pending(at + day)) == [anew]

    def test_cancelled_it_does_nothing(self, started: SecondStepReset, person: User, second: User, at: datetime):
        lost_factor.cancel(started, by=second, at=at)
        with pytest.raises(Refused, match="was cancelled"):
            lost_factor.confirm(started, by=second, at=at)
        assert (Authenticator.objects.count(), verbs()[-1]) == (2, "second_step.reset-cancelled")

    def test_it_dies_with_the_power_of_whoever_started_it(
        self, started, administrator: User, second: User, at: datetime
    ):
        factories.as_if_always(administrator.memberships.all(), role=Role.CLINICAL_LEAD)
        with pytest.raises(Refused, match="no administrator any more"):
            lost_factor.confirm(started, by=second, at=at)

    @pytest.mark.parametrize("reason", ["", "lost", "  a \n b   "])
    def test_a_reason_says_something(self, person: User, administrator: User, second: User, at: datetime, reason: str):
        with pytest.raises(ValidationError, match="how you know that it is them"):
            lost_factor.start(person, reason=reason, by=administrator, at=at)

    def test_alone_it_cannot_be_done_and_says_what_to_do(self, person: User, administrator: User, at: datetime):
        with pytest.raises(Forbidden, match=r"second person administrator first.*reset_second_step"):
            lost_factor.start(person, reason=REASON, by=administrator, at=at)

    @pytest.mark.parametrize("who", ["started_by", "user"])
    def test_the_database_wants_a_third_as_well(self, started: SecondStepReset, at: datetime, who: str):
        row = SecondStepReset.objects.filter(pk=started.pk)
        with pytest.raises(IntegrityError, match="second_step_reset_is_confirmed_by_a_third"), transaction.atomic():
            row.update(confirmed_by=getattr(started, who), confirmed_at=at)

    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ({"confirmed_by": None, "confirmed_at": True}, "says_who_confirmed_it"),
            ({"cancelled_at": True}, "says_who_cancelled_it"),
            ({"started_by": "user"}, "is_started_by_another"),
        ],
    )
    def test_the_database_refuses(self, started: SecondStepReset, at: datetime, values: dict[str, Any], name: str):
        real = {
            key: at if value is True else started.user if value == "user" else value for key, value in values.items()
        }
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            SecondStepReset.objects.filter(pk=started.pk).update(**real)

    @pytest.mark.django_db(transaction=True)
    def test_of_24_who_confirm_at_once_one_does(self, started: SecondStepReset, second: User, at: datetime):
        third = factories.staff(name="Una Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
        came = outcomes(lambda by=by: lost_factor.confirm(started, by=fresh(by), at=at) for by in [second, third] * 12)
        assert sorted(came) == ["done", *["taken-away-already"] * 23]
        assert verbs().count("second_step.reset") == 1


class TestMail:
    def titles(self, person: User) -> list[str]:
        return list(
            Reminder.objects.filter(recipient=person, state="released").order_by("id").values_list("title", flat=True)
        )

    def test_the_person_is_told_at_both_moments_and_the_second_administrator_at_the_first(
        self, started: SecondStepReset, person: User, administrator: User, second: User, at: datetime
    ):
        tick(at, "manual")
        assert self.titles(person) == ["Your second step is about to be taken away"]
        assert (self.titles(second), self.titles(administrator)) == (["A second administrator is needed"], [])
        told = Reminder.objects.get(recipient=person)
        assert "If that was not you" in told.body
        assert "Ada Nonesuch, administrator, has asked" in told.body
        lost_factor.confirm(started, by=second, at=at + timedelta(minutes=1))
        tick(at + timedelta(minutes=2), "manual")
        assert self.titles(person) == ["Your second step is about to be taken away", "Your second step was taken away"]

    def test_at_night_as_well(self, started: SecondStepReset, person: User, at: datetime):
        night = at.replace(hour=2) + timedelta(days=1)
        SecondStepReset.objects.update(started_at=night, expires_at=night + timedelta(hours=24))
        tick(night, "manual")
        assert Delivery.objects.filter(recipient=person).count() == 1


class TestPages:
    def test_from_the_roles_to_the_second_administrator(
        self, person: User, administrator: User, second: User, sign_in: Callable[..., Client]
    ):
        first, other = sign_in(administrator), sign_in(second)
        address = reverse("accounts:second-step-reset", args=[person.pk])
        assert address in first.get(reverse("accounts:roles", args=[person.pk])).content.decode()
        assert "Otto Nonesuch confirms it" in first.get(address).content.decode()
        short = first.post(address, {"reason": "lost"})
        assert (short.status_code, "how you know" in short.content.decode()) == (422, True)
        assert first.post(address, {"reason": REASON}).url == LIST
        reset = SecondStepReset.objects.get()
        confirm = reverse("accounts:second-step-reset-confirm", args=[reset.pk])
        assert confirm not in first.get(LIST).content.decode()
        assert first.post(confirm).status_code == 403
        assert confirm in other.get(LIST).content.decode()
        assert other.post(confirm).url == LIST
        assert "Confirmed by Otto Nonesuch" in other.get(LIST).content.decode()
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize("act", ["start", "confirm"])
    def test_both_acts_ask_for_the_password(
        self, person: User, administrator, second, sign_in, at: datetime, clock, act: str
    ):
        browser = sign_in(second)
        if act == "confirm":
            reset = lost_factor.start(person, reason=REASON, by=administrator, at=at)
            address, data = reverse("accounts:second-step-reset-confirm", args=[reset.pk]), {}
        else:
            address, data = reverse("accounts:second-step-reset", args=[person.pk]), {"reason": REASON}
        clock.shift(timedelta(minutes=6))
        assert browser.post(address, data).url.split("?")[0] == "/accounts/reauthenticate/"
        assert Authenticator.objects.count() == 2

    def test_alone_the_page_says_what_to_do(self, person: User, administrator: User, sign_in: Callable[..., Client]):
        page = sign_in(administrator).get(reverse("accounts:second-step-reset", args=[person.pk])).content.decode()
        assert ("reset_second_step" in page, "<textarea" in page) == (True, False)

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_takes_as_many_queries(
        self, cast, second, at: datetime, sign_in, django_assert_num_queries, count: int
    ):
        for name in CAST[:count]:
            TOTP.activate(cast[name], SECRET)
            lost_factor.start(cast[name], reason=REASON, by=cast["administrator"], at=at)
        browser = sign_in(second)
        browser.get(LIST)
        with django_assert_num_queries(QUERIES):
            browser.get(LIST)


QUERIES = 8


class TestCommand:
    def run(self, *words: str) -> str:
        out = StringIO()
        call_command("reset_second_step", *words, stdout=out)
        return out.getvalue()

    def test_it_says_what_it_does_then_does_it(self, person: User, administrator: User, at: datetime):
        said = self.run(person.email.upper(), REASON)
        assert ("Nothing was changed" in said, Authenticator.objects.count()) == (True, 2)
        said = self.run(person.email, REASON, "--yes")
        assert ("Done." in said, Authenticator.objects.count()) == (True, 0)
        entry = Entry.objects.get(verb="second_step.reset")
        assert (entry.actor, entry.target_id) == (None, str(person.pk))
        tick(at, "manual")
        told = Reminder.objects.get(recipient=person)
        assert (told.title, "Whoever runs the server" in told.body) == ("Your second step was taken away", True)

    def test_where_two_can_do_it_they_do(self, person: User, administrator: User, second: User):
        with pytest.raises(CommandError, match="Ada Nonesuch, Otto Nonesuch"):
            self.run(person.email, REASON, "--yes")
        self.run(person.email, REASON, "--yes", "--anyway")
        assert not Authenticator.objects.exists()

    @pytest.mark.parametrize("words", [("nobody@clinic.example", REASON), ("manager", "lost")])
    def test_what_is_wrong(self, person: User, administrator: User, words: tuple[str, str]):
        email = person.email if words[0] == "manager" else words[0]
        with pytest.raises(CommandError):
            self.run(email, words[1], "--yes")
        assert Authenticator.objects.count() == 2
