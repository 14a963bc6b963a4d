"""One rule for a person's name on every way in."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import Clinic, Invitation, User
from accounts.naming import clean_person_name
from accounts.staff_list import check

BAD = {
    "Ada\u202eretsehC": "invisible",  # the rest reads from right to left
    "Ada\x07 Nonesuch": "invisible",
    "Ada\u200bNonesuch": "invisible",
    " \u00a0 ": "missing",
    "A" * 121: "too-long",
    "1234 --": "no-letter",
}


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  Ada \t Nonesuch ", "Ada Nonesuch"), ("Renée O’Neill-Šimić", "Renée O’Neill-Šimić"), ("李 明", "李 明")],
)
def test_blanks_go_and_names_stay(given: str, kept: str):
    assert clean_person_name(given) == kept


@pytest.mark.parametrize(("name", "code"), BAD.items())
def test_what_is_no_name_is_refused(name: str, code: str):
    with pytest.raises(ValidationError) as error:
        clean_person_name(name)
    assert error.value.code == code


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_on_every_way_in(name: str, manager: User, therapist: User, mt_prospect: Clinic, sign_in, api):
    sent = {"name": name, "email": "nina@clinic.example", "profession": "pt", "role": "therapist"}
    page = sign_in(manager).post(reverse("accounts:invitations"), sent | {"clinic": mt_prospect.pk})
    program = api(manager).post("/api/v1/invitations/", sent | {"clinic": "mt-prospect"}, format="json")
    profile = sign_in(manager).post(
        reverse("accounts:profile", args=[therapist.pk]),
        {"name": name, "initial-name": therapist.name, "profession": "pt", "weekly_hours": "40"},
    )
    changed = api(manager).patch(f"/api/v1/people/{therapist.pk}/", {"name": name}, format="json")
    assert [page.status_code, program.status_code, profile.status_code, changed.status_code // 100] == [
        422,
        400,
        422,
        4,
    ]
    text = f'name,email,role,clinic,profession\n"{name}",nina@clinic.example,therapist,Mt. Prospect,pt'
    assert [reason.field for line in check(text, by=manager) for reason in line.verdict.reasons] == ["name"]
    with pytest.raises(CommandError):
        call_command("first_admin", "first@clinic.example", name)
    assert (Invitation.objects.count(), User.objects.filter(email="first@clinic.example").count()) == (0, 0)
    assert User.objects.get(pk=therapist.pk).name == "Avery Testwell"
