"""What is scheduled: seen by those who could post it, and held when its author may no longer post it then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.audit_log import entries_visible_to
from accounts.hiring import Place, give_role, take_role
from accounts.leaving import ahead, left_to_do, let_go
from accounts.models import Clinic, User
from accounts.roles import ORGANISATION_ROLES, Capability, Role
from accounts.standing import standing_of
from intranet.announcements.audience import Cell
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import change, clinics_of, may_change, may_take_over, take_over, withdraw
from intranet.announcements.writing import as_kept, may_weigh, write
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders import registry, releasing
from intranet.reminders.models import Reminder
from intranet.reminders.planning import plan_kind
from tests import factories as people
from tests.conftest import CHICAGO
from tests.intranet.announcements import factories
from tests.owing import said

TODAY, DAY, HOUR = date(2026, 11, 25), timedelta(days=1), timedelta(hours=1)
LIST = reverse("announcements:list")


def afresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def appeared(at: datetime) -> list[Announcement]:
    return list(Announcement.objects.appeared(at))


@pytest.fixture
def planned(mt_prospect, manager, therapist, at) -> Announcement:
    """By the manager of Mt. Prospect, for tomorrow at the same hour."""
    return factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY, title="Zebra crossing")


@pytest.fixture
def second(mt_prospect) -> User:
    """Another manager of the same clinic."""
    return people.staff(name="Sol Standin", role=Role.MANAGER, clinics=[mt_prospect])


@pytest.fixture
def held(planned, manager, administrator, at) -> Announcement:
    let_go(manager, by=administrator, at=at + HOUR)
    return planned


class TestTheRule:
    def test_it_appears_while_its_author_may_post(self, planned, at):
        assert (appeared(at + DAY - HOUR), appeared(at + DAY)) == ([], [planned])

    def test_who_has_left_speaks_no_more(self, held, therapist, at):
        assert appeared(at + 2 * DAY) == []
        assert list(Announcement.objects.held(at + 2 * DAY)) == [held]
        with time_machine.travel(at + 2 * DAY, tick=False):
            assert not Announcement.objects.sees(afresh(therapist), held)

    def test_what_had_appeared_stays_when_its_author_leaves(self, planned, manager, administrator, at):
        with time_machine.travel(at + DAY + HOUR, tick=False):
            let_go(manager, by=afresh(administrator), at=at + DAY + HOUR)
        assert appeared(at + 2 * DAY) == [planned]

    def test_the_same_when_the_role_is_taken_on_that_day(self, planned, manager, administrator, at):
        later = at + DAY + HOUR
        with time_machine.travel(later, tick=False):
            take_role(manager.memberships.get(), end=later.date(), by=afresh(administrator), at=later)
        assert appeared(at + 2 * DAY) == [planned]

    def test_a_role_that_ends_some_day_holds_until_then(self, mt_prospect, manager, administrator, therapist, at):
        first = factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)
        factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + 3 * DAY)
        take_role(manager.memberships.get(), end=TODAY + 2 * DAY, by=administrator, at=at)
        assert appeared(at + 9 * DAY) == [first]

    def test_it_needs_every_clinic(self, mt_prospect, oakbrook, administrator, therapist, therapist_oakbrook, at):
        both = people.staff(name="Bo Twoplace", role=Role.MANAGER, clinics=[mt_prospect, oakbrook])
        news = factories.announcement(by=both, at=at, to=[mt_prospect, oakbrook], appears=at + DAY)
        here = factories.announcement(by=both, at=at, to=[mt_prospect], appears=at + DAY)
        take_role(both.memberships.get(clinic=oakbrook), end=TODAY, by=administrator, at=at)
        assert appeared(at + 2 * DAY) == [here]
        assert list(Announcement.objects.held(at + 2 * DAY)) == [news]

    def test_the_organisation_counts_everywhere(self, mt_prospect, clinical_lead, administrator, therapist, at):
        news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect], appears=at + DAY, urgent=True)
        assert appeared(at + DAY) == [news]
        take_role(clinical_lead.memberships.get(), end=TODAY, by=administrator, at=at)
        assert appeared(at + DAY) == []

    def test_a_granted_writer_needs_the_grant_and_the_desk(self, mt_prospect, manager, front_desk, therapist, at):
        end = TODAY + 9 * DAY
        give_role(front_desk, Place(Role.POSTER, mt_prospect), start=TODAY, end=end, by=manager, at=at)
        news = factories.announcement(by=afresh(front_desk), at=at, to=[mt_prospect], appears=at + DAY)
        assert appeared(at + DAY) == [news]
        take_role(front_desk.memberships.get(role=Role.FRONT_DESK), end=TODAY, by=manager, at=at)
        assert appeared(at + DAY) == []

    def test_what_weighs_needs_the_right_to_weigh(self, mt_prospect, manager, administrator, therapist, at):
        factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY, pinned=True)
        plain = factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)
        give_role(manager, Place(Role.FRONT_DESK, mt_prospect), start=TODAY, by=administrator, at=at)
        give_role(manager, Place(Role.POSTER, mt_prospect), start=TODAY, end=TODAY + 9 * DAY, by=administrator, at=at)
        take_role(manager.memberships.get(role=Role.MANAGER), end=TODAY, by=administrator, at=at)
        assert appeared(at + DAY) == [plain]

    def test_nobody_schedules_beyond_the_own_right(self, mt_prospect, manager, administrator, therapist, at):
        take_role(manager.memberships.get(), end=TODAY + 2 * DAY, by=administrator, at=at)
        with pytest.raises(Refused) as refused:
            factories.announcement(by=afresh(manager), at=at, to=[mt_prospect], appears=at + 3 * DAY)
        assert [(one.code, one.field) for one in refused.value.verdict.reasons] == [("not-then", "on")]

    def test_nor_for_what_weighs_beyond_the_right_to_weigh(self, mt_prospect, manager, administrator, therapist, at):
        give_role(manager, Place(Role.FRONT_DESK, mt_prospect), start=TODAY, by=administrator, at=at)
        give_role(manager, Place(Role.POSTER, mt_prospect), start=TODAY, end=TODAY + 9 * DAY, by=administrator, at=at)
        take_role(manager.memberships.get(role=Role.MANAGER), end=TODAY + 2 * DAY, by=administrator, at=at)
        later = {"by": afresh(manager), "at": at, "to": [mt_prospect], "appears": at + 3 * DAY}
        assert factories.announcement(**later).is_vouched_for()
        for wish in ({"urgent": True}, {"pinned": True}, {"due_on": TODAY + 5 * DAY}):
            with pytest.raises(Refused) as refused:
                factories.announcement(**later, **wish)
            assert [(one.code, one.field) for one in refused.value.verdict.reasons] == [("not-so-then", "on")]


class TestQueryAndObject:
    """Each rule stands twice, once for a query on many and once for one: they say the same of every role."""

    CASES = [(role, clinics, weighs) for role in Role for clinics in ("M", "MO") for weighs in (False, True)]

    @pytest.fixture
    def holder(self, mt_prospect, front_desk):
        """Somebody with the role, at Mt. Prospect if it is one of a clinic, and with the role beside which it is granted."""

        def make(role: Role) -> User:
            whole = role in ORGANISATION_ROLES
            person = people.staff(name="Hollis Holder", role=role, clinics=[None if whole else mt_prospect])
            if role == Role.POSTER:
                people.membership(user=person, role=Role.FRONT_DESK, clinic=mt_prospect)
            return afresh(person)

        return make

    def scheduled(self, by: User, clinics: str, weighs: bool, at: datetime) -> Announcement:
        """As if the author could."""
        found = list(Clinic.objects.order_by("number")[: len(clinics)])
        news = factories.draft(to=found, appears=at + DAY, pinned=weighs)
        return write(Announcement(author=by, token=0), news, sent_for=at + DAY, by=by, at=at)

    @pytest.mark.parametrize(("role", "clinics", "weighs"), CASES)
    def test_who_answers_for_what_others_scheduled(
        self, holder, mt_prospect, oakbrook, clinical_lead, at, role: Role, clinics: str, weighs: bool
    ):
        person, news = holder(role), self.scheduled(clinical_lead, clinics, weighs, at)
        assert Announcement.objects.sees(person, news) is may_weigh(person, clinics_of(news))
        assert bool(may_change(news, by=person, at=at)) is may_weigh(person, clinics_of(news))

    @pytest.mark.parametrize(("role", "clinics", "weighs"), CASES)
    def test_what_an_author_stands_for(self, holder, mt_prospect, oakbrook, at, role: Role, clinics: str, weighs: bool):
        person = holder(role)
        news = self.scheduled(person, clinics, weighs, at)
        capability = Capability.WEIGH_ANNOUNCEMENT if weighs else Capability.POST_ANNOUNCEMENT
        scope = standing_of(person, news.appears_at).scope(capability)
        assert news.is_vouched_for() is (bool(scope) and scope.covers(clinics_of(news)))


class TestWhoSeesIt:
    @pytest.mark.parametrize(
        ("who", "sees"),
        [
            ("second", True),
            ("clinical_lead", True),
            ("administrator", True),
            ("manager_oakbrook", False),
            ("front_desk", False),
            ("therapist", False),
        ],
    )
    def test_those_who_could_send_it_see_and_stop_it(self, request, sign_in, planned, at, who: str, sees: bool):
        person = request.getfixturevalue(who)
        browser = sign_in(person)
        assert browser.get(planned.get_absolute_url()).status_code == (200 if sees else 404)
        assert ("Zebra" in browser.get(f"{LIST}?show=scheduled").content.decode()) is sees
        answer = browser.post(reverse("announcements:withdraw", args=[planned.pk]))
        assert answer.status_code == (302 if sees else 404)
        assert (Announcement.objects.get().withdrawn_at is not None) is sees

    def test_a_granted_writer_sees_the_own_ones_alone(self, mt_prospect, planned, manager, front_desk, at):
        end = TODAY + 9 * DAY
        give_role(front_desk, Place(Role.POSTER, mt_prospect), start=TODAY, end=end, by=manager, at=at)
        assert not Announcement.objects.sees(afresh(front_desk), planned)

    def test_a_manager_of_one_clinic_does_not_see_what_goes_to_two(
        self, mt_prospect, oakbrook, clinical_lead, manager, therapist, at
    ):
        news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], appears=at + DAY)
        assert not Announcement.objects.sees(manager, news)
        with pytest.raises(Forbidden):
            withdraw(news, by=manager, at=at)

    def test_once_it_appeared_it_is_its_authors_again(self, planned, second, at):
        later = at + DAY
        assert not may_change(planned, by=second, at=later)
        with pytest.raises(Forbidden, match="Its author"):
            withdraw(planned, by=second, at=later)


class TestChangedBySomebodyElse:
    """It is theirs from then on: the name under the words, and the right that is asked about when it is to appear."""

    def test_the_author_who_changes_it_stays_it(self, planned, manager, at):
        changed = change(planned, as_kept(planned), token=planned.token, by=manager, at=at)
        assert (changed.author, Entry.objects.filter(verb="announcement.passed_on").exists()) == (manager, False)
        assert "former" not in {
            name for name, value in Entry.objects.get(verb="announcement.changed").changes.items() if value
        }

    def test_the_former_author_is_named_and_reads_of_it(self, planned, manager, second, at):
        wanted = replace(as_kept(planned), title="Zebras are off")
        changed = change(planned, wanted, token=planned.token, by=second, at=at)
        assert (changed.author, appeared(at + DAY)) == (second, [planned])
        entry = Entry.objects.get(verb="announcement.changed")
        assert (entry.actor, entry.changes["former"]) == (second, "Dana Mockridge")
        [told] = entries_visible_to(manager).filter(verb="announcement.passed_on")
        assert (told.actor, told.changes) == (second, {"announcement": "Zebra crossing"})

    def test_a_held_one_names_the_former_author_too(self, held, second, at):
        change(held, as_kept(held), token=held.token, by=second, at=at + 2 * HOUR)
        assert Entry.objects.get(verb="announcement.changed").changes["former"] == "Dana Mockridge"

    @pytest.mark.parametrize("more", [{"urgent": True}, {"pinned": True}, {"appears": 20 * DAY}])
    def test_beyond_what_a_granted_writer_may_post_it_still_appears(
        self, mt_prospect, manager, front_desk, therapist, at, more: dict
    ):
        give_role(front_desk, Place(Role.POSTER, mt_prospect), start=TODAY, end=TODAY + 9 * DAY, by=manager, at=at)
        news = factories.announcement(by=afresh(front_desk), at=at, to=[mt_prospect], appears=at + DAY)
        later = {name: at + value if name == "appears" else value for name, value in more.items()}
        changed = change(news, replace(as_kept(news), **later), token=news.token, by=manager, at=at)
        assert (changed.author, changed.is_vouched_for()) == (manager, True)
        assert appeared(changed.appears_at) == [news]

    def test_at_one_more_clinic_it_still_appears(self, planned, clinical_lead, oakbrook, therapist, at):
        wanted = as_kept(planned)
        wider = replace(wanted, audience=[*wanted.audience, Cell(oakbrook, Role.THERAPIST)])
        changed = change(planned, wider, token=planned.token, by=clinical_lead, at=at)
        assert (changed.author, appeared(at + DAY)) == (clinical_lead, [planned])

    def test_the_page_says_whose_it_will_be(self, sign_in, planned, manager, second):
        where = reverse("announcements:change", args=[planned.pk])
        browser = sign_in(second)
        page = browser.get(where)
        assert "Dana Mockridge wrote it. When you save it, it is yours." in page.content.decode()
        assert page.context["author"] == second
        assert "it is yours" not in sign_in(manager).get(where).content.decode()
        sent = {"title": "Zebras", "body": "Off.", "audience": ["therapist@mt-prospect"], "token": str(planned.token)}
        sent |= {"when": "later", "on": "2026-11-28", "clock": "08:00", "urgent": "on"}
        assert browser.post(where, sent).status_code == 302
        assert Announcement.objects.get().author == second


class TestTakingOver:
    def test_before_its_moment_it_keeps_it(self, held, second, at):
        taken = take_over(held, token=held.token, by=second, at=at + 2 * HOUR)
        assert (taken.author, taken.published_at) == (second, at + DAY)
        assert appeared(at + DAY) == [held]

    def test_after_its_moment_it_appears_at_once(self, held, second, clinical_lead, at):
        later = at + 2 * DAY
        taken = take_over(held, token=held.token, by=second, at=later)
        assert (taken.author, taken.published_at) == (second, later)
        assert appeared(later) == [held]
        entry = Entry.objects.get(verb="announcement.taken_over")
        assert (entry.actor, entry.changes["former"]) == (second, "Dana Mockridge")

    def test_only_what_is_held(self, planned, second, at):
        assert [reason.code for reason in may_take_over(planned, by=second, at=at).reasons] == ["not-held"]
        with pytest.raises(Forbidden):
            take_over(planned, token=planned.token, by=second, at=at)

    def test_not_by_the_author_whose_own_right_ends(self, mt_prospect, manager, administrator, therapist, at):
        later = factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + 2 * DAY)
        take_role(manager.memberships.get(), end=TODAY + DAY, by=administrator, at=at)
        refused = may_take_over(later, by=afresh(manager), at=at + HOUR)
        assert [reason.code for reason in refused.reasons] == ["own-right-ends"]

    @pytest.mark.parametrize("who", ["manager_oakbrook", "therapist", "front_desk"])
    def test_only_by_those_who_could_send_it(self, request, held, who: str, at):
        with pytest.raises(Forbidden):
            take_over(held, token=held.token, by=request.getfixturevalue(who), at=at + 2 * DAY)

    def test_two_at_once(self, held, second, at):
        with pytest.raises(Conflict):
            take_over(held, token=held.token + 1, by=second, at=at + 2 * DAY)

    def test_whoever_changes_it_stands_for_it(self, held, second, at):
        later = at + 2 * DAY
        changed = change(held, factories.draft(to=[held.audience.get().clinic]), token=1, by=second, at=later)
        assert (changed.author, appeared(later)) == (second, [held])

    def test_the_page(self, sign_in, held, second, therapist, at):
        with time_machine.travel(at + 2 * DAY, tick=False):
            browser = sign_in(second)
            assert "1 announcement is held" in browser.get(LIST).content.decode()
            page = browser.get(held.get_absolute_url()).content.decode()
            assert "Held: its author may no longer post it" in page
            where = reverse("announcements:take-over", args=[held.pk])
            assert sign_in(therapist).post(where, {"token": 1}).status_code == 404
            answer = browser.post(where, {"token": held.token}, follow=True)
            assert "Sent to 1 person." in answer.content.decode()
            assert Announcement.objects.get().author == second
            assert "Zebra crossing" in sign_in(therapist).get(LIST).content.decode()

    def test_when_its_days_have_passed_it_is_looked_at_first(
        self, sign_in, mt_prospect, manager, second, therapist, at
    ):
        news = factories.announcement(
            by=manager, at=at, to=[mt_prospect], appears=at + DAY, due_on=TODAY + 2 * DAY, last_day=TODAY + 9 * DAY
        )
        people.as_if_never(manager.memberships.all())
        with time_machine.travel(at + 5 * DAY, tick=False):
            answer = sign_in(second).post(
                reverse("announcements:take-over", args=[news.pk]), {"token": news.token}, follow=True
            )
            assert answer.redirect_chain == [(reverse("announcements:change", args=[news.pk]), 302)]
            assert "Look at it first. It appears only after that day." in answer.content.decode()
            assert answer.context["form"].initial["token"] == news.token

    def test_more_of_them_take_no_more_queries(self, sign_in, mt_prospect, manager, second, therapist, at):
        browser = sign_in(second)

        def add() -> None:
            factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(f"{LIST}?show=scheduled").status_code == 200
            return len(captured)

        add()
        queries()
        with_one = queries()
        add()
        add()
        assert queries() == with_one


class TestLeaving:
    def test_it_is_told_before_and_asked_after(self, planned, manager, second, administrator, at):
        [told] = ahead(manager, administrator, at)
        assert (told.total, told.lines, told.what) == (
            1,
            ["Thu, Nov 26, 10:00 AM: Zebra crossing"],
            "scheduled announcement",
        )
        assert left_to_do(manager, administrator, at) == []
        let_go(manager, by=administrator, at=at)
        [task] = left_to_do(afresh(manager), administrator, at)
        assert (task.words, task.path) == ("1 announcement of Dana Mockridge is held", f"{LIST}?show=scheduled")

    def test_nobody_is_told_what_is_not_theirs(self, planned, manager, manager_oakbrook, oakbrook, administrator, at):
        assert ahead(manager, manager_oakbrook, at) == []
        assert ahead(manager, administrator, at, clinic=oakbrook) == []

    def test_the_page_that_ends_an_access_says_so(self, sign_in, planned, manager, administrator):
        page = sign_in(administrator).get(reverse("accounts:leave", args=[manager.pk])).content.decode()
        assert "1 scheduled announcement to come" in page


class TestReminders:
    def of(self, kind: str, at: datetime) -> list[str]:
        plan_kind(registry.find(kind), at)
        found = Reminder.objects.filter(kind=kind, state="scheduled").order_by("recipient__name")
        return [row.recipient.name for row in found]

    def test_whom_it_addresses_hears_nothing(self, planned, manager, administrator, at):
        assert self.of("announcement-appeared", at) == ["Avery Testwell"]
        let_go(manager, by=administrator, at=at)
        assert self.of("announcement-appeared", at) == []

    def test_those_who_could_post_it_hear_of_it(
        self, held, second, clinical_lead, administrator, manager_oakbrook, therapist, at
    ):
        assert self.of("announcement-held", at + HOUR) == ["Ada Nonesuch", "Ines Exemplar", "Sol Standin"]

    def test_what_is_held_once_more_is_told_once_more(self, held, second, clinical_lead, administrator, therapist, at):
        """The words of the first time name somebody else."""
        later = at + 3 * HOUR
        assert self.of("announcement-held", at + HOUR) == ["Ada Nonesuch", "Ines Exemplar", "Sol Standin"]
        releasing.release(at + HOUR)
        taken = take_over(held, token=held.token, by=second, at=at + 2 * HOUR)
        assert said("announcement-held", later) == []
        let_go(second, by=administrator, at=later)
        assert self.of("announcement-held", later) == ["Ada Nonesuch", "Ines Exemplar"]
        again = change(
            taken, replace(as_kept(taken), appears=at + 5 * DAY), token=taken.token, by=clinical_lead, at=later
        )
        Announcement.objects.filter(pk=again.pk).update(author=second)
        other_moment = {occasion for _, _, occasion, *_ in said("announcement-held", later)}
        assert other_moment == {f"held {second.pk} 2026-11-30 16:00"}

    def test_an_occasion_has_room_for_any_author(self, held, clinical_lead, at):
        [occasion] = {occasion for _, _, occasion, *_ in said("announcement-held", at + HOUR)}
        assert occasion == f"held {held.author_id} 2026-11-26 16:00"
        assert len(occasion) - len(str(held.author_id)) + len(str(10**18 - 1)) <= 40

    def test_it_is_asked_in_one_set_however_many_lead(self, held, second, clinical_lead, administrator, at):
        kind = registry.find("announcement-held")

        def asked() -> tuple[int, int]:
            with CaptureQueriesContext(connection) as captured:
                sets = kind.owed(at + HOUR)
            return len(sets), sum("accounts_user" in query["sql"] for query in captured)

        assert asked() == (1, 0)
        people.staff(name="Lou Secondlead", role=Role.CLINICAL_LEAD, clinics=[None])
        assert asked() == (1, 0)
        assert len(said("announcement-held", at + HOUR)) == 4

    def test_what_is_over_is_no_use_to_tell(self, sign_in, mt_prospect, manager, administrator, therapist, at):
        factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY, last_day=TODAY + 2 * DAY)
        factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)
        let_go(manager, by=administrator, at=at)
        ends = [not_after.astimezone(CHICAGO).date() for *_, not_after in said("announcement-held", at)]
        assert sorted(ends) == [TODAY + 3 * DAY, TODAY + 31 * DAY]
        for moment, number in ((at + 2 * DAY, 2), (at + 4 * DAY, 1)):
            with time_machine.travel(moment, tick=False):
                page = sign_in(administrator).get(LIST)
                assert page.context["held"] == number
                [task] = left_to_do(afresh(manager), administrator, moment)
                assert task.words.startswith(f"{number} announcement")

    def test_a_manager_of_one_of_two_clinics_does_not(
        self, mt_prospect, oakbrook, clinical_lead, administrator, manager, therapist, therapist_oakbrook, at
    ):
        factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], appears=at + DAY)
        let_go(clinical_lead, by=administrator, at=at)
        assert self.of("announcement-held", at) == ["Ada Nonesuch"]
