"""Credentials and their types over the API: the rules of the pages, in problem documents."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.filing import fingerprint
from accounts.models import Credential, CredentialType, User
from tests import factories
from tests.conftest import CAST

API = "/api/v1/credentials/"
TYPES = "/api/v1/credential-types/"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def card() -> CredentialType:
    return factories.credential_type(code="card", rule="months", months=24, needs_document=True)


@pytest.fixture
def credential(therapist: User, card: CredentialType) -> Credential:
    filed = factories.credential(user=therapist, type=card, start=date(2026, 11, 1), end=date(2028, 11, 1))
    Credential.objects.update(reference="CANARY")
    factories.document(credential=filed)
    return Credential.objects.get()


def test_filing_with_a_document(therapist, api, card):
    sent = {"user": therapist.pk, "type": "card", "issued_on": "2026-11-01"}
    bare = api(therapist).post(API, sent)
    assert (bare.status_code, [reason["field"] for reason in bare.json()["reasons"]]) == (422, ["document"])
    fake = api(therapist).post(API, sent | {"document": SimpleUploadedFile("a.pdf", b"<html>")}, format="multipart")
    assert (fake.status_code, fake.json()["reasons"][0]["code"]) == (422, "document")
    scan = SimpleUploadedFile("a.pdf", factories.pdf())
    answer = api(therapist).post(API, sent | {"document": scan}, format="multipart")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["first_day"], body["last_day"], body["state"], body["has_document"]) == (
        *("2026-11-01", "2028-10-31"),
        *("not_verified", True),
    )


@pytest.mark.parametrize("who", CAST)
def test_an_administrator_reads_no_numbers(cast, api, credential, who):
    rows = api(cast[who]).get(API).json()["results"]
    if who in {"therapist", "manager", "clinical_lead"}:
        assert [(row["reference"], row["seen"]) for row in rows] == [("CANARY", fingerprint(credential))]
    elif who == "administrator":
        assert [(row["reference"], row["seen"], row["remark"]) for row in rows] == [(None, None, None)]
    else:
        assert rows == []


def test_checking_sending_back_and_withdrawing(therapist, manager, api, credential):
    at = f"{API}{credential.pk}/"
    stale = api(manager).post(f"{at}verify/", {"seen": "0" * 16})
    assert (stale.status_code, stale.json()["reasons"][0]["code"]) == (409, "changed")
    seen = api(manager).get(at).json()["seen"]
    sent_back = api(manager).post(f"{at}send-back/", {"seen": seen, "reason": "Wrong day."})
    assert (sent_back.json()["state"], sent_back.json()["remark"]) == ("sent_back", "Wrong day.")
    corrected = api(therapist).put(at, {"issued_on": "2026-11-02", "reference": "2"})
    assert (corrected.json()["state"], corrected.json()["first_day"]) == ("not_verified", "2026-11-02")
    verified = api(manager).post(f"{at}verify/", {"seen": corrected.json()["seen"]})
    assert verified.json()["state"] == "in_force"
    assert api(therapist).delete(at).status_code == 403
    assert api(manager).post(f"{at}withdraw/", {"reason": ""}).status_code == 400
    assert api(manager).post(f"{at}withdraw/", {"reason": "Not theirs."}).json()["state"] == "missing"


def test_what_is_not_verified_is_taken_back(therapist, api, credential):
    assert api(therapist).delete(f"{API}{credential.pk}/").status_code == 204
    assert Credential.objects.count() == 0


def test_the_document_comes_shut_off(therapist, api, credential):
    response = api(therapist).get(f"{API}{credential.pk}/document/")
    assert (response.content, response["Content-Type"]) == (b"%PDF-1.4 a document", "application/pdf")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("asked", [{"user": "x"}, {"user": "9" * 30}, {"type": "\x00"}, {"type": "nothing"}])
def test_a_filter_that_fits_nothing_finds_nothing(therapist, api, credential, asked):
    assert api(therapist).get(API, asked).json()["results"] == []
    found = api(therapist).get(API, {"user": therapist.pk, "type": "card"}).json()["results"]
    assert [row["id"] for row in found] == [credential.pk]


def test_nobody_files_for_those_whose_file_they_do_not_see(therapist, floater, api, card):
    answer = api(therapist).post(API, {"user": floater.pk, "type": "card", "issued_on": "2026-11-01"})
    missing = api(therapist).post(API, {"user": 0, "type": "card", "issued_on": "2026-11-01"})
    assert (answer.status_code, missing.status_code) == (400, 400)
    assert answer.json()["errors"]["user"][0].replace(str(floater.pk), "0") == missing.json()["errors"]["user"][0]


def test_an_administrator_keeps_the_types(administrator, therapist, api, card):
    assert [row["code"] for row in api(therapist).get(TYPES).json()["results"]] == ["card"]
    assert api(therapist).patch(f"{TYPES}card/", {"months": 12}).status_code == 403
    changed = api(administrator).patch(f"{TYPES}card/", {"months": 12})
    assert (changed.status_code, changed.json()["months"], changed.json()["needs_document"]) == (200, 12, True)
    wrong = api(administrator).patch(f"{TYPES}card/", {"rule": "none"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["months"])
    new = {"name": "Permit", "rule": "odd_years", "month": 2, "day": 29, "source": "Policy"}
    assert list(api(administrator).post(TYPES, new).json()["errors"]) == ["day"]
    added = api(administrator).post(TYPES, new | {"day": 28})
    assert (added.status_code, added.json()["code"], added.json()["checker"]) == (201, "permit", "lead")
    assert api(administrator).post(f"{TYPES}permit/retire/").json()["retired_at"] is not None
    assert api(administrator).post(f"{TYPES}permit/bring-back/").json()["retired_at"] is None
