"""The front desk, granted to post for a time: plain announcements for the own clinic, and numbers without names."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.hiring import Place, give_role, may_invite_as, roles_to_give, take_role
from accounts.models import User
from accounts.roles import Role
from intranet.announcements.acknowledging import Progress, may_see_names, may_see_receipts
from intranet.announcements.forms import ReceiptsFilter
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import withdraw
from intranet.announcements.reading import entries, with_parts
from intranet.announcements.receipts import receipt_lines
from intranet.announcements.writing import may_post
from intranet.core.access import Forbidden, Refused
from tests.intranet.announcements import factories

TODAY, DAY = date(2026, 11, 25), timedelta(days=1)
FORM = {"title": "Lunch", "body": "At noon.", "audience": ["therapist@mt-prospect"], "when": "now"}


@pytest.fixture
def place(mt_prospect) -> Place:
    return Place(Role.POSTER, mt_prospect)


@pytest.fixture
def poster(front_desk: User, manager: User, place: Place, at: datetime) -> User:
    """Of the front desk of Mt. Prospect, until the end of the year."""
    give_role(front_desk, place, start=TODAY, end=date(2027, 1, 1), by=manager, at=at)
    return User.objects.get(pk=front_desk.pk)


class TestGranting:
    def test_a_manager_grants_it_for_a_time(self, poster: User):
        assert may_post(poster)
        assert str(poster.memberships.get(role=Role.POSTER).last_day) == "2026-12-31"

    def test_it_has_an_end_and_is_for_the_front_desk_there(self, manager, therapist, place, at):
        with pytest.raises(Refused) as refused:
            give_role(therapist, place, start=TODAY, by=manager, at=at)
        assert [one.code for one in refused.value.verdict.reasons] == ["poster-without-end", "no-front-desk"]
        assert not may_post(User.objects.get(pk=therapist.pk))

    @pytest.mark.parametrize("who", ["manager_oakbrook", "clinical_lead", "front_desk"])
    def test_nobody_else_grants_it(self, request, front_desk, place, at, who: str):
        with pytest.raises(Forbidden):
            give_role(front_desk, place, start=TODAY, end=TODAY + DAY, by=request.getfixturevalue(who), at=at)

    def test_it_goes_to_people_who_are_here(self, manager, administrator, place):
        assert [reason.code for reason in may_invite_as(place, by=manager).reasons] == ["not-by-invitation"]
        assert {Role.POSTER in roles_to_give(person) for person in (manager, administrator)} == {True}

    def test_it_rests_without_the_other_role(self, poster, manager, administrator, mt_prospect, oakbrook, at):
        give_role(poster, Place(Role.FRONT_DESK, oakbrook), start=TODAY, by=administrator, at=at)
        take_role(poster.memberships.get(role=Role.FRONT_DESK, clinic=mt_prospect), end=TODAY, by=manager, at=at)
        assert not may_post(User.objects.get(pk=poster.pk))

    def test_the_page_offers_it(self, sign_in, manager, front_desk):
        answer = sign_in(manager).get(reverse("accounts:roles", args=[front_desk.pk]))
        assert "poster" in [value for value, _ in answer.context["form"].fields["role"].choices]


class TestPosting:
    def test_plain_ones_for_the_own_clinic(self, sign_in, poster, therapist):
        browser = sign_in(poster)
        page = browser.get(reverse("announcements:compose")).content.decode()
        assert "oakbrook" not in page
        assert not any(f'name="{wish}"' in page for wish in ("must_acknowledge", "urgent", "pinned"))
        assert browser.post(reverse("announcements:compose"), FORM).status_code == 302
        assert Announcement.objects.get().author == poster

    def test_nothing_that_weighs(self, sign_in, poster, mt_prospect, therapist, at):
        with pytest.raises(Refused) as refused:
            factories.announcement(by=poster, at=at, to=[mt_prospect], due_on=TODAY, urgent=True, pinned=True)
        assert [(one.code, one.field) for one in refused.value.verdict.reasons] == [
            ("too-weighty", "must_acknowledge"),
            ("too-weighty", "urgent"),
            ("too-weighty", "pinned"),
        ]
        response = sign_in(poster).post(reverse("announcements:compose"), FORM | {"urgent": "on"})
        assert (response.status_code, Announcement.objects.count()) == (422, 0)

    def test_numbers_of_own_posts_and_no_names(self, sign_in, poster, manager, mt_prospect, therapist, at):
        own = factories.announcement(by=poster, at=at, to=[mt_prospect])
        other = factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.FRONT_DESK])
        assert [bool(may(own, by=poster)) for may in (may_see_receipts, may_see_names)] == [True, False]
        assert not may_see_receipts(other, by=poster)
        assert entries(with_parts(Announcement.objects.filter(pk=own.pk)), poster, at)[0].progress == Progress(people=1)
        browser = sign_in(poster)
        page = browser.get(own.get_absolute_url()).content.decode()
        assert "0 of 1 read" in page
        assert reverse("announcements:receipts", args=[own.pk]) not in page
        for name in ("receipts", "receipts-csv", "editions"):
            assert browser.get(reverse(f"announcements:{name}", args=[own.pk])).status_code == 403
        assert browser.get(f"/api/v1/announcements/{own.pk}/receipts/").status_code == 403

    def test_a_manager_elsewhere_sees_the_names_of_the_own_clinic_alone(
        self, sign_in, poster, administrator, mt_prospect, oakbrook, therapist, therapist_oakbrook, at
    ):
        give_role(poster, Place(Role.MANAGER, oakbrook), start=TODAY, by=administrator, at=at)
        person = User.objects.get(pk=poster.pk)
        here = factories.announcement(by=person, at=at, to=[mt_prospect])
        both = factories.announcement(by=person, at=at, to=[mt_prospect, oakbrook])
        assert [bool(may_see_names(news, by=person)) for news in (here, both)] == [False, True]
        assert [line.person for line in receipt_lines(both, person, at)] == [therapist_oakbrook]
        assert entries(with_parts(Announcement.objects.filter(pk=both.pk)), person, at)[0].progress == Progress(
            people=2
        )
        form = ReceiptsFilter({}, announcement=both, viewer=person)
        assert list(form.fields["clinic"].queryset) == [oakbrook]

    def test_the_own_ones_are_theirs_to_withdraw(self, poster, mt_prospect, therapist, at):
        own = factories.announcement(by=poster, at=at, to=[mt_prospect])
        assert withdraw(own, by=poster, at=at).withdrawn_by == poster

    def test_without_the_grant_it_is_over(self, poster, manager, mt_prospect, therapist, at):
        own = factories.announcement(by=poster, at=at, to=[mt_prospect])
        take_role(poster.memberships.get(role=Role.POSTER), end=TODAY, by=manager, at=at)
        former = User.objects.get(pk=poster.pk)
        assert not may_see_receipts(own, by=former)
        with pytest.raises(Forbidden):
            withdraw(own, by=former, at=at)
