from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import User
from protocols import drafting, publishing
from protocols.models import Protocol, ProtocolVersion, State
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def address(name, version, **more):
    return reverse(f"protocols:{name}", args=[version.protocol.slug, *more.values()])


def form_of(version, **changes):
    """What a browser sends back when the edit page of the version is saved."""
    sections = list(version.sections.all())
    data = {
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


def test_edit_takes_plain_paragraphs_from_a_browser_without_script(therapist, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    plain = "One & two\r\n\r\n- a\r\n- b"
    sign_in(therapist).post(address("draft-edit", version), form_of(version, **{"section-0-body": plain}))
    assert version.sections.get().body == "<p>One &amp; two</p><ul><li>a</li><li>b</li></ul>"


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
    answer = sign_in(therapist).post(address("draft-edit", version), {"title": "x"})
    assert answer.status_code == 422


def test_two_people_edit_and_nobody_loses_words(therapist, clinical_lead, sign_in, at):
    version = factories.draft(by=therapist, at=at)
    hers = form_of(version, **{"section-0-body": "<p>Her words</p>"})
    mine = form_of(version, **{"section-0-body": "<p>My words</p>"})
    edit = address("draft-edit", version)
    assert sign_in(clinical_lead).post(edit, hers).status_code == 302
    browser = sign_in(therapist)
    answer = browser.post(edit, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ines Exemplar saved this draft after you opened it." in page
    assert "My words" in page
    assert "<p>Her words</p>" in page
    assert version.sections.get().body == "<p>Her words</p>"
    assert browser.post(edit, mine | {"replace": "9" * 5000}).status_code == 409
    assert browser.post(edit, mine | {"replace": edited(version).token}).status_code == 302
    assert version.sections.get().body == "<p>My words</p>"


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
    version = factories.draft(by=therapist, at=at, sections=drafting.template())
    answer = sign_in(therapist).post(address("draft-edit", version), form_of(version, then="submit"))
    page = answer.content.decode()
    assert (answer.status_code, edited(version).state) == (422, State.DRAFT)
    assert '<a href="#id_section-1-body">Text: Write something in at least one section.</a>' in page
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
    assert sign_in(therapist).post(address("draft-submit", version)).url == version.get_absolute_url()
    assert edited(version).state == State.IN_REVIEW


def test_start_opens_the_next_version(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    browser = sign_in(floater)
    assert browser.post(address("draft-start", one)).url == address("draft-edit", one)
    again = browser.post(address("draft-start", one))
    assert again.status_code == 403
    assert "There is already a draft of this protocol." in again.content.decode()


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
