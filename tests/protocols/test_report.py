from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.urls import reverse

from accounts.roles import Role
from intranet.audit.models import Entry
from protocols import publishing, reporting
from protocols.publishing import Readers
from tests import factories as people
from tests.factories import membership
from tests.protocols import factories

pytestmark = pytest.mark.django_db
REPORT = reverse("protocols:report")
CSV = reverse("protocols:report-csv")
LONG_AGO = timedelta(days=30)


def rows(found):
    return {
        row.person.name: [
            None if cell is None else "done" if cell.done else f"{cell.days_late} late" if cell.late else "due"
            for cell in row.cells
        ]
        for row in found.rows
    }


@pytest.fixture
def two_protocols(approver, clinical_lead, therapist, therapist_oakbrook, floater, assistant, mt_prospect, at):
    """Falls for all therapists, 30 days old; Needling for those of Mt. Prospect and its assistants, new."""
    falls = factories.published(by=approver, lead=clinical_lead, at=at - LONG_AGO, title="Falls")
    needling = factories.published(
        by=approver,
        lead=clinical_lead,
        at=at,
        title="Needling",
        readers=[Readers(Role.THERAPIST, mt_prospect, True), Readers(Role.ASSISTANT, mt_prospect, True)],
    )
    for person in (therapist, approver):
        factories.acknowledgement(version=falls, by=person, at=at - LONG_AGO)
    factories.acknowledgement(version=needling, by=floater, at=at)
    return falls, needling


def test_report_of_everybody(two_protocols, at):
    found = reporting.report(at, clinics=None)
    assert [version.title for version in found.versions] == ["Falls", "Needling"]
    assert rows(found) == {
        "Avery Testwell": ["done", "due"],
        "Bea Dummond": [None, "due"],
        "Lena Placeholt": ["done", None],
        "Priya Fakenham": ["16 late", None],
        "Theo Fictus": ["16 late", "done"],
    }
    assert (found.done, found.asked, found.late, found.percent) == (3, 7, 2, 42)
    assert found.totals == [(2, 4), (1, 3)]


def test_report_of_one_clinic(two_protocols, oakbrook, at):
    found = reporting.report(at, clinics=[oakbrook])
    assert list(rows(found)) == ["Lena Placeholt", "Priya Fakenham", "Theo Fictus"]
    assert [[clinic.letter for clinic in row.clinics] for row in found.rows] == [["O"], ["O"], ["O"]]


def test_report_of_a_role_and_of_what_is_unfinished(two_protocols, at):
    assert rows(reporting.report(at, clinics=None, roles=[Role.ASSISTANT])) == {"Bea Dummond": ["due"]}
    assert list(rows(reporting.report(at, clinics=None, unfinished_only=True))) == [
        "Avery Testwell",
        "Bea Dummond",
        "Priya Fakenham",
        "Theo Fictus",
    ]


def test_report_as_of_an_earlier_day(two_protocols, at):
    earlier = at - LONG_AGO + timedelta(days=1)
    assert rows(reporting.report(earlier, clinics=None)) == {
        "Avery Testwell": ["done"],
        "Lena Placeholt": ["done"],
        "Priya Fakenham": ["due"],
        "Theo Fictus": ["due"],
    }


def test_an_editorial_version_counts_what_was_signed_before(two_protocols, approver, clinical_lead, therapist, at):
    falls, _ = two_protocols
    factories.next_version(after=falls, by=approver, lead=clinical_lead, at=at, material=False)
    cell = next(row for row in reporting.report(at, clinics=None).rows if row.person == therapist).cells[0]
    assert (cell.version.number, cell.done, cell.signed_number) == (2, True, 1)


@pytest.mark.parametrize(
    ("who", "people"),
    [
        ("manager", ["Avery Testwell", "Bea Dummond", "Theo Fictus"]),
        ("manager_oakbrook", ["Lena Placeholt", "Priya Fakenham", "Theo Fictus"]),
        ("clinical_lead", ["Avery Testwell", "Bea Dummond", "Lena Placeholt", "Priya Fakenham", "Theo Fictus"]),
        ("therapist", None),
        ("assistant", None),
        ("front_desk", None),
        ("approver", None),
        ("administrator", None),
    ],
)
def test_report_is_for_managers_of_their_clinics_and_the_lead(request, two_protocols, sign_in, who, people):
    browser = sign_in(request.getfixturevalue(who))
    for url in (REPORT, CSV):
        answer = browser.get(url)
        assert answer.status_code == (403 if people is None else 200)
        page = answer.getvalue().decode()
        for name in ("Avery Testwell", "Bea Dummond", "Lena Placeholt", "Priya Fakenham", "Theo Fictus"):
            if name != str(request.getfixturevalue(who)):
                assert (name in page) == (name in (people or []))


def test_a_manager_cannot_ask_for_another_clinic(two_protocols, manager, oakbrook, sign_in):
    page = sign_in(manager).get(REPORT, {"clinic": oakbrook.slug}).content.decode()
    assert "Priya Fakenham" not in page
    assert "Avery Testwell" in page


@pytest.fixture
def three_protocols(two_protocols, approver, clinical_lead, oakbrook, at):
    """And Taping, an exercise for the therapists of Oakbrook Terrace."""
    readers = [Readers(Role.THERAPIST, oakbrook, True)]
    taping = factories.published(by=approver, lead=clinical_lead, at=at, title="Taping", readers=readers)
    terms = {"owner": approver, "skills": [], "high_risk": False, "review_months": 12}
    publishing.change_settings(taping.protocol, by=clinical_lead, category="exercise", **terms, at=at)
    return *two_protocols, taping


@pytest.mark.parametrize(
    ("query", "columns", "people"),
    [
        ("", ["Falls", "Needling", "Taping"], 5),
        ("category=exercise", ["Taping"], 3),
        ("category=exercise&category=safety", ["Falls", "Needling", "Taping"], 5),
        ("protocol={needling}", ["Needling"], 3),
        ("protocol={needling}&protocol={taping}", ["Needling", "Taping"], 5),
        ("protocol={needling}&category=exercise", [], 0),
        ("person=TÉST", ["Falls", "Needling"], 1),
        ("person=fictus theo", ["Falls", "Needling", "Taping"], 1),
        ("person=clinic.example", [], 0),
        ("person=theo&protocol={falls}&unfinished=on", ["Falls"], 1),
        ("person=theo&protocol={needling}&unfinished=on", [], 0),
    ],
)
def test_report_is_narrowed_by_category_protocol_and_person_on_page_file_and_api(
    three_protocols, clinical_lead, sign_in, api, query, columns, people
):
    slugs = {version.title.lower(): version.protocol.slug for version in three_protocols}
    query = query.format(**slugs)
    found = sign_in(clinical_lead).get(f"{REPORT}?{query}").context["report"]
    assert (sorted(version.title for version in found.versions), found.page.paginator.count) == (columns, people)
    answer = sign_in(clinical_lead).get(f"{CSV}?{query}")
    lines = list(csv.DictReader(StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert sorted({line["Protocol"] for line in lines}) == columns
    told = api(clinical_lead).get(f"/api/v1/acknowledgement-report/?{query}").data
    assert (told["people"], told["asked"]) == (people, len(lines)) == (people, found.asked)


def test_each_choice_of_columns_can_be_taken_back(three_protocols, manager, sign_in):
    falls, needling, _ = (version.protocol.slug for version in three_protocols)
    chosen = f"category=safety&protocol={falls}&protocol={needling}&role=therapist"
    response = sign_in(manager).get(f"{REPORT}?{chosen}&page=1")
    assert list(response.context["form"].chips()) == [
        ("Safety and infection control", f"protocol={falls}&protocol={needling}&role=therapist"),
        ("Falls", f"category=safety&protocol={needling}&role=therapist"),
        ("Needling", f"category=safety&protocol={falls}&role=therapist"),
    ]


def test_nobody_fits_the_filters(two_protocols, manager, sign_in):
    page = sign_in(manager).get(REPORT, {"person": "nobody"}).content.decode()
    assert "Nobody fits these filters. Clear them to see everybody." in page


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        ("manager", ["Falls", "Needling"]),
        ("manager_oakbrook", ["Falls", "Taping"]),
        ("clinical_lead", ["Falls", "Needling", "Taping"]),
    ],
)
def test_the_protocols_offered_are_those_on_which_somebody_reports(
    request, three_protocols, approver, clinical_lead, mt_prospect, sign_in, api, at, who, offered
):
    factories.draft(by=approver, at=at, title="Draft")
    to_read = [Readers(Role.THERAPIST, mt_prospect)]
    only_read = factories.published(by=approver, lead=clinical_lead, at=at, title="Only read", readers=to_read)
    person = request.getfixturevalue(who)
    form = sign_in(person).get(REPORT).context["form"]
    assert [title for _, title in form.fields["protocol"].choices] == offered
    for version in three_protocols:
        answer = api(person).get("/api/v1/acknowledgement-report/", {"protocol": version.protocol.slug})
        assert answer.status_code == (200 if version.title in offered else 400)
    slug = only_read.protocol.slug
    assert api(person).get("/api/v1/acknowledgement-report/", {"protocol": slug}).status_code == 400


@pytest.mark.parametrize(
    "bad",
    [{"on": "yesterday"}, {"role": "x"}, {"clinic": "x"}, {"on": "9999-12-31"}, {"category": "x"}, {"protocol": "x"}],
)
def test_filters_that_make_no_sense_are_left_out(two_protocols, clinical_lead, sign_in, bad):
    assert "Avery Testwell" in sign_in(clinical_lead).get(REPORT, bad).content.decode()


def test_htmx_gets_the_figures_and_the_table_only(two_protocols, clinical_lead, sign_in):
    page = sign_in(clinical_lead).get(REPORT, headers={"HX-Request": "true"}).content.decode()
    assert [page.count(part) for part in ('id="report-head"', 'id="report"', "<form", "<html")] == [1, 1, 0, 0]


def test_nothing_to_report(manager, sign_in):
    assert "Nobody owes an acknowledgement here" in sign_in(manager).get(REPORT).content.decode()


def test_csv_has_versions_and_times(two_protocols, manager, sign_in, at):
    answer = sign_in(manager).get(CSV)
    assert answer["Content-Disposition"] == 'attachment; filename="acknowledgements-2026-11-25.csv"'
    lines = list(csv.reader(StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert lines[0][:4] == ["Person", "Clinics", "Protocol", "Version"]
    assert lines[1] == [
        "Avery Testwell",
        "Mt. Prospect",
        "Falls",
        "1",
        "2026-10-26T15:00:00+00:00",
        "2026-11-09",
        "acknowledged",
        "1",
        "2026-10-26T15:00:00+00:00",
    ]
    assert Entry.objects.filter(verb="acknowledgements.exported", actor=manager).count() == 1


def test_a_hostile_title_stays_text_in_the_csv(approver, therapist, clinical_lead, manager, sign_in, at):
    factories.published(by=approver, lead=clinical_lead, at=at, title="=HYPERLINK(1)")
    lines = list(csv.reader(StringIO(sign_in(manager).get(CSV).getvalue().decode("utf-8-sig"))))
    assert lines[1][2] == "'=HYPERLINK(1)"


def test_somebody_with_two_memberships_is_one_row(two_protocols, therapist, oakbrook, at):
    membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=date(2026, 1, 1))
    found = reporting.report(at, clinics=None)
    assert [row.person.name for row in found.rows].count("Avery Testwell") == 1


@pytest.mark.parametrize("number", [1, 3])
def test_report_asks_the_same_number_of_questions(
    number, approver, therapist, floater, clinical_lead, manager, sign_in, at, django_assert_num_queries
):
    for _ in range(number):
        version = factories.published(by=approver, lead=clinical_lead, at=at)
        factories.acknowledgement(version=version, by=therapist, at=at)
    browser = sign_in(manager)
    with django_assert_num_queries(20):
        assert len(browser.get(REPORT).context["report"].versions) == number


@pytest.fixture
def planned(two_protocols, approver, clinical_lead, at):
    """A version of Falls, published 20 days ago to start 10 days ago."""
    falls, _ = two_protocols
    return factories.next_version(
        after=falls,
        by=approver,
        lead=clinical_lead,
        at=at - timedelta(days=20),
        effective=(at - timedelta(days=10)).date(),
    )


def numbers_of(person, at):
    """What the person was asked for, as the numbers of versions that were in the report then, and whether done."""
    found = reporting.report(at, clinics=None, past=True)
    return sorted((cell.version.number, cell.done) for row in found.rows if row.person == person for cell in row.asked)


def test_report_knows_what_was_planned_that_day_and_is_in_force_or_replaced_now(
    planned, floater, approver, clinical_lead, at
):
    days = [at - timedelta(days=days) for days in (21, 15, 5)]
    factories.next_version(after=planned, by=approver, lead=clinical_lead, at=at - timedelta(days=2))
    assert [numbers_of(floater, day) for day in days] == [[(1, False)], [(1, False), (2, False)], [(2, False)]]


def test_report_knows_what_was_planned_and_signed_that_day_and_withdrawn_before_it_started(
    planned, floater, clinical_lead, at
):
    factories.acknowledgement(version=planned, by=floater, at=at - timedelta(days=16))
    publishing.withdraw(planned, by=clinical_lead, at=at - timedelta(days=12), reason="Not yet.")
    days = [at - timedelta(days=days) for days in (17, 15, 11)]
    assert [numbers_of(floater, day) for day in days] == [
        [(1, False), (2, False)],
        [(1, False), (2, True)],
        [(1, False)],
    ]


def test_report_of_a_past_day_has_people_who_left_since(two_protocols, therapist_oakbrook, clinical_lead, sign_in, at):
    therapist_oakbrook.is_active = False
    therapist_oakbrook.save(update_fields=["is_active"])
    browser = sign_in(clinical_lead)
    yesterday = (at - timedelta(days=1)).date().isoformat()
    assert "Priya Fakenham" in browser.get(REPORT, {"on": yesterday}).content.decode()
    assert "Priya Fakenham" not in browser.get(REPORT).content.decode()
    assert "Priya Fakenham" not in browser.get(REPORT, {"on": at.date().isoformat()}).content.decode()


def test_report_of_a_past_day_lacks_people_whose_role_had_ended(two_protocols, therapist_oakbrook, at):
    assert numbers_of(therapist_oakbrook, at - timedelta(days=3)) == [(1, False)]
    people.as_if_always(therapist_oakbrook.memberships.all(), period=("2024-01-01", "2026-11-20"))
    assert numbers_of(therapist_oakbrook, at - timedelta(days=3)) == []


def test_what_is_late_stands_first_then_what_is_due(two_protocols, floater, clinical_lead, at):
    """A wide table shows what a manager looks for without being moved."""
    late = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=60), title="Zebra gait")
    found = reporting.report(at, clinics=None)
    assert found.versions[0] == late
    open_cells = [sum(cell is not None and not cell.done for cell in column) for column in _columns(found)]
    assert open_cells[1:] == sorted(open_cells[1:], reverse=True)


def _columns(found):
    return [[row.cells[place] for row in found.rows] for place in range(len(found.versions))]


def test_the_report_over_the_api_says_what_the_page_says(two_protocols, manager, clinical_lead, therapist, api, at):
    answer = api(clinical_lead).get("/api/v1/acknowledgement-report/").data
    assert (answer["done"], answer["asked"], answer["late"], answer["people"], answer["pages"]) == (3, 7, 2, 5, 1)
    theo = next(row for row in answer["results"] if row["person"]["name"] == "Theo Fictus")
    assert [(duty["state"], duty["acknowledged_version"]) for duty in theo["duties"]] == [
        ("late", None),
        ("acknowledged", 1),
    ]
    own = api(manager).get("/api/v1/acknowledgement-report/?unfinished=on").data["results"]
    assert [(row["person"]["name"], row["clinics"]) for row in own] == [
        ("Avery Testwell", ["mt-prospect"]),
        ("Bea Dummond", ["mt-prospect"]),
        ("Theo Fictus", ["mt-prospect"]),
    ]
    assert api(manager).get("/api/v1/acknowledgement-report/?clinic=oakbrook-terrace").status_code == 400
    assert api(therapist).get("/api/v1/acknowledgement-report/").status_code == 403


def test_what_is_finished_is_not_called_nothing(
    two_protocols, manager_oakbrook, therapist_oakbrook, floater, sign_in, at
):
    for person in (therapist_oakbrook, floater):
        factories.acknowledgement(version=two_protocols[0], by=person, at=at)
    browser = sign_in(manager_oakbrook)
    assert "3 of 3 required acknowledgements are done." in browser.get(REPORT).content.decode()
    page = browser.get(REPORT, {"unfinished": "on"}).content.decode()
    assert "Nobody here has something due." in page
    assert "Nothing has to be acknowledged." not in page
