"""Settings: credential types with their rules, procedures and clinics, kept by administrators."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from accounts.credential_types import bring_back, preview, retire, rule_words
from accounts.defaults import load_credential_types
from accounts.models import Clinic, CredentialType, Skill
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from tests import factories

TYPES = "/people/settings/credential-types/"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def form(**changed: object) -> dict[str, object]:
    plain = {"name": "Card", "rule": "months", "months": "24", "gate": "warns", "checker": "lead", "source": "Policy"}
    return plain | {"checked_on": "2026-11-01", "lead_days": "90, 30"} | changed


def test_an_untouched_form_holds_nothing_that_nobody_typed(administrator, sign_in):
    fields = sign_in(administrator).get(f"{TYPES}new/").context["form"]
    assert (fields["lead_days"].value(), fields["regions"].value()) == ("", "")


def test_a_type_is_added(administrator, sign_in):
    response = sign_in(administrator).post(f"{TYPES}new/", form(professions=["pt"], required="on"))
    assert (response.status_code, response.url) == (302, TYPES)
    type = CredentialType.objects.get()
    assert (type.code, type.months, type.lead_days, type.professions, type.required) == (
        "card",
        24,
        [90, 30],
        ["pt"],
        True,
    )
    assert Entry.objects.filter(verb="credential_type.added", actor_name=administrator.name).count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"months": ""}, "months", "Say how many months it lasts, from 1 to 120."),
        ({"months": "0"}, "months", "Say how many months it lasts, from 1 to 120."),
        ({"months": "121"}, "months", "Say how many months it lasts, from 1 to 120."),
        ({"months": "99999999999999999999"}, "months", "Say how many months it lasts, from 1 to 120."),
        ({"month": "9"}, "month", "This rule has no fixed date: leave this empty."),
        ({"rule": "none", "lead_days": ""}, "months", "This rule counts no months: leave this empty."),
        ({"rule": "none", "months": ""}, "lead_days", "It does not end, so nobody is reminded: leave this empty."),
        ({"rule": "odd_years", "months": ""}, "month", "Say in which month it ends."),
        ({"rule": "odd_years", "months": "", "month": "9"}, "day", "Say on which day it ends."),
        ({"rule": "odd_years", "months": "", "month": "9", "day": "31"}, "day", "There is no September 31."),
        (
            {"rule": "odd_years", "months": "", "month": "2", "day": "29"},
            "day",
            "There is no February 29 in every year.",
        ),
        ({"rule": "odd_years", "months": "", "month": "2", "day": "-1"}, "day", "There is no February -1."),
        ({"rule": "weekly"}, "rule", "Select a valid choice. weekly is not one of the available choices."),
        ({"lead_days": "soon"}, "lead_days", "Write whole numbers of days"),
        ({"lead_days": "731"}, "lead_days", "Write whole numbers of days"),
        ({"lead_days": "-7"}, "lead_days", "Write whole numbers of days"),
        ({"lead_days": " ".join(map(str, range(13)))}, "lead_days", "Write whole numbers of days"),
        ({"lead_days": "٣"}, "lead_days", "Write whole numbers of days"),
        ({"checked_on": "2026-11-26"}, "checked_on", "This day is still to come."),
        ({"checked_on": "0202-11-26"}, "checked_on", "Check the year."),
        ({"professions": ["surgeon"]}, "professions", "Select a valid choice."),
        ({"source": ""}, "source", "This field is required."),
    ],
)
def test_what_does_not_fit_together_is_refused_beside_the_field(administrator, sign_in, changed, field, words):
    response = sign_in(administrator).post(f"{TYPES}new/", form(**changed))
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field][0])
    assert CredentialType.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ("rule = 'months', months = NULL", "credential_type_states_its_months"),
        ("rule = 'none'", "credential_type_has_only_what_its_rule_needs"),
        ("month = 9", "credential_type_has_only_what_its_rule_needs"),
        ("rule = 'odd_years', months = NULL", "credential_type_states_its_date"),
        ("rule = 'odd_years', months = NULL, month = 6, day = 31", "credential_type_date_is_in_every_year"),
        ("rule = 'odd_years', months = NULL, month = 2, day = 29", "credential_type_date_is_in_every_year"),
    ],
)
def test_the_database_refuses_what_does_not_fit_together(db, changes, constraint):
    factories.credential_type(rule="months", months=12)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE accounts_credentialtype SET {changes}")


@pytest.mark.parametrize(
    ("fields", "words", "sentence"),
    [
        ({"rule": "months", "months": 1}, "1 month", "Issued today it would end on Dec 24, 2026."),
        ({"rule": "months_end", "months": 24}, "24 months, to the end of the month", "would end on Nov 30, 2028."),
        ({"rule": "even_years", "month": 9, "day": 30}, "Until September 30 of an even year", "end on Sep 30, 2028."),
        ({"rule": "calendar_year"}, "Until the end of the calendar year", "would end on Dec 31, 2026."),
        ({"rule": "none"}, "Does not end", "Issued today it would not end."),
        ({"rule": "entered"}, "Until the day on the document", "Its last day is the one on the document"),
        ({"rule": "months"}, "0 months", "Say how many months it lasts"),
        ({"rule": "odd_years"}, "Until January None of an odd year", "Say on which day it ends"),
    ],
)
def test_what_a_rule_means_is_said_in_a_sentence(fields, words, sentence):
    type = CredentialType(**fields)
    assert rule_words(type) == words
    assert sentence in preview(type, date(2026, 11, 25))


def test_whom_a_type_asks_is_said_before_it_is_saved(administrator, therapist, floater, front_desk, sign_in):
    card = factories.credential_type(code="card", name="Card")
    factories.credential(user=therapist, type=card, verified_by=administrator)
    stored = list(CredentialType.objects.values())
    asks = form(do="preview", required="on", professions=["pt"], gate="blocks")
    page = sign_in(administrator).post(f"{TYPES}card/", asks)
    assert page.context["asked"].words == (
        "It asks 2 people. 1 has none that counts: Theo Fictus. That person could work no shift until there is one."
    )
    assert list(CredentialType.objects.values()) == stored
    warns = sign_in(administrator).post(f"{TYPES}card/", asks | {"gate": "warns"}).context["asked"]
    assert warns.words == "It asks 2 people. 1 has none that counts: Theo Fictus."
    nobody = sign_in(administrator).post(f"{TYPES}card/", form(do="preview")).context["asked"]
    assert nobody.words == "It asks nobody."


def test_whoever_does_a_procedure_is_asked_for_what_it_needs(administrator, therapist, floater, clinical_lead, sign_in):
    factories.credential_type(code="card", name="Card")
    skill = factories.skill(code="hip", name="Hip needling", professions=["pt"])
    factories.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    found = sign_in(administrator).post(f"{TYPES}card/", form(do="preview", skills=[skill.pk])).context["asked"]
    assert found.words == (
        "It asks 1 person. 1 has none that counts: Avery Testwell."
        " That person could not be put on shifts for Hip needling."
    )


def test_a_preview_keeps_nothing(administrator, sign_in):
    type = factories.credential_type(code="card", rule="months", months=12)
    response = sign_in(administrator).post(f"{TYPES}card/", form(do="preview", months="24"))
    assert (response.status_code, response.context["preview"]) == (200, "Issued today it would end on Nov 24, 2028.")
    wrong = sign_in(administrator).post(f"{TYPES}card/", form(do="preview", months=""))
    assert wrong.context["preview"] == "Say how many months it lasts, from 1 to 120."
    type.refresh_from_db()
    assert type.months == 12


def test_a_change_says_what_it_was_and_leaves_what_is_on_file(administrator, therapist, sign_in):
    type = factories.credential_type(code="card", rule="months", months=12)
    skill = factories.skill(name="Dry needling")
    credential = factories.credential(user=therapist, type=type, end=date(2026, 12, 1))
    sign_in(administrator).post(f"{TYPES}card/", form(name="card", skills=[skill.pk]))
    entry = Entry.objects.get(verb="credential_type.changed")
    assert entry.changes["months"] == {"before": 12, "after": 24}
    assert entry.changes["needed_for"] == {"before": [], "after": ["Dry needling"]}
    credential.refresh_from_db()
    assert (credential.valid.upper, list(type.skills.all())) == (date(2026, 12, 1), [skill])
    sign_in(administrator).post(f"{TYPES}card/", form(name="card", skills=[skill.pk]))
    assert Entry.objects.filter(verb="credential_type.changed").count() == 1


def test_every_default_can_be_saved_as_it_is(administrator, sign_in):
    for type in load_credential_types().values():
        page = sign_in(administrator).get(f"{TYPES}{type.code}/")
        shown = {field.name: field.value() for field in page.context["form"]}
        sent = {name: value for name, value in shown.items() if value not in (None, False, [])}
        assert sign_in(administrator).post(f"{TYPES}{type.code}/", sent).status_code == 302
    assert Entry.objects.filter(verb="credential_type.changed").count() == 0


def test_a_type_is_retired_unless_a_procedure_needs_it(administrator, manager, at):
    type = factories.credential_type(name="Card")
    skill = factories.skill(name="Dry needling")
    type.skills.add(skill)
    with pytest.raises(Refused, match="Dry needling cannot be done without it"):
        retire(type, by=administrator, at=at)
    type.skills.clear()
    with pytest.raises(Forbidden):
        retire(type, by=manager, at=at)
    retire(type, by=administrator, at=at)
    with pytest.raises(Conflict):
        retire(type, by=administrator, at=at)
    assert list(CredentialType.objects.in_use()) == []
    bring_back(type, by=administrator)
    assert list(CredentialType.objects.in_use()) == [type]


def test_a_type_called_like_its_page_gets_another_address(administrator, sign_in):
    for _ in range(2):
        sign_in(administrator).post(f"{TYPES}new/", form(name="New"))
    assert sorted(CredentialType.objects.values_list("code", flat=True)) == ["new-2", "new-3"]


def test_a_procedure_is_kept_with_what_it_needs(administrator, sign_in):
    card = factories.credential_type(name="Card")
    sent = {"name": "Cupping", "short_name": "Cupping", "professions": ["pt"], "required_types": [card.pk]}
    assert sign_in(administrator).post("/people/settings/skills/new/", sent).status_code == 302
    skill = Skill.objects.get(code="cupping")
    assert list(skill.required_types.all()) == [card]
    assert (
        sign_in(administrator).post("/people/settings/skills/cupping/", sent | {"professions": []}).status_code == 422
    )
    sign_in(administrator).post("/people/settings/skills/cupping/", sent | {"region": "back"})
    assert Entry.objects.get(verb="skill.changed").changes == {"region": {"before": "", "after": "back"}}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"letter": "M"}, "letter"),
        ({"letter": "1"}, "letter"),
        ({"letter": "É"}, "letter"),
        ({"number": "1"}, "number"),
        ({"number": "9"}, "number"),
        ({"name": "Mt. Prospect"}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_a_clinic_is_kept_with_its_own_mark(administrator, mt_prospect, sign_in, changed, field):
    sent = {"name": "Elmhurst", "letter": "e", "number": "3", "time_zone": "America/Chicago"}
    assert sign_in(administrator).post("/people/settings/clinics/new/", sent | changed).context["form"].errors[field]
    assert sign_in(administrator).post("/people/settings/clinics/new/", sent).status_code == 302
    assert Clinic.objects.get(slug="elmhurst").letter == "E"
