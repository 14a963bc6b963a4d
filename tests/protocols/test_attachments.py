"""Attachments of a version: what is kept, what binds an approval, and who gets them."""

from __future__ import annotations

import warnings
import zipfile
from html import escape
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.core.papers import MOST_BYTES, Kind, Paper, name_from, read_paper
from protocols import attachments, comparing, drafting, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Attachment, ProtocolVersion
from tests import factories as people
from tests.protocols import factories
from tests.protocols.file_samples import HUGE, jpeg, pdf_with_words, png, xlsx
from tests.protocols.word_files import docx, paragraph, relation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]
_KEY = UUID("5e0c6f0e-7d0b-4f5a-9a3e-2f1f4b1d7c55")
SHEET = Paper(Kind.PDF, b"%PDF-1.4 a sheet", 1, "Repetitions")


@pytest.fixture
def draft(therapist: User, at: Any) -> ProtocolVersion:
    return factories.draft(by=therapist, at=at)


def released(version: ProtocolVersion, therapist: User, clinical_lead: User, at: Any) -> ProtocolVersion:
    review = publishing.submit(version, by=therapist, at=at)
    approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
    return publishing.publish(approved, by=clinical_lead, at=at, readers=factories.THERAPISTS)


def named(content: bytes, name: str) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file


MANY_PARTS = [f"word/part{number}.xml" for number in range(3)]
HALF = HUGE[: len(HUGE) // 2].rpartition("<c")[0] + "</w>"  # three of them are too much, one is not


def field(*pieces: str) -> str:
    """A field of Word whose instruction comes in pieces."""
    runs = "".join(f"<w:r><w:instrText>{escape(piece)}</w:instrText></w:r>" for piece in pieces)
    marks = [f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>' for mark in ("begin", "end")]
    return f"<w:p>{marks[0]}{runs}{marks[1]}</w:p>"


def sources(kind: str) -> str:
    return f"<Relationships>{relation('c', kind, 'x.xml')}</Relationships>"


def formula(words: str) -> str:
    return f"<worksheet><c><f>{escape(words)}</f></c></worksheet>"


def twice(name: str) -> bytes:
    """A Word file with one more part of a name that it has."""
    out = BytesIO(docx(paragraph("x")))
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, "<w/>")
    return out.getvalue()


class TestReading:
    @pytest.mark.parametrize(
        ("content", "name", "kind", "pages", "words"),
        [
            (pdf_with_words("Repetitions per set"), "sheet.pdf", Kind.PDF, 1, "Repetitions per set"),
            (people.pdf(2), "SCAN.PDF", Kind.PDF, 2, ""),
            (
                docx(paragraph("Consent to"), paragraph("treatment")),
                "consent.docx",
                Kind.WORD,
                0,
                "Consent to treatment",
            ),
            (xlsx("Loads"), "loads.xlsx", Kind.EXCEL, 0, "Loads"),
            (png(), "knee.png", Kind.PNG, 0, ""),
            (jpeg(), "wrongly-named.png", Kind.JPEG, 0, ""),
        ],
    )
    def test_what_a_file_is_is_found_in_its_content(self, content, name, kind, pages, words):
        paper = read_paper(content, name)
        assert (paper.kind, paper.pages, paper.words) == (kind, pages, words)

    def test_an_image_is_drawn_anew(self):
        assert b"CANARY" not in read_paper(png() + b"CANARY", "knee.png").content

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"", "sheet.pdf", "This file is empty."),
            (pdf_with_words("x"), "sheet.exe", "Choose a file that is a PDF"),
            (pdf_with_words("x"), "sheet.pdf\u202efdp.exe", "Choose a file that is a PDF"),
            (b"<html>", "sheet.pdf", r"This is not a PDF, Word \(.docx\), Excel \(.xlsx\), PNG or JPEG file"),
            (b"%PDF-1.7 cut", "sheet.pdf", "damaged or protected"),
            (people.pdf(301), "book.pdf", "This PDF has 301 pages"),
            (b"%PDF" + bytes(MOST_BYTES), "large.pdf", "larger than 20 MB"),
            (b"no archive", "a.docx", "This file is not a Word file, or it is damaged."),
            (xlsx(), "a.docx", "This file is not a Word file, or it is damaged."),
            (docx(paragraph("x")), "a.xlsx", "This file is not an Excel file, or it is damaged."),
            (b"\xd0\xcf\x11\xe0 old", "a.docx", "an old or a protected Word file: save it as .docx"),
            (docx(paragraph("x"), parts={"word/vbaProject.bin": b"x"}), "a.docx", "holds macros"),
            (docx(paragraph("x"), parts={"word/embeddings/oleObject1.bin": b"x"}), "a.docx", "holds other files"),
            (
                docx(
                    paragraph("x"),
                    relations=relation("t", "attachedTemplate", "https://x.example/a.dotm", external=True),
                ),
                "a.docx",
                "refers to files outside",
            ),
            (docx(paragraph("x"), parts={"../a.xml": b"<x/>"}), "a.docx", "paths that lead out of it"),
            (docx(document='<!DOCTYPE w [<!ENTITY a "b">]><w>&a;</w>'), "a.docx", "declares XML entities"),
            (docx(paragraph("x"), parts={"word/a.bin": bytes(50_000_000)}), "a.docx", "far more than a document"),
            (docx(document=HUGE), "a.docx", "perhaps a huge table"),
            (docx(paragraph("x"), parts=dict.fromkeys(MANY_PARTS, HALF)), "a.docx", "perhaps a huge table"),
            (docx(document="<w><p>cut"), "a.docx", "is damaged"),
            (docx(paragraph("x"), parts={"word/settings.xml": b"\x00\x01"}), "a.docx", "is damaged"),
            (docx(field("DDE", "AUTO c:\\\\x")), "a.docx", "refers to files outside"),
            (docx(field(" INCLUDEPICTURE ", '"https://x.example/a.png"')), "a.docx", "refers to files outside"),
            (docx('<w:p><w:fldSimple w:instr=" includetext a.docx"/></w:p>'), "a.docx", "refers to files outside"),
            (docx(paragraph("x"), relations=relation("o", "oleObject", "x.bin")), "a.docx", "holds other files"),
            (docx(paragraph("x"), relations=relation("o", "package", "x.docx")), "a.docx", "holds other files"),
            (docx(paragraph("x"), relations=relation("o", "aFChunk", "x.html")), "a.docx", "holds other files"),
            (docx(paragraph("x"), relations=relation("o", "vbaProject", "x.bin")), "a.docx", "holds macros"),
            (xlsx(**{"xl/_rels/workbook.xml.rels": sources("connections")}), "a.xlsx", "refers to files outside"),
            (xlsx(**{"xl/_rels/workbook.xml.rels": sources("externalLink")}), "a.xlsx", "refers to files outside"),
            (xlsx(**{"xl/worksheets/sheet1.xml": formula("WEBSERVICE(A1)")}), "a.xlsx", "refers to files outside"),
            (xlsx(**{"xl/worksheets/sheet1.xml": formula("cmd|'/c calc'!A0")}), "a.xlsx", "refers to files outside"),
            (twice("word/_rels/document.xml.rels"), "a.docx", "two parts of the same name"),
            (twice("WORD/Document.xml"), "a.docx", "two parts of the same name"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_unfit_is_refused(self, content: bytes, name: str, words: str):
        with pytest.raises(Refused, match=words) as refused:
            read_paper(content, name)
        assert [reason.field for reason in refused.value.verdict.reasons] == ["file"]

    def test_links_and_the_numbers_of_a_chart_are_fine(self):
        content = docx(
            paragraph("x"),
            field("HYPERLINK ", '"https://example.org/"'),
            field("PAGE"),
            relations=relation("l", "hyperlink", "https://example.org/", external=True),
            parts={"word/embeddings/chart.xlsx": xlsx()},
        )
        assert read_paper(content, "a.docx").kind == Kind.WORD

    @pytest.mark.parametrize(
        ("file", "name"),
        [
            ("Home_programme.pdf", "Home programme"),
            ("../../etc/passwd.pdf", "passwd"),
            ("C:\\Users\\me\\sheet.pdf", "sheet"),
            ("a\u202eb\x07c\n.pdf", "a b c"),
            ("x" * 200 + ".pdf", "x" * 120),
            ('a<b>"c|d?.pdf', "a b c d"),
            ("...pdf", ""),
        ],
    )
    def test_names_steer_nothing(self, file: str, name: str):
        assert name_from(file) == name


class TestDraft:
    def test_a_hash_without_attachments_is_what_it_always_was(self):
        text = DraftText("Falls", [SectionText("text", "Why", "<p>x</p>", _KEY)], "New")
        assert drafting.text_hash(text) == ("c831905d90a4d6301d01443d4463136d023332a66594738962aba4e916ddc75e")

    def test_attaching_is_a_change(self, draft, therapist, at):
        before, token = draft.content_hash, draft.token
        added = attachments.add(draft, SHEET, name=" Home  programme ", by=therapist, at=at)
        draft.refresh_from_db()
        assert (added.name, added.words, attachments.content_of(added)) == (
            "Home programme",
            "Repetitions",
            SHEET.content,
        )
        assert (draft.content_hash == before, draft.token) == (False, token + 1)
        assert draft.content_hash == drafting.text_hash(drafting.text_of(draft))

    def test_the_hash_knows_no_order_of_rows(self, draft, therapist, floater, at):
        other = Paper(Kind.PDF, b"%PDF-1.4 another")
        for first, second in (("A", "B"), ("B", "A")):
            version = factories.draft(by=therapist, at=at, title="Twin")
            version.sections.update(key=_KEY)
            attachments.add(version, SHEET if first == "A" else other, name=first, by=therapist, at=at)
            attachments.add(version, SHEET if second == "A" else other, name=second, by=therapist, at=at)
        hashes = set(ProtocolVersion.objects.filter(title="Twin").values_list("content_hash", flat=True))
        assert len(hashes) == 1

    def test_removing_it_brings_the_hash_back(self, draft, therapist, at):
        before = draft.content_hash
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        attachments.remove(added, by=therapist, at=at)
        draft.refresh_from_db()
        assert (draft.content_hash, draft.attachments.count()) == (before, 0)

    def test_it_resets_an_approval(self, draft, therapist, clinical_lead, at):
        review = publishing.submit(draft, by=therapist, at=at)
        approved = publishing.approve(review, by=clinical_lead, at=at, token=review.token)
        attachments.add(approved, SHEET, name="Sheet", by=therapist, at=at)
        draft.refresh_from_db()
        assert (draft.state, draft.approved_hash) == ("draft", "")
        entry = Entry.objects.get(verb="protocol.reopened")
        assert (entry.actor_name, entry.changes) == (therapist.name, {"approval_lost": True})

    def test_an_approver_approves_with_what_was_attached(self, draft, therapist, clinical_lead, at):
        review = publishing.submit(draft, by=therapist, at=at)
        attachments.add(review, SHEET, name="Sheet", by=therapist, at=at)
        again = publishing.submit(review, by=therapist, at=at)
        with pytest.raises(Conflict, match="changed the text after you opened it"):
            publishing.approve(again, by=clinical_lead, at=at, token=review.token)

    def test_saving_the_text_keeps_them(self, draft, therapist, at):
        attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        draft.refresh_from_db()
        text = drafting.text_of(draft)
        changed = DraftText("Another title", text.sections)
        saved = drafting.edit_draft(draft, changed, by=therapist, at=at, token=draft.token)
        assert saved.content_hash == drafting.text_hash(drafting.text_of(saved))
        again = drafting.edit_draft(saved, changed, by=therapist, at=at, token=saved.token)
        assert (again.token, again.attachments.count()) == (saved.token, 1)

    def test_renaming_is_a_change_and_the_same_name_is_none(self, draft, therapist, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        attachments.add(draft, SHEET, name="Other", by=therapist, at=at)
        token = ProtocolVersion.objects.get(pk=draft.pk).token
        attachments.rename(added, name=" Sheet ", by=therapist, at=at)
        assert ProtocolVersion.objects.get(pk=draft.pk).token == token
        attachments.rename(added, name="Page", by=therapist, at=at)
        assert ProtocolVersion.objects.get(pk=draft.pk).token == token + 1
        with pytest.raises(Refused, match=r"There is an attachment “Other” already."):
            attachments.rename(added, name="Other", by=therapist, at=at)
        with pytest.raises(Refused, match=r"Give the attachment a name."):
            attachments.rename(added, name="///", by=therapist, at=at)

    def test_a_stranger_attaches_nothing(self, draft, floater, at):
        with pytest.raises(Forbidden):
            attachments.add(draft, SHEET, name="Sheet", by=floater, at=at)
        assert draft.attachments.count() == 0

    def test_what_somebody_removed_meanwhile(self, draft, therapist, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        attachments.remove(added, by=therapist, at=at)
        stale = Attachment(pk=999_999, version=draft)
        with pytest.raises(Conflict, match="meanwhile"):
            attachments.remove(stale, by=therapist, at=at)

    def test_there_is_an_end_to_it(self, draft, therapist, at, monkeypatch):
        monkeypatch.setattr(attachments, "QUOTA", 20)
        attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        with pytest.raises(Refused, match="no room left"):
            attachments.add(draft, SHEET, name="Other", by=therapist, at=at)
        monkeypatch.setattr(attachments, "MOST_ATTACHMENTS", 1)
        with pytest.raises(Refused, match="at most 1 attachments"):
            attachments.add(draft, SHEET, name="Other", by=therapist, at=at)


class TestVersions:
    def test_the_next_draft_carries_them_on(self, draft, therapist, clinical_lead, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        first = released(draft, therapist, clinical_lead, at)
        later = drafting.start_draft(first.protocol, by=therapist, at=at)
        copy = later.attachments.get()
        assert (copy.key, copy.sha256, copy.name, copy.words) == (added.key, added.sha256, "Sheet", "Repetitions")
        assert copy.pk != added.pk
        attachments.remove(copy, by=therapist, at=at)
        assert first.attachments.get().name == "Sheet"

    def test_a_comparison_names_what_changed(self, draft, therapist, clinical_lead, at):
        attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        attachments.add(draft, Paper(Kind.PDF, b"%PDF-1.4 b"), name="Steady", by=therapist, at=at)
        first = released(draft, therapist, clinical_lead, at)
        later = drafting.start_draft(first.protocol, by=therapist, at=at)
        assert comparing.compare(first, later).changed == []
        attachments.remove(later.attachments.get(name="Sheet"), by=therapist, at=at)
        attachments.add(later, Paper(Kind.PDF, b"%PDF-1.4 new"), name="Sheet", by=therapist, at=at)
        (change,) = comparing.compare(first, later).changed
        assert (change.heading, change.summary) == ("Attachments", "1 added, 1 removed")
        assert "Sheet" in change.merged

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("UPDATE protocols_attachment SET name = 'x'", "Only the text of a draft can be changed"),
            ("UPDATE protocols_attachment SET sha256 = repeat('0', 64)", "Only the text of a draft can be changed"),
            ("DELETE FROM protocols_attachment", "Only the text of a draft can be changed"),
            ("TRUNCATE protocols_attachment", "Attachments of published versions are never deleted"),
            (
                "INSERT INTO protocols_attachment (version_id, key, name, sha256, kind, size, pages, words, added_by_id, "
                "added_at) SELECT version_id, uuidv7(), 'x', sha256, kind, size, pages, words, added_by_id, added_at "
                "FROM protocols_attachment",
                "Only the text of a draft can be changed",
            ),
        ],
    )
    def test_attachments_of_published_versions_stay(self, draft, therapist, clinical_lead, at, statement, words):
        attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        released(draft, therapist, clinical_lead, at)
        with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
            cursor.execute(statement)


class TestPages:
    def test_readers_find_and_take_them(self, draft, therapist, clinical_lead, floater, sign_in, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        version = released(draft, therapist, clinical_lead, at)
        client = sign_in(floater)
        address = f"/protocols/{version.protocol.slug}/versions/1/attachments/{added.key}/"
        page = client.get(f"/protocols/{version.protocol.slug}/").content.decode()
        assert f'<a href="{address}">Sheet</a>' in page
        assert "PDF, 16 bytes, 1 page" in page.replace("\xa0", " ")
        answer = client.get(address)
        assert (answer.content, answer["Content-Type"]) == (SHEET.content, "application/pdf")
        assert answer["Content-Disposition"] == 'attachment; filename="Sheet.pdf"'
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_to_others_it_is_as_if_it_were_not(self, draft, therapist, floater, sign_in, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        address = f"/protocols/{draft.protocol.slug}/versions/1/attachments/{added.key}/"
        assert sign_in(therapist).get(address).status_code == 200
        assert sign_in(floater).get(address).status_code == 404
        elsewhere = factories.draft(by=therapist, at=at)
        swapped = f"/protocols/{elsewhere.protocol.slug}/versions/1/attachments/{added.key}/"
        assert sign_in(therapist).get(swapped).status_code == 404

    def test_a_name_is_no_header_of_its_own(self, draft, therapist, sign_in, at):
        added = attachments.add(draft, SHEET, name="Größe “1”\r\nSet-Cookie x", by=therapist, at=at)
        answer = sign_in(therapist).get(f"/protocols/{draft.protocol.slug}/versions/1/attachments/{added.key}/")
        assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe")
        assert "Set-Cookie" not in answer

    def test_changed_in_the_store_it_is_not_given_out(self, draft, therapist, sign_in, at, store):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        (path,) = [path for path in store.rglob("*") if path.is_file()]
        path.write_bytes(b"%PDF-1.4 swapped")
        answer = sign_in(therapist).get(f"/protocols/{draft.protocol.slug}/versions/1/attachments/{added.key}/")
        assert answer.status_code == 409
        assert b"swapped" not in answer.content

    def test_an_author_attaches_renames_and_removes(self, draft, therapist, sign_in):
        client, base = sign_in(therapist), f"/protocols/{draft.protocol.slug}/draft"
        client.post(
            f"{base}/attachments/", {"file": named(pdf_with_words("x"), "Home_sheet.pdf"), "name": "", "version": 1}
        )
        added = draft.attachments.get()
        assert added.name == "Home sheet"
        client.post(f"{base}/attachments/{added.key}/rename/", {"version": 1, "name": "Sheet"})
        assert draft.attachments.get().name == "Sheet"
        assert "Sheet" in client.get(f"{base}/files/").content.decode()
        client.post(f"{base}/attachments/{added.key}/remove/", {"version": 1})
        assert draft.attachments.count() == 0

    def test_what_is_wrong_stands_at_its_field(self, draft, therapist, sign_in, at):
        client, base = sign_in(therapist), f"/protocols/{draft.protocol.slug}/draft"
        answer = client.post(f"{base}/attachments/", {"version": 1, "file": named(b"x", "a.exe"), "name": "Kept words"})
        page = answer.content.decode()
        assert (answer.status_code, "Choose a file that is a PDF" in page, "Kept words" in page) == (422, True, True)
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        answer = client.post(f"{base}/attachments/{added.key}/rename/", {"version": 1, "name": ""})
        assert (answer.status_code, "open" in answer.content.decode()) == (422, True)

    def test_the_text_is_saved_on_the_way_there(self, draft, therapist, sign_in):
        client, base = sign_in(therapist), f"/protocols/{draft.protocol.slug}/draft"
        section = draft.sections.get()
        data = {
            "version": 1,
            "token": draft.token,
            "title": "Saved on the way",
            "material": "yes",
            "section-TOTAL_FORMS": 1,
            "section-INITIAL_FORMS": 0,
            "section-0-key": section.key,
            "section-0-kind": "text",
            "section-0-heading": "Why",
            "section-0-body": "Words",
            "then": "files",
        }
        answer = client.post(f"{base}/", data)
        draft.refresh_from_db()
        assert (answer["Location"], draft.title) == (f"{base}/files/", "Saved on the way")


class TestApi:
    def test_all_of_it(self, draft, therapist, floater, api):
        client = api(therapist)
        data = {"protocol": draft.protocol.slug, "version": 1, "file": named(pdf_with_words("x"), "sheet.pdf")}
        made = client.post("/api/v1/attachments/", data, format="multipart")
        assert (made.status_code, made.json()["name"], made.json()["pages"]) == (201, "sheet", 1)
        one = f"/api/v1/attachments/{made.json()['id']}/"
        assert client.patch(one, {"name": "Page"}, format="json").json()["name"] == "Page"
        listed = client.get(f"/api/v1/attachments/?protocol={draft.protocol.slug}&version=1").json()["results"]
        assert [row["name"] for row in listed] == ["Page"]
        assert client.get(f"{one}content/").content == pdf_with_words("x")
        assert [api(floater).get(address).status_code for address in (one, f"{one}content/")] == [404, 404]
        assert client.delete(one).status_code == 204
        assert client.get(one).status_code == 404

    def test_published_ones_stay(self, draft, therapist, clinical_lead, api, at):
        added = attachments.add(draft, SHEET, name="Sheet", by=therapist, at=at)
        released(draft, therapist, clinical_lead, at)
        answer = api(clinical_lead).delete(f"/api/v1/attachments/{added.pk}/")
        assert (answer.status_code, Attachment.objects.count()) == (403, 1)
