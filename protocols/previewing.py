"""From a file to a draft in two steps: what it would become is looked at first, and nothing is created before that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from accounts.models import User
from intranet.core import files, richtext
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.reminders import ticking
from intranet.reminders.runs import Clock
from protocols import drafting
from protocols.drafting import SectionText
from protocols.importing import Imported
from protocols.models import Picture, Preview, ProtocolVersion
from protocols.models.files import FOLDER, KEPT_FOR
from protocols.section_kinds import shaped

LONGEST_NAME = 120
MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class Taken:
    """A section of a preview, by its place, as somebody wants it in the draft."""

    place: int
    kind: str
    heading: str


@transaction.atomic
def prepare(imported: Imported, *, file_name: str, by: User, at: datetime) -> Preview:
    """Keep what a file would become for a day."""
    require(drafting.may_write(by), Forbidden)
    if Preview.objects.visible_to(by).fresh(at).count() >= MOST_WAITING:
        raise Refused.because(
            "too-many", f"{MOST_WAITING} files of yours wait already. Take one over, or come back tomorrow.", "file"
        )
    return Preview.objects.create(
        by=by,
        at=at,
        file_name=" ".join(file_name.split())[-LONGEST_NAME:],
        title=imported.title,
        sections=[[str(part.kind), part.heading, part.body] for part in imported.sections],
        pictures=list(_kept(imported)),
        notes=imported.notes,
    )


def forget_old(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """A step of the tick: whole documents that nobody took over do not stay."""
    gone, _ = Preview.objects.filter(at__lte=clock() - KEPT_FOR).delete()
    return Counter({"previews_forgotten": gone})


def register() -> None:
    ticking.also(forget_old)


def pictures_of(imported: Imported, *, by: User, at: datetime) -> list[Picture]:
    """The pictures of a file, kept, as rows for the draft that will show them."""
    return _rows(_kept(imported), {}, by, at)


def _kept(imported: Imported) -> Iterable[dict[str, object]]:
    said = {picture.digest: picture.description for picture in _shown(part.body for part in imported.sections)}
    for picture in imported.pictures:
        drawn = picture.drawn
        yield {
            "sha256": files.keep(FOLDER, drawn.content),
            "kind": drawn.kind,
            "size": len(drawn.content),
            "width": drawn.width,
            "height": drawn.height,
            "description": said.get(picture.digest, ""),
        }


def _shown(bodies: Iterable[str]) -> list[richtext.Picture]:
    return [picture for body in bodies for picture in richtext.pictures_in(body)]


def _rows(pictures: Iterable[Mapping[str, object]], said: Mapping[str, str], by: User, at: datetime) -> list[Picture]:
    nothing_said = "Picture without a description"
    rows = []
    for facts in pictures:
        words = said.get(str(facts["sha256"])) or facts["description"] or nothing_said
        rows.append(Picture(**{**facts, "description": words}, added_by=by, added_at=at))
    return rows


@transaction.atomic
def take_over(
    preview: Preview,
    *,
    title: str,
    category: str,
    sections: Sequence[Taken],
    descriptions: Mapping[str, str],
    by: User,
    at: datetime,
    same_title: bool = False,
) -> ProtocolVersion:
    """Make a draft of what somebody has looked at: these sections, with these words for the pictures by their hashes.

    Raises Conflict when it was taken over already or a day has passed, Refused with what is missing.
    """
    require(drafting.may_write(by), Forbidden)
    now = Preview.objects.visible_to(by).fresh(at).select_for_update().filter(pk=preview.pk).first()
    if now is None:
        raise Conflict.because("preview-gone", "This preview was taken over already, or it is older than a day.")
    require(_are_in(now, sections))
    texts = [_section(now, wanted, descriptions) for wanted in sections]
    require(_may_be_taken(texts))
    rows = _rows(now.pictures, descriptions, by, at)
    version = drafting.new_protocol(
        title=title, category=category, by=by, at=at, sections=texts, pictures=rows, same_title=same_title
    )
    now.delete()
    return version


def _are_in(preview: Preview, sections: Sequence[Taken]) -> Verdict:
    places = [wanted.place for wanted in sections]
    if set(places) <= set(range(len(preview.sections))) and len(set(places)) == len(places):
        return YES
    return Verdict.no("not-in-the-file", "Take each section of the preview once, by its place.", "sections")


def _section(preview: Preview, wanted: Taken, descriptions: Mapping[str, str]) -> SectionText:
    _, _, body = preview.sections[wanted.place]

    def described(picture: richtext.Picture) -> richtext.Picture:
        return replace(picture, description=descriptions.get(picture.digest) or picture.description)

    return SectionText(wanted.kind, wanted.heading, shaped(wanted.kind, richtext.placed(body, described)))


def _may_be_taken(sections: Sequence[SectionText]) -> Verdict:
    verdict = Verdict()
    if not sections:
        verdict += Verdict.no("no-section", "Take over at least one section.")
    for digest in dict.fromkeys(one.digest for one in _shown(part.body for part in sections) if not one.description):
        verdict += Verdict.no("no-description", "Say what the picture shows.", f"picture-{digest}")
    return verdict
