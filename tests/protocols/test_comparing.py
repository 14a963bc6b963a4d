"""What changed between two versions: section by section, for those alone who may read both."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.roles import Role
from protocols import acknowledging, drafting, opening, publishing, questioning
from protocols.comparing import Change, compare
from protocols.drafting import DraftText, SectionText
from protocols.models import ProtocolVersion
from protocols.publishing import Readers
from protocols.questioning import QuestionText
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)
RECENTLY = timedelta(days=10)
KEY = uuid4()

SCOPE = SectionText("text", "Purpose and scope", "<p>For adults.</p>")
CARE = SectionText("precautions", "Take care", "<ul><li>is pregnant</li></ul>")
TECHNIQUE = SectionText("steps", "Technique", "<ol><li>The needle may stay.</li></ol>")
GONE = SectionText("evidence", "Evidence", "<p>None.</p>")


def changed(section, **fields):
    given = {"kind": section.kind, "heading": section.heading, "body": section.body, "key": section.key}
    return SectionText(**{**given, **fields})


@pytest.fixture
def first(floater, clinical_lead, at):
    sections = [SCOPE, CARE, TECHNIQUE, GONE]
    return factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO, title="Falls", sections=sections)


def revised(first, sections, *, by, lead, at, title="Falls", readers=factories.THERAPISTS):
    version = drafting.start_draft(first.protocol, by=by, at=at)
    text = DraftText(title, sections, "After the audit.", True)
    version = drafting.edit_draft(version, text, by=by, at=at, token=version.token)
    version = publishing.submit(version, by=by, at=at)
    version = publishing.approve(version, by=lead, at=at, token=version.token)
    return publishing.publish(version, by=lead, at=at, readers=readers)


@pytest.fixture
def second(first, floater, clinical_lead, at):
    sections = [
        changed(SCOPE, heading="Scope"),
        SectionText("text", "Consent", "<p>Ask.</p>", uuid4()),
        changed(CARE, body="<ul><li>is pregnant</li><li>is under 18</li></ul>"),
        changed(TECHNIQUE, body="<ol><li>The needle is removed at once.</li></ol>"),
    ]
    return revised(first, sections, by=floater, lead=clinical_lead, at=at - RECENTLY)


def outline(comparison):
    return [(section.heading, section.change, section.summary) for section in comparison.sections]


def test_each_section_says_what_became_of_it(first, second):
    assert outline(compare(first, second)) == [
        ("Scope", Change.CHANGED, "Renamed"),
        ("Consent", Change.ADDED, "New section"),
        ("Take care", Change.CHANGED, "1 point added"),
        ("Technique", Change.CHANGED, "4 words changed"),
        ("Evidence", Change.REMOVED, "Section removed"),
    ]


def test_it_can_be_read_backwards(first, second):
    assert outline(compare(second, first))[1:3] == [
        ("Consent", Change.REMOVED, "Section removed"),
        ("Take care", Change.CHANGED, "1 point removed"),
    ]


def test_moved_sections_and_other_kinds_are_named(first, floater, clinical_lead, at):
    sections = [TECHNIQUE, SCOPE, changed(CARE, kind="contraindications"), GONE]
    version = revised(first, sections, by=floater, lead=clinical_lead, at=at, title="Fall prevention")
    assert outline(compare(first, version)) == [
        ("Title", Change.CHANGED, "New title"),
        ("Technique", Change.MOVED, "Moved"),
        ("Purpose and scope", Change.SAME, ""),
        ("Take care", Change.CHANGED, "Now “Contraindications”"),
        ("Evidence", Change.SAME, ""),
    ]


def test_what_is_only_set_otherwise_is_a_change(first, floater, clinical_lead, at):
    sections = [changed(SCOPE, body="<p>For <strong>adults</strong>.</p>"), CARE, TECHNIQUE, GONE]
    version = revised(first, sections, by=floater, lead=clinical_lead, at=at)
    assert outline(compare(first, version))[0] == ("Purpose and scope", Change.CHANGED, "Only its look changed")


def test_a_summary_stays_short(first, floater, clinical_lead, at):
    body = "<h3>New</h3><p>Words of a paragraph.</p><ul><li>A point.</li></ul><p>For old adults.</p>"
    sections = [changed(SCOPE, heading="Scope", body=body), CARE, TECHNIQUE, GONE]
    version = revised(first, sections, by=floater, lead=clinical_lead, at=at)
    assert outline(compare(first, version))[0][2] == "Renamed, 1 heading added, and more"


def test_words_are_marked_on_their_side(first, second):
    [technique] = [section for section in compare(first, second).sections if section.heading == "Technique"]
    assert technique.before == "<ol><li>The needle <del>may stay</del>.</li></ol>"
    assert technique.after == "<ol><li>The needle <ins>is removed at once</ins>.</li></ol>"
    assert "<del>may stay</del><ins>is removed at once</ins>" in technique.merged


def test_texts_beyond_measure_stand_side_by_side_without_marks(first, floater, clinical_lead, at):
    long = [SectionText("text", f"Long {n}", "<p>" + f"word{n} " * 14_000 + "</p>") for n in range(5)]
    version = revised(first, [SCOPE, CARE, TECHNIQUE, *long], by=floater, lead=clinical_lead, at=at)
    sections = compare(first, version).sections
    assert {section.summary for section in sections} == {"", "New section", "Section removed"}
    assert not any("<ins>" in section.after for section in sections)


def test_whoever_may_read_one_version_only_has_nothing_to_compare(first, second, therapist, sign_in):
    page = sign_in(therapist).get(reverse("protocols:compare", args=[first.protocol.slug]))
    assert page.status_code == 200
    assert "There is no earlier version to compare with" in page.content.decode()


def test_a_signature_opens_the_version_that_was_signed(floater, clinical_lead, therapist, sign_in, at):
    first = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO)
    factories.acknowledgement(version=first, by=therapist, at=at - LONG_AGO)
    second = factories.next_version(after=first, by=floater, lead=clinical_lead, at=at - RECENTLY * 2)
    third = factories.next_version(
        after=second, by=floater, lead=clinical_lead, at=at - RECENTLY, body="<p>Last words.</p>"
    )
    browser = sign_in(therapist)
    page = browser.get(reverse("protocols:compare", args=[first.protocol.slug])).content.decode()
    assert "What changed from version 1 to version 3" in page
    assert "<del>Words</del>" in page
    assert "<ins>Last words</ins>" in page
    assert f'href="{third.get_absolute_url()}#acknowledge"' in page
    assert 'name="opened"' not in page
    reading = browser.get(reverse("protocols:detail", args=[first.protocol.slug])).content.decode()
    assert f'href="/protocols/{first.protocol.slug}/compare/?from=1&amp;to=3"' in reading


def test_versions_that_the_reader_may_not_see_are_not_there(first, second, therapist, manager, sign_in):
    address = reverse("protocols:compare", args=[first.protocol.slug])
    assert sign_in(therapist).get(f"{address}?from=1&to=2").status_code == 404
    assert sign_in(manager).get(f"{address}?from=1&to=2").status_code == 200
    for hostile in ("from=99", "from=x", "to=-1", "from=1%00", "to=" + "9" * 400):
        assert sign_in(manager).get(f"{address}?{hostile}").status_code == 404


def test_a_version_of_another_audience_is_no_side_door(first, floater, clinical_lead, front_desk, sign_in, at):
    readers = [Readers(Role.FRONT_DESK)]
    second = revised(first, [SCOPE], by=floater, lead=clinical_lead, at=at - RECENTLY, readers=readers)
    browser = sign_in(front_desk)
    address = reverse("protocols:compare", args=[first.protocol.slug])
    assert browser.get(f"{address}?from=1&to=2").status_code == 404
    page = browser.get(address).content.decode()
    assert "There is no earlier version to compare with" in page
    assert "The needle may stay" not in page
    assert second.number == 2


def test_in_one_column_removed_and_added_words_stand_together(first, second, manager, sign_in):
    address = reverse("protocols:compare", args=[first.protocol.slug])
    page = sign_in(manager).get(f"{address}?from=1&to=2&layout=merged").content.decode()
    assert "<del>may stay</del><ins>is removed at once</ins>" in page
    assert "compare-pair" not in page


def test_on_a_phone_side_by_side_is_one_column(first, second, manager, sign_in):
    page = sign_in(manager).get(reverse("protocols:compare", args=[first.protocol.slug])).content.decode()
    assert page.count('class="compare-merged card prose only-phone"') == 5
    assert page.count('class="compare-pair only-desktop"') == 5


class TestQuestions:
    """They are part of what is approved and signed. Which answers are right, readers do not learn here."""

    @pytest.fixture
    def asking(self, first, floater, clinical_lead, at):
        """The second version, in force: it asks something."""
        draft = drafting.start_draft(first.protocol, by=floater, at=at - RECENTLY)
        return self.asked(draft, right=1, by=floater, lead=clinical_lead, at=at - RECENTLY)

    def asked(self, draft, *, right, by, lead, at, text="How <long>?"):
        text_of = drafting.text_of(draft)
        said = DraftText(text_of.title, text_of.sections, "A question.", True)
        draft = drafting.edit_draft(draft, said, by=by, at=at, token=draft.token)
        question = QuestionText(draft.sections.first().key, text, ["2 minutes", "10 minutes"], right, KEY)
        draft = questioning.ask(draft, [question], by=by, at=at, token=draft.token)
        draft = publishing.submit(draft, by=by, at=at)
        draft = publishing.approve(draft, by=lead, at=at, token=draft.token)
        return publishing.publish(draft, by=lead, at=at, readers=factories.THERAPISTS)

    def test_a_new_one_is_a_change(self, first, asking):
        [change] = compare(first, asking).changed
        assert (change.kind, change.heading, change.summary) == ("questions", "Questions", "1 added")
        assert "<ins>How &lt;long&gt;?</ins>" in change.after

    def test_one_that_is_gone_or_says_something_else_is_one(self, first, asking, floater, clinical_lead, at):
        third = drafting.start_draft(first.protocol, by=floater, at=at)
        third = self.asked(third, right=1, by=floater, lead=clinical_lead, at=at, text="How long then?")
        assert [(one.kind, one.summary) for one in compare(asking, third).changed] == [("questions", "1 changed")]
        assert [(one.kind, one.summary) for one in compare(third, first).changed] == [("questions", "1 removed")]

    def test_another_order_is_one(self, first, asking, floater, clinical_lead, at):
        draft = drafting.start_draft(first.protocol, by=floater, at=at)
        section = draft.sections.first().key
        two = [QuestionText(section, text, ["Yes", "No"], 0) for text in ("One?", "Two?")]
        draft = questioning.ask(draft, two, by=floater, at=at, token=draft.token)
        before = ProtocolVersion.objects.get(pk=draft.pk)
        earlier = [change.after for change in compare(first, before).changed]
        draft = questioning.ask(draft, two[::-1], by=floater, at=at, token=draft.token)
        assert [change.after for change in compare(first, draft).changed] != earlier

    def test_another_right_answer_is_told_to_those_alone_who_have_a_say(
        self, first, asking, floater, clinical_lead, manager, therapist, approver, sign_in, api, at
    ):
        opened = opening.proof(asking, reader=floater, at=at)
        acknowledging.acknowledge(asking, by=floater, at=at, opened=opened, answers={KEY: 1})
        draft = drafting.start_draft(first.protocol, by=floater, at=at)
        question = QuestionText(draft.sections.first().key, "How <long>?", ["2 minutes", "10 minutes"], 0, KEY)
        draft = questioning.ask(draft, [question], by=floater, at=at, token=draft.token)
        text = drafting.text_of(draft)
        told = DraftText(text.title, text.sections, "Another answer.", True)
        draft = drafting.edit_draft(draft, told, by=floater, at=at, token=draft.token)
        publishing.submit(draft, by=floater, at=at)
        address = f"{reverse('protocols:compare', args=[first.protocol.slug])}?from=2&to=3"
        for person in (floater, clinical_lead, approver):
            page = sign_in(person).get(address).content.decode()
            assert ("<ins>(right)</ins>" in page, "<del>(right)</del>" in page) == (True, True)
        draft.refresh_from_db()
        publishing.approve(draft, by=clinical_lead, at=at, token=draft.token)
        publishing.publish(draft, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        for person, knows in ((floater, True), (clinical_lead, True), (manager, False)):
            page = sign_in(person).get(address).content.decode()
            said = api(person).get(f"/api/v1{address}").json()
            assert ("(right)" in page, "(right)" in str(said)) == (knows, knows)
            assert ("The words are the same" in page) is not knows

    def test_somebody_who_wrote_one_of_them_does_not_learn_the_answers_of_the_other(
        self, first, floater, therapist, clinical_lead, sign_in, at
    ):
        draft = drafting.start_draft(first.protocol, by=therapist, at=at)
        self.asked(draft, right=1, by=therapist, lead=clinical_lead, at=at)
        address = f"{reverse('protocols:compare', args=[first.protocol.slug])}?from=1&to=2"
        factories.acknowledgement(version=first, by=floater, at=at)
        page = sign_in(floater).get(address).content.decode()
        assert ("<ins>10 minutes</ins>" in page, "(right)" in page) == (True, False)


def test_two_times_the_same_version(first, second, manager, sign_in):
    address = reverse("protocols:compare", args=[first.protocol.slug])
    page = sign_in(manager).get(f"{address}?from=2&to=2").content.decode()
    assert "The words are the same" in page


def test_over_the_api(first, second, manager, therapist, api):
    address = f"/api/v1/protocols/{first.protocol.slug}/compare/"
    answer = api(manager).get(address, {"from": 1, "to": 2})
    assert answer.status_code == 200
    assert answer.json()["sections"][2] == {
        "key": str(CARE.key),
        "kind": "precautions",
        "heading": "Take care",
        "change": "changed",
        "summary": "1 point added",
        "merged": "<ul><li>is pregnant</li><li><ins>is under 18</ins></li></ul>",
    }
    assert api(therapist).get(address, {"from": 1, "to": 2}).status_code == 404
    assert api(manager).get(address, {"from": 1}).status_code == 400
