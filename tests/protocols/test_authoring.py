from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core import richtext
from protocols import drafting, outlines, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Protocol, ProtocolVersion, State
from protocols.publishing import Readers
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def address(name, version, **more):
    return reverse(f"protocols:{name}", args=[version.protocol.slug, *more.values()])


def form_of(version, **changes):
    """What a browser sends back when the edit page of the version is saved."""
    sections = list(version.sections.all())
    data = {
        "version": version.number,
        "token": version.token,
        "title": version.title,
        "change_summary": version.change_summary,
        "material": "yes",
        "section-TOTAL_FORMS": len(sections),
        "section-INITIAL_FORMS": len(sections),
        "then": "save",
    }
    for number, part in enumerate(sections):
        for field in ("key", "kind", "heading", "body"):
            data[f"section-{number}-{field}"] = str(getattr(part, field))
    return data | changes


def edited(version):
    return ProtocolVersion.objects.get(pk=version.pk)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("therapist", 200),
        ("manager", 200),
        ("clinical_lead", 200),
        ("assistant", 403),
        ("front_desk", 403),
        ("administrator", 403),
    ],
)
def test_new_is_for_authors(request, sign_in, who, status):
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(reverse("protocols:new")).status_code == status
    answer = browser.post(reverse("protocols:new"), {"title": "Cupping", "category": "needling"})
    assert (answer.status_code, Protocol.objects.count()) == ((302, 1) if status == 200 else (403, 0))


@pytest.mark.parametrize("one", outlines.OUTLINES, ids=lambda one: one.code)
def test_new_starts_with_the_sections_of_its_kind(therapist, sign_in, one):
    data = {"title": "Something", "category": "safety", "outline": one.code}
    assert sign_in(therapist).post(reverse("protocols:new"), data).status_code == 302
    made = ProtocolVersion.objects.get().sections.all()
    assert [(part.kind, part.heading) for part in made] == list(one.sections)
    asked = [richtext.plain(part.body).split("\n") for part in made if part.body]
    assert asked == ([list(one.facts)] if one.facts else [])
    assert {part.words for part in made} <= {""}


def test_new_like_another_protocol_copies_what_is_in_force(therapist, floater, clinical_lead, sign_in, at):
    other = factories.published(by=floater, lead=clinical_lead, at=at, body="<p>Proven words.</p>")
    factories.revised(after=other, by=floater, at=at, body="<p>Secret words.</p>")
    data = {"title": "Something", "category": "safety", "outline": "empty", "like": other.pk}
    sign_in(therapist).post(reverse("protocols:new"), data)
    [made] = ProtocolVersion.objects.get(title="Something").sections.all()
    assert made.body == "<p>Proven words.</p>"
    assert made.key != other.sections.get().key


def test_new_like_one_that_may_not_be_read_is_refused(therapist, floater, clinical_lead, sign_in, at, oakbrook):
    there = [Readers(Role.THERAPIST, oakbrook)]
    hidden = factories.published(by=floater, lead=clinical_lead, at=at, readers=there, title="Hidden")
    browser = sign_in(therapist)
    assert "Hidden" not in browser.get(reverse("protocols:new")).content.decode()
    answer = browser.post(reverse("protocols:new"), {"title": "Mine", "category": "safety", "like": hidden.pk})
    assert (answer.status_code, ProtocolVersion.objects.count()) == (422, 1)


def test_new_without_a_title_keeps_what_was_typed(therapist, sign_in):
    answer = sign_in(therapist).post(reverse("protocols:new"), {"title": " ", "category": "modalities"})
    page = answer.content.decode()
    assert (answer.status_code, Protocol.objects.count()) == (422, 0)
    assert "Title is missing" in page
    assert '<option value="modalities" selected>' in page


def test_edit_saves_every_section(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    data = form_of(version, title="New title", **{"section-0-heading": "Why", "section-0-body": "<p>Because.</p>"})
    answer = sign_in(therapist).post(address("draft-edit", version), data)
    assert answer.url == address("draft-edit", version)
    saved = edited(version)
    assert (saved.title, saved.token) == ("New title", version.token + 1)
    assert [(part.heading, part.body) for part in saved.sections.all()] == [("Why", "<p>Because.</p>")]


def test_enter_in_a_field_saves(therapist, sign_in, at):
    """It presses the first button of the form, whichever that is."""
    version = factories.draft(by=therapist, at=at)
    form = sign_in(therapist).get(address("draft-edit", version)).content.decode().split('<form id="edit"')[1]
    assert 'name="then" value="save"' in form[form.index("<button") :].partition(">")[0]


def test_edit_takes_plain_paragraphs_from_a_browser_without_script(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    plain = "One & two\r\n\r\n- a\r\n- b"
    sign_in(therapist).post(address("draft-edit", version), form_of(version, **{"section-0-body": plain}))
    assert version.sections.get().body == "<p>One &amp; two</p><ul><li>a</li><li>b</li></ul>"


def test_text_without_script_is_plain_and_keeps_what_it_cannot_say(therapist, sign_in, at):
    parts = [
        SectionText("text", "Aim", "<p>One &amp; two</p><ul><li>a</li></ul>"),
        SectionText("text", "More", "<p>One <strong>two</strong></p><p>Three</p>"),
    ]
    version = factories.draft(by=therapist, at=at, sections=parts)
    browser, edit = sign_in(therapist), address("draft-edit", version)
    page = browser.get(edit).content.decode()
    assert "One &amp; two\n\n- a</textarea>" in page
    assert "&lt;p&gt;One &lt;strong&gt;two&lt;/strong&gt;&lt;/p&gt;\n&lt;p&gt;Three&lt;/p&gt;</textarea>" in page
    below = "<p>One <strong>two</strong></p>\r\n<p>Three</p>\r\n\r\nPlain\r\n\r\nSecond"
    typed = {"section-0-body": "One & two\r\n\r\n- a", "section-1-body": below}
    browser.post(edit, form_of(version, **typed))
    assert bodies(version) == [parts[0].body, f"{parts[1].body}<p>Plain</p><p>Second</p>"]


def test_removing_a_section_with_words_saves_and_asks_first(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    section = version.sections.get()
    data = form_of(version, then=f"remove:{section.key}", **{"section-0-body": "<p>Typed just now.</p>"})
    answer = sign_in(therapist).post(address("draft-edit", version), data)
    assert answer.url == address("draft-section-remove", version, key=section.key)
    assert bodies(version) == ["<p>Typed just now.</p>"]


def test_what_is_too_long_is_named_by_its_section(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    data = form_of(version, **{"section-0-body": "x" * 100_001})
    page = sign_in(therapist).post(address("draft-edit", version), data).content.decode()
    assert "Purpose and scope, Text: Shorten this to 100,000 characters: it has 100,001." in page


def test_buttons_add_move_and_remove_sections(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    browser, edit = sign_in(therapist), address("draft-edit", version)
    first = version.sections.get()
    answer = browser.post(edit, form_of(version, then="add:steps"))
    steps = version.sections.last()
    assert (steps.kind, steps.heading) == ("steps", "Steps")
    assert answer.url == f"{edit}#edit-{steps.key}"
    browser.post(edit, form_of(edited(version), then=f"up:{steps.key}"))
    assert [part.key for part in version.sections.all()] == [steps.key, first.key]
    browser.post(edit, form_of(edited(version), then=f"up:{steps.key}"))
    assert [part.key for part in version.sections.all()] == [steps.key, first.key]
    browser.post(edit, form_of(edited(version), then=f"down:{steps.key}"))
    assert [part.key for part in version.sections.all()] == [first.key, steps.key]
    browser.post(edit, form_of(edited(version), then=f"remove:{steps.key}"))
    assert [part.key for part in version.sections.all()] == [first.key]


@pytest.mark.parametrize("then", ["add:nonsense", "up:nonsense", "remove:", "fly", ""])
def test_a_button_that_does_not_exist_saves_and_harms_nothing(therapist, sign_in, at, then):
    version = factories.draft(by=therapist, at=at)
    answer = sign_in(therapist).post(address("draft-edit", version), form_of(version, then=then))
    assert answer.status_code == 302
    assert version.sections.first().body == "<p>Words.</p>"


def test_edit_with_errors_keeps_every_word_and_points_to_the_field(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    data = form_of(version, title="", **{"section-0-heading": "", "section-0-body": "<p>Typed words</p>"})
    answer = sign_in(therapist).post(address("draft-edit", version), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Typed words" in page
    assert 'href="#id_title"' in page
    assert 'href="#id_section-0-heading"' in page
    assert version.sections.get().body == "<p>Words.</p>"


def test_edit_without_its_management_data_is_an_error_and_no_crash(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    answer = sign_in(therapist).post(address("draft-edit", version), {"version": 1, "title": "x"})
    assert answer.status_code == 422


@pytest.fixture
def both_wrote(therapist, clinical_lead, sign_in, at):
    """A draft of two sections that the lead saved after the therapist had opened it; what the therapist sends."""
    parts = [SectionText("text", "Aim", "<p>Old aim.</p>"), SectionText("steps", "Steps", "<p>Old steps.</p>")]
    version = factories.draft(by=therapist, at=at, sections=parts)
    mine = form_of(version, title="My title", **{"section-0-body": "<p>My aim.</p>"})
    sign_in(clinical_lead).post(
        address("draft-edit", version),
        form_of(version, **{"section-0-body": "<p>Her aim.</p>", "section-1-body": "<p>Her steps.</p>"}),
    )
    return version, mine


def bodies(version):
    return [part.body for part in version.sections.all()]


def test_two_people_edit_and_see_both_merged(both_wrote, therapist, sign_in):
    version, mine = both_wrote
    answer = sign_in(therapist).post(address("draft-edit", version), mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ines Exemplar saved this draft after you opened it." in page
    assert "<strong>Taken from Ines:</strong> Steps." in page
    assert [form["body"].value() for form in answer.context["sections"]] == ["<p>My aim.</p>", "<p>Her steps.</p>"]
    assert "<ins>Her</ins> aim." in page
    assert bodies(version) == ["<p>Her aim.</p>", "<p>Her steps.</p>"]


@pytest.mark.parametrize(
    ("choice", "aim"),
    [
        ("mine", "<p>My aim.</p>"),
        ("theirs", "<p>Her aim.</p>"),
        (
            "both",
            '<p>My aim.</p><blockquote class="callout-caution"><p>Below are the words of Ines Exemplar. Put both together, '
            "then remove this note.</p></blockquote><p>Her aim.</p>",
        ),
    ],
)
def test_what_was_chosen_is_saved(both_wrote, therapist, sign_in, choice, aim):
    version, mine = both_wrote
    browser, edit = sign_in(therapist), address("draft-edit", version)
    browser.post(edit, mine)
    assert browser.post(edit, merged(version, mine) | {"section-0-choice": choice}).status_code == 302
    assert bodies(version) == [aim, "<p>Her steps.</p>"]
    assert edited(version).title == "My title"


def merged(version, mine):
    """What the page with both texts sends back as long as nothing is chosen."""
    shown = {"section-0-clashing": "changed", "section-1-body": "<p>Her steps.</p>", "token": edited(version).token}
    return mine | shown


def test_what_was_put_together_is_read_again_before_it_is_submitted(both_wrote, therapist, sign_in):
    version, mine = both_wrote
    browser, edit = sign_in(therapist), address("draft-edit", version)
    browser.post(edit, mine)
    chosen = merged(version, mine) | {"section-0-choice": "both", "then": "submit"}
    answer = browser.post(edit, chosen, follow=True)
    assert "Saved. Read it once more, then submit it." in answer.content.decode()
    assert edited(version).state == State.DRAFT


def test_nothing_is_chosen_beforehand(both_wrote, therapist, sign_in):
    version, mine = both_wrote
    answer = sign_in(therapist).post(address("draft-edit", version), mine)
    page = answer.content.decode()
    assert 'name="section-0-clashing" value="changed"' in page
    radios = re.findall(r'<input type="radio"[^>]*name="section-0-choice"[^>]*>', page)
    assert [re.search(r'value="(\w+)"', radio)[1] for radio in radios] == ["both", "mine", "theirs"]
    assert not any("checked" in radio for radio in radios)


@pytest.mark.parametrize("choice", ["", "nonsense", "gone"])
@pytest.mark.parametrize("then", ["save", "submit", "add:steps"])
def test_saving_without_a_choice_is_refused_and_loses_nothing(both_wrote, therapist, sign_in, choice, then):
    version, mine = both_wrote
    browser, edit = sign_in(therapist), address("draft-edit", version)
    browser.post(edit, mine)
    answer = browser.post(edit, merged(version, mine) | {"section-0-choice": choice, "then": then})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Aim: Choose whose words stay. Nothing is saved until then, and nothing is lost." in page
    assert "Ines changed this section, too" in page
    assert "<ins>Her</ins> aim." in page
    assert [form["body"].value() for form in answer.context["sections"]] == ["<p>My aim.</p>", "<p>Her steps.</p>"]
    assert bodies(version) == ["<p>Her aim.</p>", "<p>Her steps.</p>"]


@pytest.mark.parametrize(
    ("choice", "title"),
    [("mine", "My title"), ("theirs", "Her title"), ("both", "My title / Her title"), ("", None)],
)
def test_a_title_that_both_changed_waits_for_a_choice(therapist, clinical_lead, sign_in, at, choice, title):
    version = factories.draft(by=therapist, at=at)
    browser, edit, mine = sign_in(therapist), address("draft-edit", version), form_of(version, title="My title")
    sign_in(clinical_lead).post(edit, form_of(version, title="Her title"))
    page = browser.post(edit, mine).content.decode()
    assert 'name="title_clash" value="on"' in page
    again = mine | {"token": edited(version).token, "title_clash": "on", "title_choice": choice}
    answer = browser.post(edit, again)
    assert (answer.status_code, edited(version).title) == ((302, title) if title else (422, "Her title"))
    if not title:
        assert "Ines wrote “Her title”" in answer.content.decode()


def test_both_titles_together_may_be_too_long(therapist, clinical_lead, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    browser, edit, mine = sign_in(therapist), address("draft-edit", version), form_of(version, title="M" * 100)
    sign_in(clinical_lead).post(edit, form_of(version, title="H" * 100))
    again = mine | {"token": edited(version).token, "title_clash": "on", "title_choice": "both"}
    answer = browser.post(edit, again)
    assert (answer.status_code, edited(version).title) == (422, "H" * 100)
    page = answer.content.decode()
    assert ("Shorten the title to 160 characters." in page, 'name="title_clash" value="on"' in page) == (True, True)


@pytest.mark.parametrize(("choice", "left"), [("gone", ["Steps"]), ("mine", ["Aim", "Steps"]), ("", None)])
def test_a_section_that_one_removed_and_the_other_changed(therapist, clinical_lead, sign_in, at, choice, left):
    parts = [SectionText("text", "Aim", "<p>Old aim.</p>"), SectionText("steps", "Steps", "<p>Old steps.</p>")]
    version = factories.draft(by=therapist, at=at, sections=parts)
    mine = form_of(version, **{"section-0-body": "<p>My aim.</p>"})
    aim = version.sections.first()
    rest = DraftText(version.title, [SectionText("steps", "Steps", "<p>Old steps.</p>", version.sections.last().key)])
    drafting.edit_draft(version, rest, by=clinical_lead, at=at, token=version.token)
    browser, edit = sign_in(therapist), address("draft-edit", version)
    page = browser.post(edit, mine).content.decode()
    assert ("Ines removed this section" in page, 'value="theirs-removed"' in page) == (True, True)
    again = mine | {"token": edited(version).token, "section-0-clashing": "theirs-removed", "section-0-choice": choice}
    answer = browser.post(edit, again)
    assert answer.status_code == (302 if left else 422)
    assert [part.heading for part in version.sections.all()] == (left or ["Steps"])
    if not left:
        assert "Ines removed this section" in answer.content.decode()
    assert aim.heading == "Aim"


def test_the_editor_saves_by_itself(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    browser, place = sign_in(therapist), address("draft-keep", version)
    data = form_of(version, **{"section-0-body": "<p>Kept words.</p>"})
    kept = browser.post(place, data)
    assert (kept.status_code, kept.json()["token"]) == (200, version.token + 1)
    assert bodies(version) == ["<p>Kept words.</p>"]
    again = browser.post(place, data | {"token": kept.json()["token"], "section-0-body": "<p>More words.</p>"})
    assert again.json()["token"] == version.token + 2
    assert Entry.objects.filter(verb="protocol.edited").count() == 0  # one sitting with the first draft


def test_what_the_editor_cannot_save_is_said_and_harms_nothing(therapist, clinical_lead, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    browser, place = sign_in(therapist), address("draft-keep", version)
    data = form_of(version)
    assert browser.post(place, data | {"title": ""}).status_code == 422
    assert browser.post(place, {"version": 1}).status_code == 422
    stale = browser.post(place, data | {"token": 0, "section-0-body": "<p>Lost?</p>"})
    assert (stale.status_code, "saved this draft" in stale.json()["said"]) == (409, True)
    publishing.submit(version, by=therapist, at=at)
    review = browser.post(place, data | {"section-0-body": "<p>Later.</p>"})
    assert (review.status_code, edited(version).state) == (409, State.IN_REVIEW)
    assert bodies(version) == ["<p>Words.</p>"]


def test_a_sitting_of_another_day_is_another_entry(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at - timedelta(days=1))
    data = form_of(version, **{"section-0-body": "<p>Today.</p>"})
    sign_in(therapist).post(address("draft-keep", version), data)
    assert Entry.objects.filter(verb="protocol.edited").count() == 1


def test_who_else_has_it_open(therapist, clinical_lead, floater, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    place, data = address("draft-present", version), {"version": 1, "token": version.token}
    assert sign_in(therapist).post(place, data).json() == {"said": ""}
    sign_in(clinical_lead).get(address("draft-edit", version))
    assert sign_in(therapist).post(place, data).json() == {"said": "Ines Exemplar has this draft open, too."}
    sign_in(clinical_lead).post(address("draft-edit", version), form_of(version, title="Other"))
    said = sign_in(therapist).post(place, data).json()["said"]
    assert said.endswith("Ines Exemplar has saved it meanwhile; when you save, you see both.")
    with time_machine.travel(at + timedelta(minutes=5)):
        page = sign_in(therapist).get(address("draft-edit", version)).content.decode()
        assert "has this draft open" not in page
    assert sign_in(floater).post(place, data).status_code == 404


def test_saving_an_approved_version_takes_its_approval(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    browser = sign_in(therapist)
    assert "Saving a change makes it a draft again" in browser.get(address("draft-edit", version)).content.decode()
    browser.post(address("draft-edit", version), form_of(version, title="Other"))
    assert edited(version).state == State.DRAFT


def test_submit_from_the_edit_page(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    answer = sign_in(therapist).post(address("draft-edit", version), form_of(version, then="submit", title="Final"))
    assert (edited(version).state, edited(version).title) == (State.IN_REVIEW, "Final")
    assert answer.url == version.get_absolute_url()


def test_submit_of_nothing_leads_to_the_first_section(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at, sections=outlines.TREATMENT.texts())
    answer = sign_in(therapist).post(address("draft-edit", version), form_of(version, then="submit"))
    page = answer.content.decode()
    assert (answer.status_code, edited(version).state) == (422, State.DRAFT)
    assert '<a href="#id_section-1-body">Purpose and scope, Text: Write something in at least one section.</a>' in page
    assert [form.errors for form in answer.context["sections"] if form.errors] == [
        {"body": ["Write something in at least one section."]}
    ]


def test_submit_without_any_section_says_so(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at, sections=[])
    answer = sign_in(therapist).post(address("draft-edit", version), form_of(version, then="submit"))
    assert answer.context["form"].non_field_errors() == ["Write something in at least one section."]


def test_submit_that_is_refused_has_saved_and_can_be_repeated(therapist, clinical_lead, sign_in, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    version = drafting.start_draft(one.protocol, by=therapist, at=at)
    browser, edit = sign_in(therapist), address("draft-edit", version)
    data = form_of(version, then="submit", **{"section-0-body": "<p>Final words</p>"})
    answer = browser.post(edit, data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what changed, so that readers see it in one line." in page
    assert version.sections.get().body == "<p>Final words</p>"
    token = edited(version).token
    assert f'name="token" value="{token}"' in page
    assert browser.post(edit, data | {"token": token, "change_summary": "New words."}).status_code == 302
    assert edited(version).state == State.IN_REVIEW


def test_submit_from_the_version_page(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    assert sign_in(therapist).post(address("draft-submit", version), {"version": 1}).url == version.get_absolute_url()
    assert edited(version).state == State.IN_REVIEW


def test_start_opens_the_next_version(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    browser = sign_in(floater)
    assert browser.post(address("draft-start", one)).url == address("draft-edit", one)
    again = browser.post(address("draft-start", one))
    assert again.status_code == 403
    assert "A draft of version 2 is open already: ask Theo Fictus" in again.content.decode()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("therapist", 200),
        ("clinical_lead", 200),
        ("floater", 404),
        ("assistant", 404),
        ("manager", 404),
        ("approver", 404),
        ("administrator", 404),
    ],
)
def test_edit_is_for_authors_and_the_lead(request, therapist, sign_in, who, status, at):
    version = factories.draft(by=therapist, at=at)
    person: User = request.getfixturevalue(who)
    browser = sign_in(person)
    assert browser.get(address("draft-edit", version)).status_code == status
    assert browser.post(address("draft-edit", version), form_of(version, title="X")).status_code == (
        302 if status == 200 else 404
    )
    assert (edited(version).title == "X") == (status == 200)


def test_a_reviewer_reads_but_does_not_edit(therapist, approver, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    browser = sign_in(approver)
    assert browser.get(version.get_absolute_url()).status_code == 200
    answer = browser.get(address("draft-edit", version))
    assert answer.status_code == 403
    assert "Only its authors and the clinical lead edit this draft." in answer.content.decode()


def test_edit_of_a_protocol_without_a_draft_is_not_found(therapist, clinical_lead, sign_in, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    assert sign_in(clinical_lead).get(address("draft-edit", version)).status_code == 404


def test_remarks_stand_beside_the_draft(therapist, clinical_lead, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    publishing.send_back(version, by=clinical_lead, at=at, remark="Split the <list>.")
    page = sign_in(therapist).get(address("draft-edit", version)).content.decode()
    assert "Changes asked for" in page
    assert "Split the &lt;list&gt;." in page


def test_a_title_that_exists_is_asked_about(therapist, floater, clinical_lead, sign_in, api, at):
    other = factories.published(by=floater, lead=clinical_lead, at=at, title="Cupping")
    browser, sent = sign_in(therapist), {"title": " cupping", "category": "needling", "outline": "treatment"}
    asked = browser.post(reverse("protocols:new"), sent)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "There is a protocol called “Cupping” already: version 1, in force." in page
    assert f'<a href="{other.get_absolute_url()}">Open “Cupping”</a>' in page
    assert '<input type="checkbox" name="same_title"' in page
    over_api = api(therapist).post("/api/v1/drafts/", {"title": "Cupping", "category": "needling"})
    assert (over_api.status_code, over_api.json()["reasons"][0]["code"]) == (422, "title-taken")
    assert Protocol.objects.count() == 1
    assert browser.post(reverse("protocols:new"), sent | {"same_title": "on"}).status_code == 302
    assert Protocol.objects.count() == 2


def test_nobody_learns_of_a_title_that_is_for_others(therapist, floater, sign_in, at):
    factories.draft(by=floater, at=at, title="Cupping")
    sent = {"title": "Cupping", "category": "needling", "outline": "treatment"}
    assert "same_title" in sign_in(therapist).get(reverse("protocols:new")).content.decode()
    assert sign_in(therapist).post(reverse("protocols:new"), sent).status_code == 302
