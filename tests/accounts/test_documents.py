"""Documents that people hand in: what a file is by its content, what is left of it, and where it is kept."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from django.db import transaction
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from accounts import documents
from accounts.documents import MOST_BYTES, bytes_of, discard, download_name, keep, picture_of, read_paper
from accounts.models import Credential, CredentialDocument, User
from intranet.core import confined
from intranet.core.access import Conflict, Refused
from tests import factories


def jpeg(size: tuple[int, int] = (60, 80), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#a33").save(out, "JPEG", **options)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A small file that says it is a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(5_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "name", "kind", "pages"),
    [
        (factories.pdf(), "licence.pdf", "application/pdf", 1),
        (factories.pdf(4), "LICENCE.PDF", "application/pdf", 4),
        (factories.png(), "card.png", "image/png", 1),
        (jpeg(), "card.jpeg", "image/jpeg", 1),
        (jpeg(), "wrongly-named.png", "image/jpeg", 1),
    ],
)
def test_what_a_file_is_is_found_in_its_content(content: bytes, name: str, kind: str, pages: int):
    paper = read_paper(content, name)
    assert (paper.kind, paper.pages) == (kind, pages)


def test_a_pdf_stays_as_it_is_and_gets_a_picture():
    paper = read_paper(factories.pdf(2), "licence.pdf")
    picture = Image.open(BytesIO(paper.picture))
    assert (paper.content, picture.format) == (factories.pdf(2), "JPEG")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.pdf", "This file is empty."),
        (b"<html><script>alert(1)</script></html>", "page.pdf", "This is not a PDF, PNG or JPEG file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "picture.png", "This is not a PDF, PNG or"),
        (b"GIF89a", "picture.png", "This is not a PDF, PNG or JPEG file"),
        (b"\n%PDF-1.7 <script>", "late.pdf", "This is not a PDF, PNG or JPEG file"),
        (b"%PDF-1.7\n<html><script>alert(1)</script></html>", "polyglot.pdf", "damaged or protected"),
        (factories.pdf()[:200], "cut.pdf", "damaged or protected"),
        (factories.png()[:60], "cut.png", "damaged or protected"),
        (jpeg()[:100], "cut.jpg", "damaged or protected"),
        (bomb(60_000, 60_000), "bomb.png", "far larger than a document"),
        (bomb(6_000, 6_000), "short.png", "damaged or protected"),
        (factories.pdf(31), "book.pdf", "This PDF has 31 pages"),
        (factories.png(), "picture.svg", "Choose a PDF, PNG or JPEG file."),
        (factories.png(), "picture", "Choose a PDF, PNG or JPEG file."),
        (factories.png(), "png", "Choose a PDF, PNG or JPEG file."),
        (factories.pdf(), "licence.pdf\u202efdp.exe", "Choose a PDF, PNG or JPEG file."),
        (b"\xff\xd8\xff" + bytes(MOST_BYTES), "large.jpg", "larger than 10 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_document_is_refused(content: bytes, name: str, words: str):
    with pytest.raises(Refused, match=words) as refused:
        read_paper(content, name)
    assert [reason.field for reason in refused.value.verdict.reasons] == ["document"]


def test_a_file_that_takes_too_long_is_let_go(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(confined, "PATIENCE", 0.001)
    with pytest.raises(Refused, match="could not be opened in time"):
        read_paper(factories.pdf(), "slow.pdf")


def test_a_picture_is_drawn_anew_without_what_was_written_into_it():
    said = Image.Exif()
    said[0x010E] = "CANARY where I live"
    with_exif = jpeg(exif=said.tobytes())
    out, words = BytesIO(), PngInfo()
    words.add_text("Comment", "CANARY my name")
    Image.new("RGB", (60, 80)).save(out, "PNG", pnginfo=words)
    polyglot = factories.png() + b"PK\x03\x04 CANARY <script>alert(1)</script>"
    for content, name in ((with_exif, "a.jpg"), (out.getvalue(), "a.png"), (polyglot, "b.png")):
        assert b"CANARY" in content
        assert b"CANARY" not in read_paper(content, name).content


def test_a_picture_from_a_phone_stands_upright_and_is_made_smaller():
    turned = Image.Exif()
    turned[0x0112] = 6
    paper = read_paper(jpeg((4000, 3000), exif=turned.tobytes()), "phone.jpg")
    assert Image.open(BytesIO(paper.content)).size == (1800, 2400)


def test_what_was_see_through_is_white():
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    paper = read_paper(out.getvalue(), "clear.png")
    assert Image.open(BytesIO(paper.content)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def stored(store: Path) -> int:
    return sum(path.is_file() for path in store.rglob("*"))


def test_it_is_kept_under_a_name_that_says_nothing(credential: Credential, store: Path, at: datetime):
    document = keep(credential, read_paper(factories.pdf(), "../../etc/Avery's licence\u202e.pdf"), at=at)
    assert bytes_of(document) == factories.pdf()
    assert picture_of(document)[1] == "image/jpeg"
    names = [str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()]
    assert sorted(names) == sorted([document.file, document.picture])
    assert not any("avery" in name.lower() or ".." in name or "." in name for name in names)
    assert download_name(document) == f"card-{credential.user_id}-2024-01-01.pdf"


@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_what_is_replaced_go_when_the_change_is_through(credential: Credential, store: Path, at: datetime):
    with transaction.atomic():
        keep(credential, factories.paper(), at=at)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        discard(credential)
        raise ZeroDivisionError
    assert (stored(store), CredentialDocument.objects.count()) == (2, 1)
    with transaction.atomic():
        keep(credential, factories.paper(content=b"%PDF-1.4 another", picture=b""), at=at)
    assert (stored(store), bytes_of(CredentialDocument.objects.get())) == (1, b"%PDF-1.4 another")


def test_a_document_that_somebody_changed_in_the_store_is_not_shown(credential: Credential, store: Path, at: datetime):
    document = keep(credential, factories.paper(), at=at)
    (store / document.file).write_bytes(b"%PDF-1.4 forged")
    with pytest.raises(Conflict, match="not the one that was filed"):
        bytes_of(document)
    (store / document.file).unlink()
    with pytest.raises(Conflict, match="not the one that was filed"):
        bytes_of(document)


def test_the_documents_of_one_person_share_a_quota(
    credential: Credential, floater: User, monkeypatch: pytest.MonkeyPatch, at: datetime
):
    monkeypatch.setattr(documents, "QUOTA", 100)
    half = factories.paper(content=b"%PDF-" + bytes(50), picture=b"")
    keep(credential, half, at=at)
    keep(credential, half, at=at)  # in its own place it takes no more
    other = factories.credential(user=credential.user, type=factories.credential_type())
    with pytest.raises(Refused, match="no room left"):
        keep(other, half, at=at)
    keep(factories.credential(user=floater, type=credential.type), half, at=at)


@pytest.fixture
def credential(therapist: User) -> Credential:
    return factories.credential(user=therapist, type=factories.credential_type(code="card"))
