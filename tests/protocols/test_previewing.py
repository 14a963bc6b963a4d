"""Starting from a file: what it would become is seen first, and nothing is created before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders import ticking
from protocols import importing, previewing
from protocols.models import Preview, Protocol, ProtocolVersion
from protocols.previewing import Taken
from tests.protocols.file_samples import png
from tests.protocols.word_files import docx, paragraph, picture, relation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]
WORD = docx(
    paragraph("Falls", "Title"),
    paragraph("Screen", "Heading1"),
    paragraph("Stand up."),
    picture("p1"),
    paragraph("Contraindications", "Heading1"),
    paragraph("Ask first."),
    relations=relation("p1", "image", "media/a.png"),
    parts={"word/media/a.png": png(), "word/vbaProject.bin": b"x"},
)


def file(content: bytes = WORD, name: str = "falls.docx") -> BytesIO:
    sent = BytesIO(content)
    sent.name = name
    return sent


@pytest.fixture
def preview(therapist: User, at: datetime) -> Preview:
    imported = importing.read_content(WORD, "falls.docx")
    return previewing.prepare(imported, file_name="falls.docx", by=therapist, at=at)


def digest_of(preview: Preview) -> str:
    return str(preview.pictures[0]["sha256"])


def taking(preview: Preview, **changes: Any) -> dict[str, Any]:
    """What the form sends when somebody presses the button."""
    data = {"title": preview.title, "category": "safety", f"picture-{digest_of(preview)}": "A chair"}
    for place, (kind, heading, _) in enumerate(preview.sections):
        data |= {f"take-{place}": "on", f"kind-{place}": kind, f"heading-{place}": heading}
    return {name: value for name, value in (data | changes).items() if value is not None}


class TestPages:
    def test_a_file_is_looked_at_and_nothing_is_created(self, therapist, sign_in):
        client = sign_in(therapist)
        answer = client.post("/protocols/import/", {"file": file()})
        found = Preview.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/protocols/import/{found.pk}/")
        page = client.get(answer["Location"]).content.decode()
        assert "Left out: macros." in page
        assert "Stand up." in page
        assert client.get(f"/protocols/pictures/{digest_of(found)}/").status_code == 200
        assert Protocol.objects.count() == 0

    def test_taken_over_it_is_a_draft_with_its_pictures(self, preview, therapist, sign_in):
        client = sign_in(therapist)
        changes = {"title": "Falls screening", "heading-0": "How to screen", "take-1": None}
        answer = client.post(preview.get_absolute_url(), taking(preview, **changes))
        version = ProtocolVersion.objects.get()
        assert answer["Location"] == f"/protocols/{version.protocol.slug}/draft/"
        (section,) = version.sections.all()
        assert (version.title, version.state, section.heading) == ("Falls screening", "draft", "How to screen")
        assert section.body == (
            f'<p>Stand up.</p><p><img src="/protocols/pictures/{digest_of(preview)}/" alt="A chair" '
            'width="40" height="30"></p>'
        )
        assert [one.description for one in version.pictures.all()] == ["A chair"]
        assert Preview.objects.count() == 0
        assert client.post(preview.get_absolute_url(), taking(preview)).status_code == 404

    def test_the_kind_that_is_chosen_shapes_the_section(self, therapist, sign_in, at):
        imported = importing.read_content(b"# Falls\n\n## With whom not\n\nPeople with a fever.", "falls.md")
        preview = previewing.prepare(imported, file_name="falls.md", by=therapist, at=at)
        assert [kind for kind, _, _ in preview.sections] == ["text"]
        chosen = {"title": "Falls", "category": "safety", "take-0": "on", "heading-0": "Not with"}
        sign_in(therapist).post(preview.get_absolute_url(), {**chosen, "kind-0": "contraindications"})
        (section,) = ProtocolVersion.objects.get().sections.all()
        assert (section.kind, section.body) == ("contraindications", "<ul><li>People with a fever.</li></ul>")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"title": ""}, "Title is missing"),
            ({"heading-0": " "}, "Give the section a heading."),
            ({"take-0": None, "take-1": None}, "Take over at least one section."),
            ({"kind-0": "nonsense"}, "Choose from those offered."),
            ({"category": "nonsense"}, "Choose from those offered."),
            ({"picture": ""}, "Say what the picture shows."),
        ],
    )
    def test_what_is_missing_stands_at_its_field(self, preview, therapist, sign_in, changes, words):
        if "picture" in changes:
            changes = {f"picture-{digest_of(preview)}": changes["picture"]}
        answer = sign_in(therapist).post(preview.get_absolute_url(), taking(preview, **changes))
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
        assert (Protocol.objects.count(), Preview.objects.count()) == (0, 1)

    def test_a_preview_is_its_makers_alone(self, preview, therapist, clinical_lead, front_desk, sign_in):
        for person, status in ((therapist, 200), (clinical_lead, 404), (front_desk, 403)):
            assert sign_in(person).get(preview.get_absolute_url()).status_code == status
        assert sign_in(clinical_lead).get(f"/protocols/pictures/{digest_of(preview)}/").status_code == 404
        assert sign_in(clinical_lead).post(preview.get_absolute_url(), taking(preview)).status_code == 404

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"no archive", "a.docx", "a.docx is not a Word file, or it is damaged."),
            (b"words", "a.exe", "a.exe is not a kind of file that can be read"),
            (b"", "a.docx", "This file is empty."),
            (docx(parts={"../../etc/x.xml": "<x/>"}), "a.docx", "paths that lead out of it"),
            (docx(document='<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "a.docx", "declares XML entities"),
            (b"x" * (importing.LARGEST_WORD + 1), "a.docx", "too large: 15.0 MB, and 15 MB is the most."),
        ],
        ids=["no archive", "no kind", "empty", "paths", "entities", "large"],
    )
    def test_a_file_that_cannot_be_read(self, therapist, sign_in, content, name, words):
        answer = sign_in(therapist).post("/protocols/import/", {"file": file(content, name)})
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
        assert Preview.objects.count() == 0

    def test_there_is_an_end_to_it(self, preview, therapist, sign_in, monkeypatch):
        monkeypatch.setattr(previewing, "MOST_WAITING", 1)
        answer = sign_in(therapist).post("/protocols/import/", {"file": file()})
        assert (answer.status_code, "1 files of yours wait already" in answer.content.decode()) == (422, True)
        assert Preview.objects.count() == 1

    def test_without_a_file(self, therapist, sign_in):
        answer = sign_in(therapist).post("/protocols/import/", {})
        assert (answer.status_code, "Choose a file." in answer.content.decode()) == (422, True)

    def test_a_name_that_is_markup_is_text(self, therapist, sign_in):
        client = sign_in(therapist)
        answer = client.post("/protocols/import/", {"file": file(name="<img src=x onerror=alert(1)>.docx")})
        page = client.get(answer["Location"]).content.decode()
        assert "<img src=x" not in page


class TestRules:
    def test_after_a_day_it_is_gone(self, preview, therapist, at):
        later = at + timedelta(hours=24)
        with pytest.raises(Conflict, match="older than a day"):
            previewing.take_over(
                preview, title="T", category="safety", sections=[], descriptions={}, by=therapist, at=later
            )
        previewing.prepare(
            importing.read_content(b"Title\n\nWords", "a.txt"), file_name="a.txt", by=therapist, at=later
        )
        assert ticking.tick(later, "manual")["previews_forgotten"] == 1
        assert [one.file_name for one in Preview.objects.all()] == ["a.txt"]

    def test_somebody_who_writes_no_protocols(self, front_desk, at):
        imported = importing.read_content(WORD, "falls.docx")
        with pytest.raises(Forbidden):
            previewing.prepare(imported, file_name="falls.docx", by=front_desk, at=at)

    def test_a_picture_that_stays_behind_needs_no_words(self, preview, therapist, at):
        version = previewing.take_over(
            preview,
            title="T",
            category="safety",
            sections=[Taken(1, "text", "Ask")],
            descriptions={},
            by=therapist,
            at=at,
        )
        assert version.pictures.count() == 0

    def test_nothing_is_created_without_a_title(self, preview, therapist, at):
        with pytest.raises(Refused, match="Give the protocol a title"):
            previewing.take_over(
                preview,
                title=" ",
                category="safety",
                sections=[Taken(1, "text", "Ask")],
                descriptions={},
                by=therapist,
                at=at,
            )
        assert (Protocol.objects.count(), Preview.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_pressed_many_times_at_once_it_is_one_draft(preview: Preview, therapist: User, at: datetime):
    def press(_: int) -> str:
        try:
            previewing.take_over(
                preview,
                title="T",
                category="safety",
                sections=[Taken(1, "text", "Ask")],
                descriptions={},
                by=therapist,
                at=at,
            )
        except Conflict:
            return "gone"
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(24) as pool:
        came = list(pool.map(press, range(24)))
    assert (came.count("made"), Protocol.objects.count()) == (1, 1)


class TestOverTheApi:
    IMPORTS = "/api/v1/imports/"

    def test_a_word_file_is_looked_at_and_then_taken_over(self, therapist, floater, api):
        author = api(therapist)
        read = author.post(self.IMPORTS, {"file": file()}, format="multipart")
        body = read.json()
        assert (read.status_code, body["file_name"], body["title"]) == (201, "falls.docx", "Falls")
        assert [(one["place"], one["kind"], one["heading"]) for one in body["sections"]] == [
            (0, "text", "Screen"),
            (1, "contraindications", "Contraindications"),
        ]
        assert any("macro" in note.lower() for note in body["notes"])
        assert not Protocol.objects.exists()
        place = f"{self.IMPORTS}{body['id']}/"
        assert (author.get(place).json(), author.get(self.IMPORTS).json()["results"]) == (body, [body])
        assert [api(floater).get(place).status_code, len(api(floater).get(self.IMPORTS).json()["results"])] == [404, 0]
        [picture] = body["pictures"]
        wanted = {
            "title": "Falls at home",
            "category": "safety",
            "sections": [{"place": 0, "kind": "steps", "heading": "Screening"}],
            "descriptions": {picture["sha256"]: "A chair"},
        }
        assert api(floater).post(f"{place}take-over/", wanted).status_code == 404
        made = author.post(f"{place}take-over/", wanted)
        assert (made.status_code, made.json()["title"], made.json()["authors"]) == (
            201,
            "Falls at home",
            ["Avery Testwell"],
        )
        [section] = made.json()["sections"]
        assert (section["kind"], section["heading"], 'alt="A chair"' in section["body"]) == ("steps", "Screening", True)
        assert author.post(f"{place}take-over/", wanted).status_code == 404

    @pytest.mark.parametrize(
        ("sections", "codes"),
        [
            ([{"place": 2, "kind": "text", "heading": "X"}], ["not-in-the-file"]),
            ([{"place": 1, "kind": "text", "heading": "X"}] * 2, ["not-in-the-file"]),
            ([], ["no-section"]),
            ([{"place": 0, "kind": "text", "heading": "X"}], ["no-description"]),
        ],
    )
    def test_what_cannot_be_taken_is_said(self, preview, therapist, api, sections, codes):
        wanted = {"title": "Falls", "category": "safety", "sections": sections}
        answer = api(therapist).post(f"{self.IMPORTS}{preview.pk}/take-over/", wanted)
        assert (answer.status_code, [reason["code"] for reason in answer.json()["reasons"]]) == (422, codes)
        assert not Protocol.objects.exists()

    def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(self, therapist, api):
        answer = api(therapist).post(self.IMPORTS, {"file": file(b"\x00", "falls.txt")}, format="multipart")
        assert (answer.status_code, answer.json()["reasons"]) == (
            422,
            [{"code": "unreadable", "message": "falls.txt is a binary file, not text.", "field": "file"}],
        )
        assert not Preview.objects.exists()

    def test_it_is_for_those_who_write(self, preview, front_desk, api):
        client, place = api(front_desk), f"{self.IMPORTS}{preview.pk}/"
        sent = client.post(self.IMPORTS, {"file": file()}, format="multipart")
        assert [sent.status_code, client.get(self.IMPORTS).status_code, client.get(place).status_code] == [403] * 3

    @pytest.mark.parametrize("number", [1, 3])
    def test_list_asks_the_same_number_of_questions(self, number, therapist, api, at, django_assert_num_queries):
        imported = importing.read_content(b"Falls\n\nStand up.", "falls.txt")
        for _ in range(number):
            previewing.prepare(imported, file_name="falls.txt", by=therapist, at=at)
        client = api(therapist)
        with django_assert_num_queries(5):
            assert len(client.get(self.IMPORTS).json()["results"]) == number
