"""The store of what people hand in: private, outside of what is served, under names that say nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from intranet.core.access import Conflict

CHANGED = "The stored document is not the one that was filed. Tell the administrator."


def new_name(folder: str) -> str:
    """Where to keep something that belongs to one row alone."""
    name = secrets.token_hex(20)
    return f"{folder}/{name[:2]}/{name}"


def name_of(folder: str, digest: str) -> str:
    """Where something is kept by what it is: the same bytes are kept once, whoever refers to them."""
    return f"{folder}/{digest[:2]}/{digest}"


def path_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def write(name: str, content: bytes) -> None:
    """Written before the row is committed: a row without its document would be worse than a file without a row."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with path.open("xb") as file:
        file.write(content)
    path.chmod(0o640)


def keep(folder: str, content: bytes) -> str:
    """Keep the bytes under their SHA-256, which is given back. Many may keep the same ones at the same moment."""
    digest = sha256(content).hexdigest()
    path = path_of(name_of(folder, digest))
    if not path.exists() or sha256(path.read_bytes()).hexdigest() != digest:
        draft = path.with_name(f"{digest}.{secrets.token_hex(8)}")
        write(str(draft.relative_to(settings.MEDIA_ROOT)), content)
        draft.replace(path)
    return digest


def remove(names: Iterable[str]) -> None:
    for name in names:
        path_of(name).unlink(missing_ok=True)


def read(name: str, digest: str) -> bytes:
    """The bytes as they came in. Raises Conflict when somebody has changed them in the store, or they are gone."""
    try:
        content = path_of(name).read_bytes()
    except FileNotFoundError:
        content = b""
    if sha256(content).hexdigest() != digest:
        raise Conflict.because("document-changed", CHANGED)
    return content


def served(content: bytes, kind: str, name: str, *, keep: bool) -> HttpResponse:
    """Bytes of somebody's document, shut off from everything around them."""
    response = HttpResponse(content, content_type=str(kind))
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    if name:
        response["Content-Disposition"] = content_disposition_header(keep, name) or "attachment"
    return response
