"""The code on a printed copy: it says whether the copy still counts, and nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from protocols import prints, publishing
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)


@pytest.fixture
def copy(floater, clinical_lead, at):
    return factories.published(
        by=floater, lead=clinical_lead, at=at - LONG_AGO, title="Secret title", body="<p>Hush.</p>"
    )


def page(version) -> str:
    return reverse("protocols:printed", args=[prints.code_of(version)])


def test_a_stranger_learns_that_the_copy_counts_and_nothing_else(copy, client):
    answer = client.get(page(copy))
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "This copy is still in force" in said
    assert "It is version 1, in force since Aug 17, 2026." in said
    assert "Secret" not in said
    assert "Hush" not in said
    assert answer["Cache-Control"] == "no-store"


def test_the_address_of_the_protocol_is_only_for_those_who_sign_in(copy, client, therapist, sign_in):
    assert copy.protocol.slug not in client.get(page(copy)).content.decode()
    link = f'href="{copy.protocol.get_absolute_url()}"'
    assert link in sign_in(therapist).get(page(copy)).content.decode()


def test_it_follows_what_becomes_of_the_version(copy, floater, clinical_lead, client, at):
    second = factories.next_version(after=copy, by=floater, lead=clinical_lead, at=at, effective=date(2026, 12, 1))
    assert "This copy is still in force" in client.get(page(copy)).content.decode()
    assert "This copy is version 2, which starts on Dec 1, 2026." in client.get(page(second)).content.decode()
    with time_machine.travel(at + timedelta(days=10), tick=False):
        assert "Version 1 has been replaced by a newer one." in client.get(page(copy)).content.decode()
        publishing.withdraw(second, by=clinical_lead, at=at + timedelta(days=10), reason="Secret reason")
        said = client.get(page(second)).content.decode()
        assert "Version 2 was withdrawn." in said
        assert "Secret" not in said


@pytest.mark.parametrize(
    "change", [lambda code: "2" + code, lambda code: code[:-1], lambda code: "1.x", lambda code: "x" * 5000]
)
def test_another_code_is_not_found(copy, client, change):
    code = change(prints.code_of(copy))
    assert client.get(reverse("protocols:printed", args=[code])).status_code == 404


def test_a_draft_has_no_code_that_answers(therapist, client, at):
    draft = factories.draft(by=therapist, at=at)
    assert client.get(page(draft)).status_code == 404


def test_the_printed_page_carries_it(copy, therapist, sign_in):
    said = sign_in(therapist).get(copy.get_absolute_url()).content.decode()
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', said)
    assert picture
    assert b"<svg" in b64decode(picture[1])
    draft_page = sign_in(therapist).get(reverse("protocols:library")).content.decode()
    assert "print-check" not in draft_page
