from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.roles import Role
from intranet.core.access import Refused
from protocols import opening, publishing
from protocols.drafting import SectionText
from protocols.models import Acknowledgement
from protocols.publishing import Readers
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)
OPENED = re.compile(r'name="opened" value="([^"]+)"')


def detail(version):
    return reverse("protocols:detail", args=[version.protocol.slug])


def page_of(version):
    return reverse("protocols:version", args=[version.protocol.slug, version.number])


def acknowledge(version):
    return reverse("protocols:version-acknowledge", args=[version.protocol.slug, version.number])


def test_detail_shows_the_version_in_force_with_its_status_first(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO, title="Falls")
    two = factories.next_version(after=one, by=floater, lead=clinical_lead, at=at - LONG_AGO / 2)
    factories.revised(after=two, by=floater, at=at)
    response = sign_in(therapist).get(detail(one))
    page = response.content.decode()
    assert response.context["page"].version == two
    assert page.index("In force: version 2") < page.index("Other words.")
    assert "Words.</p>" not in page.replace("Other words.</p>", "")
    assert "Written by" in page
    assert page.lower().count("version 3") == 1  # the draft is named to an author, and shown to nobody
    assert "A draft of version 3 is open already: ask Theo Fictus" in page


def test_sections_are_drawn_by_their_kind(therapist, floater, clinical_lead, sign_in, at):
    sections = [
        SectionText(
            "key_facts", "Key facts", "<table><tr><th>Who</th><td>PTs</td></tr><tr><th>Empty</th><td></td></tr></table>"
        ),
        SectionText("contraindications", "Do not if the patient", "<ul><li>is ill [1]</li></ul><p>Not sure? Ask.</p>"),
        SectionText("precautions", "Take care, and ask first, if the patient", "<ul><li>is tired</li></ul>"),
        SectionText(
            "text", "Technique", '<blockquote class="callout-caution"><h4>Careful</h4><p>x [2] [3]</p></blockquote>'
        ),
        SectionText("text", "Nothing yet", ""),
        SectionText("references", "References", "<ol><li>First</li><li>Second</li></ol>"),
    ]
    version = factories.published(by=floater, lead=clinical_lead, at=at, sections=sections)
    page = sign_in(therapist).get(detail(version)).content.decode()
    assert "<dt>Who</dt><dd>PTs</dd>" in page
    assert "Empty" not in page
    assert 'class="stop-card" data-tone="danger"' in page
    assert '<span>is ill <a href="#ref-1">[1]</a></span>' in page
    assert "<p>Not sure? Ask.</p>" in page
    assert 'class="stop-card" data-tone="caution"' in page
    assert '<div class="callout" data-tone="caution">' in page
    assert '<a href="#ref-2">[2]</a> [3]' in page
    assert '<li id="ref-2">Second</li>' in page
    assert "Nothing yet" not in page
    assert ">Take care, and ask first</a>" in page  # in the contents


def test_a_version_that_is_coming_shows_beside_the_one_in_force(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO)
    two = factories.next_version(after=one, by=floater, lead=clinical_lead, at=at, effective=date(2026, 12, 14))
    browser = sign_in(therapist)
    page = browser.get(detail(one)).content.decode()
    assert "In force: version 1" in page
    assert "Version 2 starts on Dec 14, 2026." in page
    page = browser.get(page_of(two)).content.decode()
    assert "Starts later: version 2" in page
    assert f'id="acknowledge" method="post" action="{acknowledge(two)}"' in page


def test_a_superseded_version_says_so_in_red(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO)
    factories.acknowledgement(version=one, by=therapist, at=at - LONG_AGO)
    factories.next_version(after=one, by=floater, lead=clinical_lead, at=at - LONG_AGO / 2)
    page = sign_in(therapist).get(page_of(one)).content.decode()
    assert '<div class="in-force" data-tone="danger"' in page
    assert "Superseded: version 1" in page
    assert "Do not work by this version" in page
    assert "<strong>Superseded: version 1. Not for clinical use.</strong>" in page  # the footer of a print


def test_a_withdrawn_protocol_says_why(therapist, floater, clinical_lead, sign_in, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO)
    factories.acknowledgement(version=one, by=therapist, at=at - LONG_AGO)
    publishing.withdraw(one, by=clinical_lead, at=at - LONG_AGO / 2, reason="The needles were recalled.")
    page = sign_in(therapist).get(detail(one)).content.decode()
    assert "Withdrawn: version 1" in page
    assert "The needles were recalled." in page
    assert "No version of this protocol is in force." in page


def test_a_review_that_is_overdue_shows_but_hides_nothing(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=400))
    page = sign_in(therapist).get(detail(version)).content.decode()
    assert "In force: version 1, review overdue" in page
    assert "Words." in page


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 200), ("therapist_oakbrook", 404), ("assistant", 404), ("manager", 200), ("manager_oakbrook", 404)],
)
def test_pages_of_a_protocol_are_for_its_readers(
    request, approver, clinical_lead, mt_prospect, sign_in, who, status, at
):
    version = factories.published(
        by=approver, lead=clinical_lead, at=at, readers=[Readers(Role.THERAPIST, mt_prospect, True)]
    )
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(detail(version)).status_code == status
    assert browser.get(page_of(version)).status_code == status
    opened = opening.proof(version, reader=request.getfixturevalue(who), at=at)
    assert browser.post(acknowledge(version), {"opened": opened}).status_code == (302 if status == 200 else 404)


def test_a_hidden_protocol_answers_like_one_that_does_not_exist(therapist_oakbrook, sign_in, therapist, at):
    draft = factories.draft(by=therapist, at=at)
    browser = sign_in(therapist_oakbrook)
    hidden = browser.get(detail(draft)).content.decode().replace(draft.protocol.slug, "x")
    missing = browser.get(reverse("protocols:detail", args=["no-such"])).content.decode().replace("no-such", "x")
    strip = lambda page: [line for line in page.splitlines() if "csrf" not in line.lower()]  # noqa: E731
    assert strip(hidden) == strip(missing)


def test_acknowledging_on_the_page(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at, title="Falls")
    browser = sign_in(therapist)
    page = browser.get(detail(version)).content.decode()
    assert "Acknowledge version 1 by Wed, Dec 9" in page
    [opened] = OPENED.findall(page)
    answer = browser.post(acknowledge(version), {"opened": opened}, follow=True)
    assert answer.redirect_chain == [(detail(version), 302)]
    assert "You acknowledged version 1 on Nov 25, 2026." in answer.content.decode()
    assert [(row.user, row.at) for row in Acknowledgement.objects.all()] == [(therapist, at)]


def test_acknowledging_without_the_text_is_refused_on_the_page(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    answer = sign_in(therapist).post(acknowledge(version), {"opened": "guessed"})
    assert answer.status_code == Refused.status
    page = answer.content.decode()
    assert "Open the protocol once more, then acknowledge it." in page
    assert not Acknowledgement.objects.exists()
    [opened] = OPENED.findall(page)  # the answer shows the whole text
    assert sign_in(therapist).post(acknowledge(version), {"opened": opened}).status_code == 302


def test_a_page_that_was_open_for_too_long_is_refused(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=1))
    yesterday = opening.proof(version, reader=therapist, at=at - timedelta(hours=12))
    answer = sign_in(therapist).post(acknowledge(version), {"opened": yesterday})
    assert answer.status_code == Refused.status
    assert "Open the protocol once more, then acknowledge it." in answer.content.decode()


def test_acknowledging_is_never_a_get(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    assert sign_in(therapist).get(acknowledge(version)).status_code == 405


def test_acknowledging_a_draft_finds_nothing_to_acknowledge(therapist, sign_in, at):
    draft = factories.draft(by=therapist, at=at)
    answer = sign_in(therapist).post(acknowledge(draft), {"opened": opening.proof(draft, reader=therapist, at=at)})
    assert answer.status_code == 403
    assert not Acknowledgement.objects.exists()


def test_a_reader_who_needs_it_for_a_procedure_is_asked_too(assistant, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at, readers=[Readers(Role.ASSISTANT)])
    browser = sign_in(assistant)
    assert "I have read and will follow" not in browser.get(detail(version)).content.decode()
    version.protocol.skills.add(people.skill())
    assert "I have read and will follow version 1" in browser.get(detail(version)).content.decode()


def test_ones_own_competency_stands_with_the_key_facts(therapist, floater, clinical_lead, sign_in, at):
    facts = SectionText("key_facts", "Key facts", "<table><tr><th>Who</th><td>PTs</td></tr></table>")
    text = SectionText("text", "Technique", "<p>Words.</p>")
    version = factories.published(by=floater, lead=clinical_lead, at=at, sections=[facts, text])
    skill = people.skill()
    version.protocol.skills.add(skill)
    people.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    assert "Your competency" in sign_in(therapist).get(detail(version)).content.decode()
    assert "Your competency" not in sign_in(floater).get(detail(version)).content.decode()


def test_a_print_says_what_it_is_and_who_printed_it(therapist, floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at, title="Falls")
    page = sign_in(therapist).get(detail(version)).content.decode()
    assert (
        "<strong>Printed copies are uncontrolled.</strong> Scan the code, or look into the intranet, before you work by it."
        in page
    )
    assert "Falls · Version 1 · In force since Nov 25, 2026 · Printed Nov 25, 2026, 10:00 AM by Avery Testwell" in page


@pytest.mark.parametrize("number", [1, 3])
def test_reading_asks_the_same_number_of_questions(
    number, therapist, floater, clinical_lead, sign_in, at, django_assert_num_queries
):
    version = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO)
    factories.acknowledgement(version=version, by=therapist, at=at - LONG_AGO)
    for day in range(1, number):
        moment = at - LONG_AGO + timedelta(days=day)
        version = factories.next_version(after=version, by=floater, lead=clinical_lead, at=moment)
        factories.acknowledgement(version=version, by=therapist, at=moment)
    browser = sign_in(therapist)
    browser.get(detail(version))
    with django_assert_num_queries(16):
        assert browser.get(detail(version)).status_code == 200


def test_evidence_and_receipts_are_one_press_away_for_those_who_see_them(
    therapist, manager, floater, clinical_lead, sign_in, at
):
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    slug = version.protocol.slug
    addresses = [reverse("home:evidence", args=[slug]), reverse("protocols:receipts", args=[slug, 1])]
    for person, sees in ((therapist, False), (manager, True), (clinical_lead, True)):
        page = sign_in(person).get(detail(version)).content.decode()
        rail = page[page.index('class="version-rail') :]
        assert [f'href="{address}"' in rail for address in addresses] == [sees, sees]
