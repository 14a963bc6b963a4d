"""Pictures in a draft: what is kept of a file, where a picture may stand, and who sees it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from PIL import Image

from accounts.models import User
from intranet.core import files, richtext
from intranet.core.access import Conflict, Forbidden, Refused
from protocols import comparing, drafting, pictures, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Picture, ProtocolVersion
from tests.accounts.test_documents import bomb
from tests.protocols import factories
from tests.protocols.file_samples import drawn, jpeg, png

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]


@pytest.fixture
def draft(therapist: User, at: datetime) -> ProtocolVersion:
    return factories.draft(by=therapist, at=at)


@pytest.fixture
def picture(draft: ProtocolVersion, therapist: User, at: datetime) -> Picture:
    return pictures.add(draft, drawn(), description="A knee, bent", by=therapist, at=at)


def shown(picture: Picture, description: str = "A knee, bent") -> str:
    return f'<p><img src="{picture.address}" alt="{description}" width="40" height="30"></p>'


def saved(version: ProtocolVersion, body: str, by: User, at: datetime) -> str:
    """The body of the one section, after somebody saved it."""
    version.refresh_from_db()
    text = drafting.text_of(version)
    (part,) = text.sections
    changed = DraftText(text.title, [SectionText(part.kind, part.heading, body, part.key)])
    drafting.edit_draft(version, changed, by=by, at=at, token=version.token)
    return version.sections.get().body


class TestReading:
    def test_a_picture_is_drawn_anew_without_what_was_written_into_it(self):
        said = Image.Exif()
        said[0x010E] = "CANARY where I live"
        content = jpeg(exif=said.tobytes())
        assert b"CANARY" in content
        kept = pictures.read_picture(content, "knee.jpg")
        assert (b"CANARY" in kept.content, kept.kind, kept.width, kept.height) == (False, "image/jpeg", 40, 30)

    def test_a_large_picture_becomes_smaller(self):
        kept = pictures.read_picture(jpeg((4000, 3000)), "knee.JPEG")
        assert (kept.width, kept.height) == Image.open(BytesIO(kept.content)).size == (1600, 1200)

    def test_a_heavy_photograph_becomes_a_jpeg(self):
        noise = Image.effect_noise((1500, 1500), 90).convert("RGB")
        out = BytesIO()
        noise.save(out, "PNG")
        kept = pictures.read_picture(out.getvalue(), "photo.png")
        assert (kept.kind, Image.open(BytesIO(kept.content)).format) == ("image/jpeg", "JPEG")

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"", "empty.png", "This file is empty."),
            (png(), "knee.gif", "Choose a PNG or JPEG file."),
            (png(), "knee", "Choose a PNG or JPEG file."),
            (b"<svg onload='alert(1)'/>", "knee.png", "This is not a PDF, PNG or JPEG file, whatever its name says."),
            (b"%PDF-1.4 paper", "knee.png", "A picture is a PNG or JPEG file."),
            (b"\xff\xd8\xff" + bytes(pictures.MOST_BYTES), "large.jpg", "larger than 10 MB"),
            (bomb(60_000, 60_000), "bomb.png", "far larger than a document"),
            (bomb(6_000, 6_000), "short.png", "damaged or protected"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_picture_is_refused(self, content: bytes, name: str, words: str):
        with pytest.raises(Refused, match=words) as refused:
            pictures.read_picture(content, name)
        assert [reason.field for reason in refused.value.verdict.reasons] == ["picture"]


class TestStore:
    def test_the_same_bytes_are_kept_once(self, store: Path):
        digests = {files.keep("protocols", b"words"), files.keep("protocols", b"words")}
        assert digests == {sha256(b"words").hexdigest()}
        assert [path.name for path in store.rglob("*") if path.is_file()] == list(digests)

    def test_what_somebody_damaged_in_the_store_is_mended_by_the_next_who_keeps_it(self, store: Path):
        digest = files.keep("protocols", b"words")
        path = files.path_of(files.name_of("protocols", digest))
        path.chmod(0o600)
        path.write_bytes(b"sword")
        with pytest.raises(Conflict, match="not the one that was filed"):
            files.read(files.name_of("protocols", digest), digest)
        files.keep("protocols", b"words")
        assert files.read(files.name_of("protocols", digest), digest) == b"words"


class TestAdding:
    def test_it_waits_on_the_shelf_and_changes_nothing_yet(self, draft, picture, therapist):
        before = draft.content_hash
        draft.refresh_from_db()
        assert (draft.content_hash, draft.token, list(draft.pictures.all())) == (before, 1, [picture])

    def test_the_same_picture_twice_is_one(self, draft, picture, therapist, at):
        again = pictures.add(draft, drawn(), description="Another word for it", by=therapist, at=at)
        assert (again, draft.pictures.count(), again.description) == (picture, 1, "A knee, bent")

    def test_one_that_is_there_takes_no_approval_away(self, draft, picture, therapist, clinical_lead, at):
        review = publishing.submit(draft, by=therapist, at=at)
        publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        pictures.add(draft, drawn(), description="Another word for it", by=therapist, at=at)
        draft.refresh_from_db()
        assert draft.state == "approved"

    @pytest.mark.parametrize(
        ("description", "words"),
        [("  \n ", "Say what the picture shows."), ("x" * 301, "Say it in at most 300 characters.")],
    )
    def test_it_says_what_it_shows(self, draft, therapist, at, description, words):
        with pytest.raises(Refused, match=words):
            pictures.add(draft, drawn(), description=description, by=therapist, at=at)
        assert draft.pictures.count() == 0

    def test_a_stranger_adds_none(self, draft, floater, at):
        with pytest.raises(Forbidden):
            pictures.add(draft, drawn(), description="A knee", by=floater, at=at)

    def test_whoever_adds_one_never_approves_the_version(self, draft, clinical_lead, therapist, at):
        pictures.add(draft, drawn(), description="A knee", by=clinical_lead, at=at)
        review = publishing.submit(draft, by=therapist, at=at)
        with pytest.raises(Forbidden, match="You wrote on this version"):
            publishing.approve(review, by=clinical_lead, at=at, token=review.token)

    def test_adding_one_takes_a_version_out_of_its_review(self, draft, therapist, at):
        review = publishing.submit(draft, by=therapist, at=at)
        pictures.add(review, drawn(), description="A knee", by=therapist, at=at)
        review.refresh_from_db()
        assert review.state == "draft"

    def test_there_is_an_end_to_it(self, draft, picture, therapist, at, monkeypatch):
        monkeypatch.setattr(pictures, "MOST_PICTURES", 1)
        with pytest.raises(Refused, match="at most 1 pictures"):
            pictures.add(draft, drawn("#33a"), description="Another", by=therapist, at=at)

    def test_one_in_the_text_is_not_removed_and_one_beside_it_is(self, draft, picture, therapist, at):
        saved(draft, shown(picture), therapist, at)
        other = pictures.add(draft, drawn("#33a"), description="Another", by=therapist, at=at)
        with pytest.raises(Refused, match="stands in the text"):
            pictures.remove(picture, by=therapist, at=at)
        pictures.remove(other, by=therapist, at=at)
        assert list(draft.pictures.all()) == [picture]


class TestText:
    def test_it_stands_where_the_author_put_it(self, draft, picture, therapist, at):
        body = saved(draft, f'<p>See <img src="{picture.address}" alt="Mine"></p>', therapist, at)
        assert body == f'<p>See <img src="{picture.address}" alt="Mine" width="40" height="30"></p>'
        assert draft.sections.get().words == "See Mine"

    def test_without_words_it_takes_those_of_the_shelf(self, draft, picture, therapist, at):
        assert saved(draft, f'<p><img src="{picture.address}"></p>', therapist, at) == shown(picture)

    def test_its_code_becomes_the_picture(self, draft, picture, therapist, at):
        assert saved(draft, f"<p>{picture.code}</p>", therapist, at) == shown(picture)
        link = f'<p><a href="https://example.org/{picture.code}">x</a> [picture 00000000]</p>'
        assert "<img" not in saved(draft, link, therapist, at)

    def test_saving_it_again_changes_nothing(self, draft, picture, therapist, at):
        body = saved(draft, shown(picture), therapist, at)
        token = ProtocolVersion.objects.get(pk=draft.pk).token
        saved(draft, body, therapist, at)
        assert ProtocolVersion.objects.get(pk=draft.pk).token == token

    @pytest.mark.parametrize(
        "html",
        [
            '<img src="https://elsewhere.example/track.png" alt="x">',
            '<img src="//elsewhere.example/protocols/pictures/{digest}/" alt="x">',
            '<img src="/protocols/pictures/{digest}/?x=1" alt="x">',
            '<img src="/protocols/pictures/{digest}/../../report/" alt="x">',
            '<img src="/protocols/pictures/{unknown}/" alt="x">',
            '<img src="/protocols/pictures/{DIGEST}/" alt="x">',
            '<img src="data:image/png;base64,AAAA" alt="x">',
            '<img src="javascript:alert(1)" alt="x">',
            "<img src=x onerror=alert(1)>",
            '<picture><source srcset="https://elsewhere.example/a.png"><img src="a.png"></picture>',
            '<svg><image href="https://elsewhere.example/a.png"/></svg>',
            '<object data="https://elsewhere.example/a.pdf"></object><embed src="a.pdf"><iframe src="a"></iframe>',
            '<video src="https://elsewhere.example/a.mp4" poster="a.png"></video>',
            '<math><mtext><img src="/protocols/pictures/{unknown}/"></mtext></math>',
        ],
    )
    def test_unknown_pictures_are_dropped(self, draft, picture, therapist, at, html):
        html = html.format(digest=picture.sha256, DIGEST=picture.sha256.upper(), unknown="0" * 64)
        assert saved(draft, f"<p>Words {html}</p>", therapist, at) == "<p>Words </p>"

    def test_nothing_rides_along_on_a_known_one(self, draft, picture, therapist, at):
        html = (
            f'<p><img src="{picture.address}" alt="a&quot;><script>alert(1)</script>" onerror="alert(1)" style="x" '
            'srcset="https://elsewhere.example/a.png" class="x" width="99999" height="-1" loading="x" id="x"></p>'
        )
        body = saved(draft, html, therapist, at)
        assert body == shown(picture, "a&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")

    def test_a_copied_picture_comes_along_for_whoever_may_see_it(
        self, picture, draft, therapist, floater, clinical_lead, at
    ):
        saved(draft, shown(picture), therapist, at)
        own = factories.draft(by=therapist, at=at)
        assert saved(own, shown(picture), therapist, at) == shown(picture)
        assert own.pictures.get().sha256 == picture.sha256
        stranger = factories.draft(by=floater, at=at)
        assert saved(stranger, shown(picture), floater, at) == ""
        assert stranger.pictures.count() == 0

    def test_a_picture_alone_is_a_change_and_resets_the_approval(self, draft, picture, therapist, clinical_lead, at):
        saved(draft, shown(picture), therapist, at)
        first = ProtocolVersion.objects.get(pk=draft.pk).content_hash
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        other = drawn("#33a")
        digest = files.keep("protocols", other.content)
        pictures.add(approved, other, description="A knee, bent", by=therapist, at=at)
        saved(draft, shown(picture).replace(picture.sha256, digest), therapist, at)
        now = ProtocolVersion.objects.get(pk=draft.pk)
        assert (now.state, now.approved_hash, now.content_hash == first) == ("draft", "", False)

    def test_the_next_draft_has_what_stands_in_the_text(self, draft, picture, therapist, clinical_lead, at):
        saved(draft, shown(picture), therapist, at)
        pictures.add(draft, drawn("#33a"), description="Never used", by=therapist, at=at)
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        published = publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        later = drafting.start_draft(published.protocol, by=therapist, at=at)
        assert [one.description for one in later.pictures.all()] == ["A knee, bent"]
        assert later.sections.get().body == shown(picture)

    def test_a_comparison_marks_a_picture_that_was_replaced(self, draft, picture, therapist, clinical_lead, at):
        saved(draft, shown(picture), therapist, at)
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        published = publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        later = drafting.start_draft(published.protocol, by=therapist, at=at)
        other = pictures.add(later, drawn("#33a"), description="A knee, straight", by=therapist, at=at)
        saved(later, shown(other), therapist, at)
        (change,) = comparing.compare(published, later).changed
        assert change.summary == "1 paragraph added, 1 paragraph removed"
        assert f'<del><img src="{picture.address}"' in change.before
        assert f'<ins><img src="{other.address}"' in change.after
        assert [address in change.merged for address in (picture.address, other.address)] == [True, True]

    def test_a_comparison_counts_a_picture_within_a_paragraph(self, draft, picture, therapist, clinical_lead, at):
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        published = publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        later = drafting.start_draft(published.protocol, by=therapist, at=at)
        other = pictures.add(later, drawn("#33a"), description="A knee, straight", by=therapist, at=at)
        saved(later, f"<p>Words. {other.code}</p>", therapist, at)
        (change,) = comparing.compare(published, later).changed
        assert change.summary == "1 picture added"


class TestDatabase:
    @pytest.fixture
    def published(self, draft, picture, therapist, clinical_lead, at) -> ProtocolVersion:
        saved(draft, shown(picture), therapist, at)
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        return publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("UPDATE protocols_picture SET description = 'x'", "Only the text of a draft can be changed"),
            ("UPDATE protocols_picture SET sha256 = repeat('0', 64)", "Only the text of a draft can be changed"),
            ("DELETE FROM protocols_picture", "Only the text of a draft can be changed"),
            ("TRUNCATE protocols_picture", "Pictures of published versions are never deleted"),
            (
                "INSERT INTO protocols_picture (version_id, sha256, kind, size, width, height, description, added_by_id, "
                "added_at) SELECT version_id, repeat('0', 64), kind, size, width, height, description, added_by_id, "
                "added_at FROM protocols_picture",
                "Only the text of a draft can be changed",
            ),
        ],
    )
    def test_pictures_of_published_versions_stay(self, published: ProtocolVersion, statement: str, words: str):
        with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
            cursor.execute(statement)


class TestWhoSeesIt:
    def test_each_sees_those_of_the_versions_that_they_read(
        self, draft, picture, therapist, floater, front_desk, clinical_lead, at
    ):
        """Also once it has been superseded: whoever signed it sees it still, and nobody through a later version."""
        everybody = (therapist, floater, front_desk, clinical_lead)

        def seeing() -> list[User]:
            return [one for one in everybody if pictures.shown_to(User.objects.get(pk=one.pk), picture.sha256, at)]

        assert seeing() == [therapist, clinical_lead]
        saved(draft, shown(picture), therapist, at)
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        assert seeing() == [therapist, clinical_lead]
        published = publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        assert seeing() == [therapist, floater, clinical_lead]
        factories.acknowledgement(version=published, by=floater, at=at)
        factories.next_version(
            after=published,
            by=therapist,
            lead=clinical_lead,
            at=at + timedelta(days=1),
            body="<p>No picture any more.</p>",
        )
        with time_machine.travel(at + timedelta(days=2), tick=False):
            assert seeing() == [floater, clinical_lead]

    def test_one_that_never_came_into_the_text_is_seen_by_its_authors_alone(
        self, draft, picture, therapist, floater, clinical_lead, at
    ):
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        assert pictures.shown_to(floater, picture.sha256, at) is None


class TestPages:
    def test_it_is_served_shut_off_from_everything(self, draft, picture, therapist, sign_in):
        answer = sign_in(therapist).get(picture.address)
        assert (answer.status_code, answer.content) == (200, drawn().content)
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"

    def test_to_others_it_is_as_if_it_were_not(self, draft, picture, floater, sign_in):
        client = sign_in(floater)
        there = client.get(picture.address)
        none = client.get(f"/protocols/pictures/{'0' * 64}/")
        assert (there.status_code, none.status_code) == (404, 404)
        pages = [re.sub(r'nonce="[^"]*"|\w{64}', "", one.content.decode()) for one in (there, none)]
        assert pages[0] == pages[1]

    def test_the_page_of_the_draft_shows_its_code(self, draft, picture, therapist, sign_in):
        page = sign_in(therapist).get(f"/protocols/{draft.protocol.slug}/draft/files/").content.decode()
        assert picture.code in page
        assert picture.address in page

    def post(self, client: Any, draft: ProtocolVersion, content: bytes, name: str, description: str) -> Any:
        file = BytesIO(content)
        file.name = name
        data = {"version": 1, "picture": file, "description": description}
        return client.post(f"/protocols/{draft.protocol.slug}/draft/pictures/", data)

    def test_without_the_editor_one_is_added_there(self, draft, therapist, sign_in):
        answer = self.post(sign_in(therapist), draft, png(), "knee.png", "A knee")
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/protocols/{draft.protocol.slug}/draft/files/#pictures",
        )
        assert draft.pictures.get().description == "A knee"

    @pytest.mark.parametrize(
        ("content", "name", "description", "words"),
        [
            (b"no picture", "knee.png", "A knee", "This is not a PDF, PNG or JPEG file"),
            (png(), "knee.png", " ", "Say what the picture shows."),
            (png(), "knee.png", "\x00", "Null characters are not allowed."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field(self, draft, therapist, sign_in, content, name, description, words):
        answer = self.post(sign_in(therapist), draft, content, name, description)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert draft.pictures.count() == 0

    def test_the_reading_page_shows_it_and_opens_it(
        self, draft, picture, therapist, clinical_lead, floater, sign_in, at
    ):
        saved(draft, shown(picture), therapist, at)
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        page = sign_in(floater).get(f"/protocols/{draft.protocol.slug}/").content.decode()
        link = f'<a class="picture" href="{picture.address}"><img src="{picture.address}" alt="A knee, bent"'
        assert link in page


class TestApi:
    def test_the_editor_hands_one_in(self, draft, therapist, api):
        file = BytesIO(png())
        file.name = "knee.png"
        data = {"protocol": draft.protocol.slug, "version": 1, "picture": file, "description": "A knee"}
        answer = api(therapist).post("/api/v1/pictures/", data, format="multipart")
        added = draft.pictures.get()
        assert (answer.status_code, answer.json()) == (
            201,
            {
                "id": added.pk,
                "address": added.address,
                "description": "A knee",
                "kind": "image/png",
                "size": added.size,
                "width": 40,
                "height": 30,
            },
        )

    def test_a_refusal_says_why(self, draft, therapist, api):
        file = BytesIO(b"no picture")
        file.name = "knee.png"
        data = {"protocol": draft.protocol.slug, "version": 1, "picture": file, "description": "A knee"}
        answer = api(therapist).post("/api/v1/pictures/", data, format="multipart")
        assert (answer.status_code, [reason["field"] for reason in answer.json()["reasons"]]) == (422, ["picture"])

    def test_the_shelf_of_a_draft(self, draft, picture, therapist, floater, api):
        address = f"/api/v1/pictures/?protocol={draft.protocol.slug}"
        assert [one["id"] for one in api(therapist).get(address).json()["results"]] == [picture.pk]
        assert api(floater).get(address).json()["results"] == []


def test_the_text_names_pictures_as_the_product_serves_them():
    assert richtext.picture_address("0" * 64) == reverse("protocols:picture", args=["0" * 64])


def test_two_who_keep_the_same_bytes_do_not_hurt_each_other(store: Path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(24) as pool:
        digests = set(pool.map(lambda _: files.keep("protocols", b"words" * 1000), range(96)))
    (digest,) = digests
    assert files.read(files.name_of("protocols", digest), digest) == b"words" * 1000
    assert sum(path.is_file() for path in store.rglob("*")) == 1


def test_an_old_preview_shows_nothing_any_more(therapist: User, at: datetime):
    from protocols.models import Preview

    digest = files.keep("protocols", b"a picture")
    Preview.objects.create(
        by=therapist,
        at=at,
        file_name="a.docx",
        title="A",
        sections=[],
        notes=[],
        pictures=[{"sha256": digest, "kind": "image/png"}],
    )
    assert pictures.shown_to(therapist, digest, at) == (b"a picture", "image/png")
    assert pictures.shown_to(therapist, digest, at + timedelta(hours=24)) is None
