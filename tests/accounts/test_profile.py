"""The profile: of oneself phone and languages; of others whatever whoever manages all of their places changes."""

from __future__ import annotations

from datetime import date, datetime
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.profile import CONTACT, EMPLOYMENT, change_profile, changeable, dialled, tidy_languages, tidy_phone
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden
from tests import factories
from tests.conftest import CAST

pytestmark = pytest.mark.django_db
EVERYTHING = (*EMPLOYMENT, *CONTACT)


def page(person: User) -> str:
    return reverse("accounts:profile", args=[person.pk])


def posted(person: User, **changed: str) -> dict[str, str]:
    """The form as a browser sends it: what it held, beside what was typed."""
    held = {
        "name": person.name,
        "title": person.title,
        "profession": person.profession,
        "weekly_hours": str(person.weekly_hours),
        "hired_on": person.hired_on.isoformat() if person.hired_on else "",
        "phone": person.phone,
        "languages": ", ".join(person.languages),
    }
    return {f"initial-{name}": value for name, value in held.items()} | held | changed


ALLOWED = {
    "therapist": {"therapist": CONTACT, "manager": EVERYTHING, "administrator": EVERYTHING},
    "floater": {"floater": CONTACT, "administrator": EVERYTHING},
    "approver": {"approver": CONTACT, "manager_oakbrook": EVERYTHING, "administrator": EVERYTHING},
    "manager": {"manager": CONTACT, "administrator": EVERYTHING},
    "clinical_lead": {"clinical_lead": CONTACT, "administrator": EVERYTHING},
    "administrator": {"administrator": CONTACT},
}


@pytest.mark.parametrize("whose", ALLOWED)
def test_who_may_change_what(cast: dict[str, User], at: datetime, sign_in, whose: str):
    person = cast[whose]
    assert {by: changeable(person, by=cast[by], at=at) for by in CAST} == {
        by: ALLOWED[whose].get(by, ()) for by in CAST
    }
    pages = {by: sign_in(cast[by]).get(page(person)).status_code for by in CAST}
    assert pages == {by: 200 if by in ALLOWED[whose] else 403 for by in CAST}


def test_somebody_changes_how_colleagues_reach_them(therapist: User, sign_in):
    data = posted(therapist, phone="  847-555-0142   ext. 3 ", languages="english,  polish , English,,")
    response = sign_in(therapist).post(page(therapist), data)
    assert (response.status_code, response.url) == (302, therapist.get_absolute_url())
    therapist.refresh_from_db()
    assert (therapist.phone, therapist.languages) == ("847-555-0142 ext. 3", ["English", "Polish"])
    entry = Entry.objects.get(verb="person.changed")
    clinic = therapist.memberships.get().clinic_id
    assert (entry.actor_id, entry.target_name, entry.clinic_ids) == (therapist.pk, "Avery Testwell", [clinic])
    assert entry.changes == {
        "phone": {"before": "", "now": "847-555-0142 ext. 3"},
        "languages": {"before": [], "now": ["English", "Polish"]},
    }


@pytest.mark.parametrize("field", [*EMPLOYMENT, "email", "is_active", "password"])
def test_what_is_not_ones_own_stays_whatever_is_sent(therapist: User, sign_in, api, field: str):
    values = {
        "name": "Dr. Testwell",
        "title": "Chief",
        "profession": "ot",
        "weekly_hours": "10",
        "hired_on": "2020-01-01",
    }
    sent = values.get(field, "changed@clinic.example")
    browser, client = sign_in(therapist), api(therapist)
    before = User.objects.filter(pk=therapist.pk).values().get()
    browser.post(page(therapist), posted(therapist) | {field: sent})
    answer = client.patch("/api/v1/people/me/", {field: sent})
    assert answer.status_code == (403 if field in EMPLOYMENT else 200)
    assert User.objects.filter(pk=therapist.pk).values().get() == before


def test_a_manager_changes_the_profession_and_it_is_on_record(therapist: User, manager: User, sign_in):
    data = posted(therapist, profession="ot", weekly_hours="32", name="Avery  Testwell-Sham", hired_on="2023-05-01")
    assert sign_in(manager).post(page(therapist), data).status_code == 302
    therapist.refresh_from_db()
    assert (therapist.profession, therapist.weekly_hours, therapist.name) == ("ot", 32, "Avery Testwell-Sham")
    assert therapist.hired_on == date(2023, 5, 1)
    changes = Entry.objects.get(verb="person.changed").changes
    assert changes["profession"] == {"before": "pt", "now": "ot"}


def test_what_stays_as_it_is_leaves_no_trace(therapist: User, manager: User, sign_in, at: datetime):
    sign_in(manager).post(page(therapist), posted(therapist))
    change_profile(therapist, {"phone": "", "name": "Avery Testwell"}, by=manager, at=at)
    assert not Entry.objects.filter(verb="person.changed").exists()


def test_two_people_on_one_page_do_not_undo_each_other(therapist: User, manager: User, sign_in):
    opened_before = posted(therapist, weekly_hours="32")
    sign_in(therapist).post(page(therapist), posted(therapist, phone="847-555-0142"))
    sign_in(manager).post(page(therapist), opened_before)
    therapist.refresh_from_db()
    assert (therapist.phone, therapist.weekly_hours) == ("847-555-0142", 32)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("phone", "call me", "Write the number with its area code"),
        ("phone", "javascript:alert(1)", "Write the number with its area code"),
        ("languages", "English, <b>Polish</b>", "is not the name of a language"),
        ("languages", ",".join(f"Lang{'abcdefghijklmno'[n]}" for n in range(13)), "At most 12 languages"),
        ("name", " ", "Name is missing"),
        ("name", "Avery\u202eTestwell", "nobody can see"),
        ("weekly_hours", "500", "At most 80"),
        ("hired_on", "0202-01-01", "Check the year"),
        ("profession", "surgeon", "Choose from those offered"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_field_and_kept(
    therapist: User, manager: User, sign_in, field, typed, words
):
    response = sign_in(manager).post(page(therapist), posted(therapist, **{field: typed}))
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field]) + response.content.decode()
    assert list(response.context["form"].errors) == [field]
    assert User.objects.get(pk=therapist.pk).name == "Avery Testwell"


def test_the_api_says_no_with_the_reason_and_yes_with_the_person(api, therapist: User, manager: User, manager_oakbrook):
    address = f"/api/v1/people/{therapist.pk}/"
    refused = api(manager_oakbrook).patch(address, {"phone": "847-555-0142"})
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (403, "not-your-clinic")
    own = api(therapist).patch(address, {"title": "Chief"})
    assert own.json()["reasons"] == [
        {"code": "own-employment", "message": "Your manager changes your name, title, profession and hours."}
    ]
    assert api(manager).patch(address, {"title": "PT, DPT"}).json()["title"] == "PT, DPT"
    mine = api(therapist).patch("/api/v1/people/me/", {"languages": ["polish"], "phone": "847-555-0142"}).json()
    assert (mine["languages"], mine["phone"]) == (["Polish"], "847-555-0142")
    assert api(therapist).get("/api/v1/people/me/").json() == mine


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"phone": "x"}, "phone"),
        ({"languages": "English"}, "languages"),
        ({"languages": ["123"]}, "languages"),
        ({"phone": 7}, "phone"),
    ],
)
def test_the_api_names_the_field(api, therapist: User, body, field: str):
    response = api(therapist).patch("/api/v1/people/me/", body)
    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


def test_somebody_without_a_role_is_an_administrators_business(at: datetime, manager: User, administrator: User):
    nobody = factories.person(name="Nobody Now")
    assert changeable(nobody, by=manager, at=at) == ()
    assert changeable(nobody, by=administrator, at=at) == EVERYTHING
    assert changeable(nobody, by=nobody, at=at) == ()
    with pytest.raises(Forbidden):
        change_profile(nobody, {"phone": "847-555-0142"}, by=nobody, at=at)


def test_a_role_to_come_counts(at: datetime, manager: User, oakbrook: Clinic, therapist: User):
    factories.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=date(2027, 1, 1))
    assert changeable(therapist, by=manager, at=at) == ()


@pytest.mark.parametrize(
    ("phone", "link"),
    [
        ("847-555-0142", "tel:8475550142"),
        ("+1 (847) 555-0142 ext. 12", "tel:+18475550142;ext=12"),
        ("847.555.0142 x3", "tel:8475550142;ext=3"),
        ('"><script>', "tel:"),
    ],
)
def test_a_number_is_a_link_that_a_phone_dials(phone: str, link: str):
    assert dialled(phone) == link


@pytest.mark.parametrize("phone", ["", "847-555-0142", "+49 30 1234567", "(847) 555-0142 EXT 9"])
def test_numbers_as_people_write_them(phone: str):
    assert tidy_phone(phone) == phone


@pytest.mark.parametrize("language", ["Chinese (Mandarin)", "Haitian Creole", "Français", "Serbo-Croatian", "ʻŌlelo"])
def test_languages_as_people_call_them(language: str):
    try:
        assert tidy_languages([language]) == [language]
    except ValidationError:
        pytest.fail(f"{language} was refused")


@pytest.mark.django_db(transaction=True)
def test_of_24_changes_at_once_each_starts_from_the_one_before(therapist: User, manager: User, at: datetime):
    start = Barrier(24)

    def change(number: int) -> None:
        start.wait()
        change_profile(therapist, {"phone": f"847-555-01{number:02d}"}, by=manager, at=at)
        connection.close()

    threads = [Thread(target=change, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [entry.changes["phone"] for entry in Entry.objects.filter(verb="person.changed").order_by("id")]
    after = [phone["now"] for phone in told]
    assert sorted(after) == [f"847-555-01{number:02d}" for number in range(24)]
    assert [phone["before"] for phone in told] == ["", *after[:-1]]
    assert User.objects.get(pk=therapist.pk).phone == after[-1]
