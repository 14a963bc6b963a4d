"""The demo's protocols: what they say has a source, and they came into force through the actions of the product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import pytest_django
import time_machine
from django.db import transaction

from accounts.defaults import load_credential_types
from accounts.models import Skill, User
from intranet.audit.models import Entry
from intranet.core import richtext
from intranet.core.time import local_day, monday_of
from intranet.demo import people as demo_people
from intranet.demo.protocols import load_acknowledgements, load_protocols, load_stops
from intranet.demo.protocols.loading import IN_REVIEW, PLANS, STARTED
from intranet.demo.protocols.writing import Edition
from protocols import acknowledging, clearance, questioning, suspending, waiving
from protocols.models import Acknowledgement, Protocol, ProtocolVersion, SectionKind, State, Status

pytestmark = pytest.mark.django_db  # or else there is no test database when this file runs alone
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("America/Chicago"))
PLANNED = [*PLANS, IN_REVIEW, STARTED]
EDITIONS = [
    pytest.param(edition, id=f"{plan.work.code}-{number}")
    for plan in PLANNED
    for number, edition in enumerate(plan.work.editions, start=1)
]
CITATION = re.compile(r"\[(\d+)\]")


def cited(html: str) -> set[int]:
    return {int(number) for number in CITATION.findall(html)}


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_section_names_its_source_and_every_source_is_used(edition: Edition) -> None:
    *said, sources = edition.parts
    assert sources.kind == SectionKind.REFERENCES
    assert [part.heading for part in said if not cited(part.body)] == []
    listed = len(richtext.points(sources.body).items)
    assert set.union(*(cited(part.body) for part in said)) == set(range(1, listed + 1))


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_edition_has_key_facts_first_and_evidence_before_its_references(edition: Edition) -> None:
    kinds = [part.kind for part in edition.parts]
    assert kinds[0] == SectionKind.KEY_FACTS
    assert kinds[-2:] == [SectionKind.EVIDENCE, SectionKind.REFERENCES]
    assert len({part.heading for part in edition.parts}) == len(edition.parts)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_words_pass_the_cleaner_unchanged_and_nothing_in_them_is_lost_on_a_page(edition: Edition) -> None:
    assert [part.heading for part in edition.parts if richtext.clean(part.body) != part.body] == []
    facts = edition.parts[0]
    assert all(text for _, text in richtext.pairs(facts.body))


def test_versions_differ_in_sections_that_keep_their_key() -> None:
    work = PLANS[0].work
    texts = [work.text(number) for number in (1, 2, 3, 4)]
    bodies = [{part.key: part.body for part in text.sections} for text in texts]
    headings = {part.key: part.heading for part in texts[0].sections}
    assert [set(body) == set(headings) for body in bodies] == [True] * 4
    changed = [{headings[key] for key in headings if before[key] != after[key]} for before, after in pairwise(bodies)]
    assert changed == [
        {"Technique"},
        {"Key facts", "Before you start"},
        {
            "Purpose and scope",
            "Take care, and ask first, if the patient",
            "Technique",
            "If something goes wrong",
            "After the session",
            "Evidence",
            "References",
        },
    ]


def test_the_fourth_version_corrects_the_claim_about_neck_motion() -> None:
    words = [
        next(richtext.plain(part.body) for part in edition.parts if part.kind == SectionKind.EVIDENCE)
        for edition in PLANS[0].work.editions
    ]
    assert ["found no effect on cervical range of motion [7]" in text for text in words] == [False, False, False, True]
    sources = richtext.plain(PLANS[0].work.editions[3].parts[-1].body).splitlines()
    assert sources[6].startswith("Navarro-Santana MJ")
    assert sources[6].endswith("2020. PubMed 33066556")


@dataclass
class Demo:
    protocols: dict[str, Protocol]
    people: dict[str, User]
    skills: dict[str, Skill]
    now: datetime

    def version(self, code: str, number: int) -> ProtocolVersion:
        return self.protocols[code].versions.get(number=number)

    def outstanding(self, name: str) -> list[tuple[str, int]]:
        """What the person still has to acknowledge: title, and how many days are left."""
        today = local_day(self.now, self.people["ines"].zone)
        waiting = acknowledging.must_acknowledge(self.people[name], at=self.now)
        return [(version.title, (version.due_on - today).days) for version in waiting]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[Demo]:
    """Loaded once for the tests of this module, which only read it, and rolled back after them."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        clinics = demo_people.load_clinics()
        skills = demo_people.load_skills(load_credential_types())
        people = demo_people.load_staff(clinics, today=local_day(NOW, clinics["M"].zone))
        authors = [people["avery"], people["priya"], people["theo"]]
        protocols = load_protocols(
            authors=authors, lead=people["ines"], approver=people["lena"], clinics=clinics, skills=skills, now=NOW
        )
        load_acknowledgements(protocols, people, now=NOW)
        managers = {"M": people["dana"], "O": people["rosa"]}
        load_stops(protocols, people, managers=managers, clinics=clinics, now=NOW)
        yield Demo(protocols, people, skills, NOW)
        transaction.set_rollback(True)


def test_the_library_has_a_protocol_in_every_state(demo: Demo) -> None:
    assert len(demo.protocols) == 19
    latest = ProtocolVersion.objects.with_status(demo.now).values_list("status_now", flat=True).order_by()
    states = list(latest)
    counts = {status: states.count(status) for status in Status}
    assert counts == {
        Status.IN_FORCE: 17,
        Status.SUPERSEDED: 4,
        Status.COMING: 1,
        Status.IN_REVIEW: 1,
        Status.DRAFT: 1,
        Status.APPROVED: 0,
        Status.WITHDRAWN: 0,
    }


def test_one_version_starts_next_week(demo: Demo) -> None:
    coming = ProtocolVersion.objects.with_status(demo.now).get(status_now=Status.COMING)
    zone = demo.people["ines"].zone
    assert coming == demo.version("total-knee", 2)
    assert local_day(coming.in_force.lower, zone) == monday_of(local_day(demo.now, zone)) + timedelta(days=7)


def test_nobody_approved_own_words(demo: Demo) -> None:
    approved = ProtocolVersion.objects.filter(approved_by__isnull=False)
    assert approved.count() == 22
    assert not any(version.contributors.filter(user=version.approved_by).exists() for version in approved)


def test_versions_followed_one_another_without_a_gap(demo: Demo) -> None:
    versions = list(demo.protocols["dry-needling-cervical"].versions.order_by("number"))
    assert [version.state for version in versions] == [State.SUPERSEDED] * 3 + [State.PUBLISHED]
    assert [version.in_force.upper for version in versions] == [
        *(version.in_force.lower for version in versions[1:]),
        None,
    ]
    assert demo.now - versions[3].in_force.lower < timedelta(days=9)


def test_every_step_left_its_trace(demo: Demo) -> None:
    verbs = [verb for verb in Entry.objects.values_list("verb", flat=True) if verb.startswith("protocol.")]
    counts = {verb.removeprefix("protocol."): verbs.count(verb) for verb in sorted(set(verbs))}
    assert counts == {
        "acknowledged": Acknowledgement.objects.count(),
        "approved": 22,
        "attached": 1,
        "drafted": 24,
        "edited": 6,
        "picture-added": 1,
        "published": 22,
        "questions-set": 1,
        "settings-changed": 19,
        "submitted": 23,
        "suspended": 1,
    }


def test_skills_are_governed_by_their_protocols(demo: Demo) -> None:
    governed = {
        code: [protocol.title for protocol in skill.protocols.titled(demo.now)] for code, skill in demo.skills.items()
    }
    assert governed == {
        "dry-needling-cervical": ["Dry needling: cervical and upper trapezius"],
        "dry-needling-lumbar": ["Dry needling: low back and gluteal region"],
        "vestibular": ["Positional vertigo (BPPV): test and treat"],
    }


def test_who_has_acknowledged_what_needling_needs(demo: Demo) -> None:
    neck, back = demo.version("dry-needling-cervical", 4), demo.version("dry-needling-lumbar", 1)

    def signed(version: ProtocolVersion) -> dict[str, bool]:
        names = ("avery", "noor", "priya", "theo")
        return {name: acknowledging.counting(version, demo.people[name], demo.now) is not None for name in names}

    assert signed(neck) == {"avery": False, "noor": True, "priya": True, "theo": True}
    assert signed(back) == {"avery": True, "noor": True, "priya": True, "theo": True}
    third = Acknowledgement.objects.get(user=demo.people["avery"], version=demo.version("dry-needling-cervical", 3))
    assert acknowledging.last_signed(neck, demo.people["avery"]) == third


def test_avery_has_a_few_days_left_and_clearance_says_why(demo: Demo) -> None:
    title = "Dry needling: cervical and upper trapezius"
    assert demo.outstanding("avery")[0] == (title, 4)
    reasons = clearance.clearance(
        demo.people["avery"], demo.skills["dry-needling-cervical"], local_day(demo.now, demo.people["avery"].zone)
    )
    assert [str(reason) for reason in reasons.reasons if reason.code == "not-acknowledged"] == [
        f"Avery has not acknowledged version 4 of “{title}”."
    ]


def test_the_gaps_are_the_ones_that_were_meant(demo: Demo) -> None:
    assert demo.outstanding("lena") == [("Infection prevention in the clinic", 5)]
    assert demo.outstanding("noor") == []
    assert [demo.outstanding(name) for name in ("carla", "elle")] == [[], []]
    assert [len(demo.outstanding(name)) for name in ("ravi", "fay", "nell")] == [1, 1, 2]
    late = {name for name in demo.people if any(days < 0 for _, days in demo.outstanding(name))}
    assert late == {"ivo"}


def test_nobody_acknowledged_before_publication_or_after_now(demo: Demo) -> None:
    given = Acknowledgement.objects.select_related("version")
    assert [row for row in given if not row.version.published_at <= row.at <= demo.now] == []


def test_front_desk_reads_what_is_theirs_and_no_technique(demo: Demo) -> None:
    seen = Protocol.objects.visible_to(demo.people["carla"]).titled(demo.now).order_by("title")
    assert [protocol.title for protocol in seen] == [
        "Fainting and severe allergic reaction",
        "Infection prevention in the clinic",
        "Needlestick: the first hour",
        "Patients without a referral: dates to keep",
        "Privacy at the front desk",
    ]


def test_blood_flow_restriction_is_for_one_clinic(demo: Demo) -> None:
    reads = {
        name: Protocol.objects.visible_to(demo.people[name])
        .titled(demo.now)
        .filter(title="Blood flow restriction training")
        .exists()
        for name in ("avery", "priya", "theo")
    }
    assert reads == {"avery": True, "priya": False, "theo": True}


def test_needling_the_neck_asks_two_questions_that_their_sections_answer(demo: Demo) -> None:
    version = demo.version("dry-needling-cervical", 4)
    parts = {section.key: section for section in version.sections.all()}
    asked = [
        (parts[one.section].heading, one.text, one.options[one.right], bool(cited(parts[one.section].body)))
        for one in version.questions.all()
    ]
    assert asked == [
        ("Technique", "How long does the needle stay in after the last pass?", "It is withdrawn at once", True),
        ("Evidence", "What may you promise about the motion of the neck?", "Nothing: no effect was found", True),
    ]


def test_the_authors_see_which_section_is_often_misread(demo: Demo) -> None:
    version = demo.version("dry-needling-cervical", 4)
    signed = Acknowledgement.objects.filter(version=version).count()
    headings = dict(version.sections.values_list("key", "heading"))
    missed = questioning.often_missed(version)
    found = {headings[key]: [(one.wrong, one.total) for one in flags] for key, flags in missed.items()}
    assert found == {"Evidence": [(5, signed + 5)]}


def test_the_version_in_review_has_two_comments_by_others_than_its_author(demo: Demo) -> None:
    version = demo.version("cupping", 1)
    headings = dict(version.sections.values_list("key", "heading"))
    said = [(one.by.name, headings.get(one.section, ""), bool(cited(one.text))) for one in version.comments.open()]
    assert sorted(said) == [("Ines Exemplar", "", True), ("Lena Placeholt", "Technique", True)]
    assert demo.people["theo"] == version.edited_by
    assert all(version.submitted_at < one.at < demo.now for one in version.comments.all())


def test_hana_is_excused_and_not_cleared(demo: Demo) -> None:
    needling, hana = demo.version("dry-needling-cervical", 4), demo.people["hana"]
    waiver = waiving.holding(needling, hana, demo.now)
    assert (waiver.by, waiver.through - local_day(demo.now, hana.zone)) == (demo.people["rosa"], timedelta(days=60))
    assert [title for title, _ in demo.outstanding("hana")] == ["Total knee replacement: outpatient care"]
    assert not clearance.clearance(hana, demo.skills["dry-needling-cervical"], local_day(demo.now, hana.zone))


def test_electrical_stimulation_is_suspended_at_one_clinic_and_no_procedure_with_it(demo: Demo) -> None:
    version = demo.version("electrical-stimulation", 1)
    assert [(one.clinic.letter, one.by.name) for one in suspending.open_on(version)] == [("O", "Rosa Sampleton")]
    assert [one.version for one in suspending.in_question(demo.people["ines"], demo.now)] == [version]
    assert suspending.stops(demo.skills.values()).rows == []
