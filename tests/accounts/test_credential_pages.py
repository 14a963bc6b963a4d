"""The pages of a credential: filing it with its document, the queue of those who check, and the document itself."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.documents import MOST_BYTES
from accounts.filing import fingerprint
from accounts.models import Checker, Credential, CredentialDocument, CredentialType, User
from tests import factories
from tests.conftest import CAST

SEES_DOCUMENT = {"therapist", "manager", "clinical_lead"}


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def insurance() -> CredentialType:
    return factories.credential_type(code="insurance", name="Insurance", needs_document=True)


@pytest.fixture
def credential(therapist: User, insurance: CredentialType) -> Credential:
    filed = factories.credential(user=therapist, type=insurance, end=date(2027, 1, 1))
    factories.document(credential=filed)
    return filed


def upload(content: bytes | None = None, name: str = "card.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.png() if content is None else content, content_type="text/html")


def form(**changed: object) -> dict[str, object]:
    return {"issued_on": "2026-11-01", "last_day": "2027-10-31", "reference": "4711", "document": upload()} | changed


def new(person: User, **asked: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/people/{person.pk}/credentials/new/?{query}"


def address(credential: Credential, tail: str = "") -> str:
    return f"/people/credentials/{credential.pk}/{tail}"


def test_a_type_is_chosen_first(therapist, sign_in, insurance):
    factories.credential_type(code="retired", name="Retired one", retired_at=datetime(2026, 1, 1).astimezone())
    factories.credential_type(code="desk", name="Desk one", professions=["desk"])
    body = sign_in(therapist).get(new(therapist)).content.decode()
    assert '<a class="row-title" href="?type=insurance">Insurance</a>' in body
    assert "Retired one" not in body
    assert "Desk one" not in body


def test_filing_with_a_document(therapist, sign_in, insurance):
    response = sign_in(therapist).post(new(therapist, type="insurance"), form())
    assert (response.status_code, response.url) == (302, f"/people/{therapist.pk}/")
    filed = Credential.objects.get()
    assert (filed.reference, filed.last_day, filed.document.kind) == ("4711", date(2027, 10, 31), "image/png")


def test_a_renewal_waits_for_the_days_that_stand_on_the_document(therapist, sign_in, credential):
    page = sign_in(therapist).get(new(therapist, type="insurance"))
    assert page.context["form"]["issued_on"].value() is None
    assert "the new one counts from the day after the old one" in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"document": ""}, "document", "This field is required."),
        ({"document": upload(b"<svg onload=alert(1)>", "x.png")}, "document", "This is not a PDF, PNG or JPEG file"),
        ({"document": upload(b"%PDF-" + bytes(MOST_BYTES), "x.pdf")}, "document", "larger than 10 MB"),
        ({"issued_on": "0026-11-01"}, "issued_on", "Check the year."),
        ({"issued_on": "2029-11-01"}, "issued_on", "This day is more than a year ahead."),
        ({"last_day": "2026-10-31"}, "last_day", "The last day comes after the first"),
        ({"reference": "x" * 61}, "reference", "at most 60 characters"),
        ({"reference": "\x00"}, "reference", "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(therapist, sign_in, insurance, changed, field, words):
    response = sign_in(therapist).post(new(therapist, type="insurance"), form(**changed))
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field])
    assert (Credential.objects.count(), CredentialDocument.objects.count()) == (0, 0)


def test_what_is_on_file_already_is_said_beside_the_day(therapist, sign_in, credential):
    response = sign_in(therapist).post(new(therapist, type="insurance"), form(last_day="2026-12-31"))
    assert response.context["form"].errors["issued_on"] == [
        "On file already: Insurance from Jan 1, 2024 to Dec 31, 2026, and waits for a check."
    ]


@pytest.mark.parametrize("who", CAST)
def test_who_opens_the_document(cast, sign_in, credential, who):
    for tail, kind in (("document/", "application/pdf"), ("picture/", "image/jpeg")):
        response = sign_in(cast[who]).get(address(credential, tail))
        if who in SEES_DOCUMENT:
            assert (response.status_code, response["Content-Type"]) == (200, kind)
            assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Cache-Control"] == "private, no-store"
        else:
            assert response.status_code == (403 if who == "administrator" else 404)
            assert b"a document" not in response.content


def test_a_pdf_is_for_the_disk_and_a_picture_for_the_page(therapist, sign_in, credential):
    assert sign_in(therapist).get(address(credential, "document/"))["Content-Disposition"] == (
        f'attachment; filename="insurance-{therapist.pk}-2024-01-01.pdf"'
    )
    sign_in(therapist).post(address(credential, "correct/"), form(issued_on="2024-01-01", last_day="2026-12-31"))
    assert sign_in(therapist).get(address(credential, "document/"))["Content-Disposition"] == (
        f'inline; filename="insurance-{therapist.pk}-2024-01-01.png"'
    )


def test_nobody_opens_a_document_without_signing_in(client, credential):
    assert client.get(address(credential, "document/")).url.startswith("/accounts/login/")


def test_what_has_no_document_answers_like_what_does_not_exist(therapist, sign_in):
    bare = factories.credential(user=therapist, type=factories.credential_type())
    assert [sign_in(therapist).get(address(bare, tail)).status_code for tail in ("document/", "picture/")] == [404, 404]


def test_an_administrator_sees_neither_number_nor_reason_nor_document(sign_in, administrator, manager, credential):
    Credential.objects.update(
        reference="CANARY", remark="CANARY too", sent_back_by=manager, sent_back_at=datetime(2026, 11, 1).astimezone()
    )
    page = address(credential)
    body = sign_in(administrator).get(page).content.decode()
    assert "CANARY" not in body + sign_in(administrator).get(f"/people/{credential.user_id}/").content.decode()
    assert "/picture/" not in body
    assert "CANARY too" in sign_in(manager).get(page).content.decode()


def test_checking_from_the_queue_leads_back_to_it(manager, sign_in, credential):
    queue = sign_in(manager).get("/people/credentials/to-check/").content.decode()
    assert f"{address(credential)}?from=queue" in queue
    response = sign_in(manager).post(
        address(credential, "verify/"), {"seen": fingerprint(Credential.objects.get()), "from": "queue"}
    )
    assert response.url == "/people/credentials/to-check/"
    assert "Nothing to check" in sign_in(manager).get(response.url).content.decode()


def test_what_was_not_looked_at_is_not_verified(manager, sign_in, credential):
    for seen in ({}, {"seen": "0" * 16}):
        assert sign_in(manager).post(address(credential, "verify/"), seen).url == address(credential)
    assert Credential.objects.get().verified_at is None


def test_sending_back_without_a_reason_keeps_the_page(manager, sign_in, credential):
    response = sign_in(manager).post(address(credential, "send-back/"), {"seen": fingerprint(Credential.objects.get())})
    assert (response.status_code, Credential.objects.get().sent_back_at) == (422, None)


def test_the_person_reads_why_and_corrects(manager, therapist, sign_in, credential):
    answer = {"seen": fingerprint(Credential.objects.get()), "back-reason": "The day <b>cannot</b> be read."}
    sign_in(manager).post(address(credential, "send-back/"), answer)
    page = sign_in(therapist).get(f"/people/{therapist.pk}/")
    assert "The day &lt;b&gt;cannot&lt;/b&gt; be read." in page.content.decode()
    assert [step.word for step in page.context["file"].steps.values()] == ["Correct"]
    correction = form(issued_on="2024-01-01", last_day="2026-12-31", document="")
    assert sign_in(therapist).post(address(credential, "correct/"), correction).status_code == 302
    assert (Credential.objects.get().waits, CredentialDocument.objects.count()) == (True, 1)


def test_the_navigation_counts_what_waits(cast, sign_in, credential):
    def counted(who: str) -> bool:
        return "credentials to check" in sign_in(cast[who]).get("/more/").content.decode()

    assert [who for who in CAST if counted(who)] == ["manager", "clinical_lead"]
    CredentialType.objects.update(checker=Checker.LEAD)
    assert [who for who in CAST if counted(who)] == ["clinical_lead"]


def test_the_queue_asks_as_often_for_one_as_for_three(manager, sign_in, therapist, floater, assistant):
    browser = sign_in(manager)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            browser.get("/people/credentials/to-check/")
        return len(seen)

    factories.credential(user=therapist, type=factories.credential_type())
    queries()
    for_one = queries()
    for person in (floater, assistant):
        factories.credential(user=person, type=factories.credential_type())
    assert queries() == for_one
