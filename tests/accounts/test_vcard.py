"""A colleague's work contact for a phone: nothing private, and nothing that somebody typed becomes a line of its own."""

from __future__ import annotations

import pytest

from accounts.models import Clinic, User
from accounts.vcard import card, file_name
from tests import factories


def lines(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


@pytest.fixture
def address(mt_prospect: Clinic) -> Clinic:
    Clinic.objects.filter(pk=mt_prospect.pk).update(address="100 Example Avenue, Mt. Prospect, IL")
    return mt_prospect


def test_it_holds_the_work_contact_and_nothing_else(address: Clinic, therapist: User, front_desk: User, sign_in):
    User.objects.filter(pk=therapist.pk).update(title="PT, DPT", phone="847-555-0142", weekly_hours=32)
    response = sign_in(front_desk).get(f"/people/{therapist.pk}/card.vcf")
    assert response.headers["Content-Type"] == "text/vcard; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="avery-testwell.vcf"'
    assert lines(response.content.decode()) == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "N:Testwell;Avery;;;",
        "FN:Avery Testwell",
        "ORG:Emery;Mt. Prospect",
        "TITLE:PT\\, DPT",
        "EMAIL;TYPE=INTERNET,WORK:avery.testwell@clinic.example",
        "TEL;TYPE=WORK,VOICE:847-555-0142",
        "ADR;TYPE=WORK:;;100 Example Avenue\\, Mt. Prospect\\, IL;;;;",
        "END:VCARD",
        "",
    ]


def test_who_works_at_both_clinics_has_the_address_of_neither(address: Clinic, floater: User, sign_in):
    body = sign_in(floater).get(f"/people/{floater.pk}/card.vcf").content.decode()
    assert [line for line in lines(body) if line.startswith(("ADR", "ORG"))] == ["ORG:Emery"]


@pytest.mark.parametrize(
    "nasty",
    ["A\r\nTEL:666", "A\nEND:VCARD", "A\rX", "A;B,C\\", "A\u2028NOTE:x", "A\x85NOTE:x", "\x00A\x1bB", "A\\nB"],
)
def test_nothing_that_was_typed_ends_a_line_or_a_value(nasty: str):
    person = User(name=f"{nasty} Testwell", title=nasty, phone=nasty, email="a@clinic.example")
    text = card(person, [])
    found = lines(text)
    assert [line.partition(":")[0].partition(";")[0] for line in found] == [
        *("BEGIN", "VERSION", "N", "FN", "ORG", "TITLE", "EMAIL", "TEL", "END", "")
    ]
    assert len(text.splitlines()) == text.count("\r\n")


def test_lines_are_folded_between_characters():
    person = User(name="Ł" * 200, email="a@clinic.example")
    text = card(person, [])
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert f"FN:{'Ł' * 200}" in lines(text)


@pytest.mark.parametrize(
    ("name", "file"),
    [("Ines Exemplar", "ines-exemplar.vcf"), ('a"; x=".exe\r\nX: y', "a-xexe-x-y.vcf"), ("李", "colleague.vcf")],
)
def test_the_file_has_a_name_that_every_system_keeps(name: str, file: str):
    assert file_name(User(name=name)) == file


def test_there_is_none_of_somebody_who_left(therapist: User, manager: User, sign_in):
    gone = factories.person(name="Gone Away", is_active=False)
    for viewer in (therapist, manager):
        assert sign_in(viewer).get(f"/people/{gone.pk}/card.vcf").status_code == 404
