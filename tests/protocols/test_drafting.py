from __future__ import annotations

from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
import time_machine

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from protocols import drafting, outlines, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import ProtocolVersion, Section, State
from protocols.publishing import Readers
from tests.protocols import factories

pytestmark = pytest.mark.django_db
TOO_DEEP = "<p>a</p>" + "<blockquote>" * 150 + "Careful" + "</blockquote>" * 150
SAID = (
    "“Purpose and scope” has more than 100 boxes within one another, and no page shows that. Take the text out of them."
)


def changed(version: ProtocolVersion, body: str = "<p>Changed.</p>", **fields: object) -> DraftText:
    text = drafting.text_of(version)
    first, *rest = text.sections
    sections = [SectionText(first.kind, first.heading, body, first.key), *rest]
    values = {"title": text.title, "sections": sections, "change_summary": text.change_summary}
    return DraftText(**(values | fields))


def test_new_protocol_starts_with_the_sections_given(therapist, at):
    version = drafting.new_protocol(
        title="  Cupping  of the neck ",
        category="needling",
        sections=outlines.TREATMENT.texts(),
        by=therapist,
        at=at,
    )
    assert version.title == "Cupping of the neck"
    assert version.protocol.slug == "cupping-of-the-neck"
    assert [part.kind for part in version.sections.all()] == [kind for kind, _ in outlines.TREATMENT.sections]
    assert [str(row) for row in version.audiences.all()] == [
        "Assistant or aide at Mt. Prospect",
        "Therapist at Mt. Prospect",
    ]
    assert [str(row.user) for row in version.contributors.all()] == [therapist.name]


def test_two_protocols_of_the_same_title_have_two_addresses(therapist, at):
    first = factories.draft(by=therapist, at=at, title="Report")
    second = factories.draft(by=therapist, at=at, title="Report")
    assert [first.protocol.slug, second.protocol.slug] == ["report-2", "report-3"]


@pytest.mark.parametrize("who", ["assistant", "front_desk", "administrator"])
def test_new_protocol_is_not_for(request, who, at):
    with pytest.raises(Forbidden) as refused:
        factories.draft(by=request.getfixturevalue(who), at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["not-an-author"]


def test_new_protocol_needs_a_title(therapist, at):
    with pytest.raises(Refused) as refused:
        drafting.new_protocol(title=" ", category="safety", by=therapist, at=at)
    assert [(r.code, r.field) for r in refused.value.verdict.reasons] == [("no-title", "title")]


def test_edit_stores_clean_words_and_names_the_contributor(therapist, clinical_lead, at):
    version = factories.draft(by=therapist, at=at)
    text = changed(version, "<script>x</script><h2>Why</h2><p onclick='x'>New <b>words</b></p>", title=" New  title ")
    saved = drafting.edit_draft(version, text, by=clinical_lead, at=at, token=version.token)
    section = saved.sections.get()
    assert (saved.title, section.body) == ("New title", "<h3>Why</h3><p>New <strong>words</strong></p>")
    assert section.words == "Why\nNew words"
    assert {row.user for row in saved.contributors.all()} == {therapist, clinical_lead}
    assert (saved.token, saved.edited_by) == (version.token + 1, clinical_lead)


def test_edit_that_changes_nothing_creates_nothing(therapist, clinical_lead, at):
    version = factories.draft(by=therapist, at=at)
    entries = Entry.objects.count()
    same = changed(version, "<p>Words.</p>\n<p></p>")
    saved = drafting.edit_draft(version, same, by=clinical_lead, at=at, token=version.token)
    assert (saved.token, Entry.objects.count(), saved.contributors.count()) == (version.token, entries, 1)


def test_edit_keeps_the_keys_of_sections_and_drops_those_left_out(therapist, at):
    one = SectionText("text", "One", "<p>1</p>", uuid4())
    two = SectionText("text", "Two", "<p>2</p>", uuid4())
    version = factories.draft(by=therapist, at=at, sections=[one, two])
    rows = {row.key: row.pk for row in version.sections.all()}
    three = SectionText("steps", "Three", "<ol><li>3</li></ol>", uuid4())
    text = DraftText(version.title, [three, two])
    saved = drafting.edit_draft(version, text, by=therapist, at=at, token=version.token)
    assert [(row.key, row.heading) for row in saved.sections.all()] == [(three.key, "Three"), (two.key, "Two")]
    assert Section.objects.get(key=two.key).pk == rows[two.key]


def test_edit_with_an_old_token_conflicts_and_changes_nothing(therapist, clinical_lead, at):
    version = factories.draft(by=therapist, at=at)
    drafting.edit_draft(version, changed(version, "<p>Hers</p>"), by=clinical_lead, at=at, token=version.token)
    with pytest.raises(Conflict) as conflict:
        drafting.edit_draft(version, changed(version, "<p>Mine</p>"), by=therapist, at=at, token=version.token)
    assert str(conflict.value) == "Ines Exemplar saved this draft after you opened it."
    assert version.sections.get().body == "<p>Hers</p>"


def test_edit_makes_an_approved_version_a_draft_without_its_approval(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    saved = drafting.edit_draft(version, changed(version), by=therapist, at=at, token=version.token)
    assert (saved.state, saved.approved_by, saved.approved_hash, saved.submitted_by) == (State.DRAFT, None, "", None)


def test_edit_is_only_for_authors_and_the_lead(therapist, floater, at):
    version = factories.draft(by=therapist, at=at)
    with pytest.raises(Forbidden) as refused:
        drafting.edit_draft(version, changed(version), by=floater, at=at, token=version.token)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["not-your-draft"]


def test_edit_refuses_a_published_version(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    with pytest.raises(Conflict) as refused:
        drafting.edit_draft(version, changed(version), by=clinical_lead, at=at, token=version.token)
    assert str(refused.value) == "Ines Exemplar has published version 1. Start a new draft to change it."


def test_edit_says_all_that_is_wrong(therapist, at):
    version = factories.draft(by=therapist, at=at)
    key = uuid4()
    text = DraftText("", [SectionText("text", "", "x", key), SectionText("text", "A", "x", key)])
    with pytest.raises(Refused) as refused:
        drafting.edit_draft(version, text, by=therapist, at=at, token=version.token)
    assert [r.code for r in refused.value.verdict.reasons] == ["no-title", "no-heading", "section-twice"]


def test_start_draft_copies_text_keys_and_readers(therapist, floater, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = drafting.start_draft(one.protocol, by=floater, at=at)
    assert (two.number, two.state, two.title) == (2, State.DRAFT, one.title)
    assert [(s.key, s.body) for s in two.sections.all()] == [(s.key, s.body) for s in one.sections.all()]
    assert [str(row) for row in two.audiences.all()] == [str(row) for row in one.audiences.all()]
    assert [row.user for row in two.contributors.all()] == [floater]
    assert ProtocolVersion.objects.get(pk=one.pk).state == State.PUBLISHED


def test_nobody_copies_what_they_may_not_read(therapist, floater, clinical_lead, oakbrook, sign_in, at):
    """Who signed the first version reads that one for ever, and not what has replaced it for others."""
    one = factories.published(by=floater, lead=clinical_lead, at=at)
    factories.acknowledgement(version=one, by=therapist, at=at)
    there = [Readers(Role.MANAGER, oakbrook)]
    two = factories.next_version(after=one, by=floater, lead=clinical_lead, at=at + timedelta(hours=1), readers=there)
    with pytest.raises(Forbidden) as refused:
        drafting.start_draft(one.protocol, by=therapist, at=at + timedelta(hours=2))
    assert [reason.code for reason in refused.value.verdict.reasons] == ["not-a-reader"]
    with time_machine.travel(at + timedelta(hours=2), tick=False):
        browser = sign_in(therapist)
        assert browser.get(two.get_absolute_url()).status_code == 404
        assert browser.post(f"/protocols/{one.protocol.slug}/draft/start/").status_code == 403
    assert not ProtocolVersion.objects.open().exists()


def test_start_draft_refuses_a_second_one(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    drafting.start_draft(one.protocol, by=therapist, at=at)
    with pytest.raises(Forbidden) as refused:
        drafting.start_draft(one.protocol, by=clinical_lead, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["open-draft"]


def test_start_draft_of_a_manager_needs_a_protocol_of_the_own_clinics_only(
    therapist, manager, clinical_lead, mt_prospect, at
):
    everywhere = factories.published(by=therapist, lead=clinical_lead, at=at)
    with pytest.raises(Forbidden) as refused:
        drafting.start_draft(everywhere.protocol, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["not-your-clinic"]
    here = factories.published(
        by=therapist,
        lead=clinical_lead,
        at=at,
        readers=[publishing.Readers("therapist", mt_prospect, must_acknowledge=True)],
    )
    assert drafting.start_draft(here.protocol, by=manager, at=at).number == 2


def test_start_draft_copies_what_is_planned_because_it_will_be_replaced(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    factories.next_version(
        after=one, by=therapist, lead=clinical_lead, at=at, effective=at.date() + timedelta(days=5), body="<p>Next.</p>"
    )
    assert bodies(drafting.start_draft(one.protocol, by=therapist, at=at)) == ["<p>Next.</p>"]


def test_start_draft_copies_what_is_in_force_and_nothing_withdrawn(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(
        after=one, by=therapist, lead=clinical_lead, at=at, effective=at.date() + timedelta(days=5)
    )
    publishing.withdraw(two, by=clinical_lead, at=at, reason="Wrong.")
    three = drafting.start_draft(one.protocol, by=therapist, at=at)
    assert (three.number, bodies(three)) == (3, ["<p>Words.</p>"])


def test_start_draft_copies_a_withdrawn_text_when_there_is_no_other(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    publishing.withdraw(one, by=clinical_lead, at=at + timedelta(hours=1), reason="Wrong.")
    assert bodies(drafting.start_draft(one.protocol, by=therapist, at=at)) == ["<p>Words.</p>"]


def bodies(version: ProtocolVersion) -> list[str]:
    return [section.body for section in version.sections.all()]


def test_what_no_page_could_show_is_not_stored(therapist, sign_in, api, at):
    """By the action, on the page, over the API: refused with a sentence, and what was stored stays."""
    with pytest.raises(Refused) as refused:
        factories.draft(by=therapist, at=at, body=TOO_DEEP)
    assert str(refused.value) == SAID
    version = factories.draft(by=therapist, at=at)
    section = version.sections.get()
    said = {
        "version": 1,
        "token": version.token,
        "title": version.title,
        "change_summary": "",
        "material": "yes",
        "then": "save",
    }
    form = {"key": str(section.key), "kind": section.kind, "heading": section.heading, "body": TOO_DEEP}
    counts = {"section-TOTAL_FORMS": "1", "section-INITIAL_FORMS": "1"}
    place = f"/protocols/{version.protocol.slug}/draft/"
    answer = sign_in(therapist).post(place, said | counts | {f"section-0-{name}": form[name] for name in form})
    assert (answer.status_code, SAID in unescape(answer.content.decode())) == (422, True)
    assert "Careful" in answer.content.decode()
    sent = {"version": 1, "token": version.token, "title": version.title, "sections": [form]}
    answer = api(therapist).put(f"/api/v1/drafts/{version.protocol.slug}/", sent, format="json")
    assert (answer.status_code, [one["message"] for one in answer.json()["reasons"]]) == (422, [SAID])
    assert version.sections.get().body == "<p>Words.</p>"
