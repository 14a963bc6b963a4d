"""`manage.py import_protocol`: what it stores, says and answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.roles import Role
from protocols.models import Protocol, ProtocolVersion
from tests import factories

pytestmark = pytest.mark.django_db
ARTICLE = str(Path(__file__).parent / "inputs" / "dry-needling-neck-pain.txt")


def run(*words: str) -> str:
    from io import StringIO

    out = StringIO()
    call_command("import_protocol", *words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as error:
        run(*words)
    assert not Protocol.objects.exists()
    return str(error.value), error.value.returncode


def test_the_article_becomes_a_draft_of_the_lead(clinical_lead):
    said = run(ARTICLE)
    version = ProtocolVersion.objects.get()
    assert (version.state, version.title, version.edited_by) == (
        "draft",
        "Dry Needling Therapy For Neck Pain",
        clinical_lead,
    )
    assert [part.heading for part in version.sections.all()] == [
        "Introduction",
        "What is Dry needling?",
        "How does it work?",
        "Is dry needling effective?",
    ]
    assert said.splitlines() == [
        "dry-needling-neck-pain.txt is now a draft of “Dry Needling Therapy For Neck Pain”, by Ines Exemplar.",
        "  Introduction (text, 48 words)",
        "  What is Dry needling? (text, 81 words)",
        "  How does it work? (text, 166 words)",
        "  Is dry needling effective? (text, 270 words)",
        "Note: Doubled spaces were made one in 1 place.",
        "Note: Left out: “» Blog”, which looks like navigation of a web page.",
        "Note: The text before the first heading became the section “Introduction”.",
        "Note: “Is dry needling effective?” contains what looks like a telephone number (847-786-2014): check that "
        "nothing about a patient is in the text.",
        f"Read and finish it at {version.get_absolute_url()}",
    ]


def test_title_author_and_category_can_be_given(clinical_lead, therapist):
    run(ARTICLE, "--title", "Neck  pain", "--by", therapist.email.upper(), "--category", "exercise")
    version = ProtocolVersion.objects.get()
    assert (version.title, version.edited_by, version.protocol.category) == ("Neck pain", therapist, "exercise")


def test_the_same_file_twice_makes_a_second_draft_only_under_another_title(clinical_lead):
    run(ARTICLE)
    with pytest.raises(CommandError) as error:
        run(ARTICLE)
    assert (
        str(error.value) == "There is a protocol called “Dry Needling Therapy For Neck Pain” already: version 1, draft."
    )
    run(ARTICLE, "--title", "Neck pain, the second")
    assert sorted(Protocol.objects.values_list("slug", flat=True)) == [
        "dry-needling-therapy-for-neck-pain",
        "neck-pain-the-second",
    ]


def test_a_file_that_cannot_be_read(clinical_lead, tmp_path):
    assert refused(str(tmp_path / "nope.txt")) == ("There is no file nope.txt at that place.", 2)


def test_an_address_that_nobody_has(clinical_lead):
    sentence = "Nobody works here with the address nobody@clinic.example: nothing was stored."
    assert refused(ARTICLE, "--by", "nobody@clinic.example") == (sentence, 2)


def test_somebody_who_writes_no_protocols(front_desk):
    sentence = "Therapists, clinic managers and the clinical lead write protocols."
    assert refused(ARTICLE, "--by", front_desk.email) == (sentence, 2)


def test_no_clinical_lead(db):
    assert refused(ARTICLE) == ("There is no clinical lead to give the draft to: name somebody with --by EMAIL.", 2)


def test_two_clinical_leads(clinical_lead):
    factories.staff(name="Ora Secondly", role=Role.CLINICAL_LEAD, clinics=[None])
    sentence = "There is more than one clinical lead: say whose draft it is with --by EMAIL."
    assert refused(ARTICLE) == (sentence, 2)
