"""How versions are marked in lists and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import template
from django.forms import BaseForm
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from intranet.core.access import Reason
from intranet.core.editor import media_for
from intranet.core.templatetags.interface import badge, error_summary
from protocols import prints
from protocols.editor import RichTextArea
from protocols.forms import BaseSectionFormSet
from protocols.models import Comment, ProtocolVersion, Question, SectionKind, Status
from protocols.pages import ICONS, TONES
from protocols.questioning import Missed
from protocols.timing import held_words

register = template.Library()


@register.simple_tag
def status_badge(status: str, overdue: bool = False, with_icon: bool = True) -> SafeString:
    """`In force`, `In review`, ... with its tone and icon."""
    if overdue:
        return badge("caution", "In force, review overdue", "clock")
    known = Status(status)
    if not with_icon:
        return badge(TONES[known], str(known.label))
    return badge(TONES[known], str(known.label), "check" if known == Status.IN_FORCE else ICONS[known])


@register.filter
def status_word(status: str) -> str:
    """`in force`, for the middle of a sentence."""
    return str(Status(status).label).lower()


@register.simple_tag(takes_context=True)
def print_check(context: dict[str, Any], version: ProtocolVersion) -> str:
    """The picture that a printed copy carries: scanned, it says whether the copy still counts."""
    path = reverse("protocols:printed", args=[prints.code_of(version)])
    return prints.qr(context["request"].build_absolute_uri(path))


@register.filter
def held(span: Any) -> str:
    """The days on which a version that has ended was in force."""
    return held_words(span.lower, span.upper)


HINTS: dict[str, str] = {
    SectionKind.KEY_FACTS: "A table of two columns: what, and the fact. Empty facts are not shown.",
    SectionKind.CONTRAINDICATIONS: "A list. The heading ends where each point begins: “Do not needle if the patient” … "
    "“has a fever”.",
    SectionKind.PRECAUTIONS: "A list. The heading ends where each point begins.",
    SectionKind.STEPS: "A numbered list, one step per line.",
    SectionKind.REFERENCES: "A numbered list. Write [1] in any section to point to the first.",
}
ANYTHING = "Headings, lists, tables, pictures, callouts and links. Write [1] to point to the first reference."


@register.simple_tag
def section_hint(kind: str) -> str:
    """What to write into a section of this kind."""
    return HINTS.get(kind, ANYTHING)


@register.inclusion_tag("_error_summary.html")
def draft_errors(form: BaseForm, sections: BaseSectionFormSet) -> dict[str, Any]:
    """What stands against a draft, in the whole and in each section, with links to the fields."""
    return error_summary(form, *sections.forms)


@register.simple_tag
def editor_media(request: HttpRequest) -> SafeString:
    """Script and style of the rich-text editor, with the page's nonce for its import map."""
    return media_for(request, RichTextArea())


@register.inclusion_tag("protocols/_comments.html", takes_context=True)
def comments_on(context: Context, key: UUID | None, about: str) -> dict[str, Any]:
    """The comments on a section of the page's draft, or on the whole of it, and the form for one more."""
    form = context.get("comment_form")
    asked = str(form["section"].value() or "") if form else None
    return {
        "page": context["page"],
        "comments": context["page"].comments_beside(key),
        "key": key,
        "about": about,
        "comment_form": form,
        "refused_here": form is not None and asked == str(key or ""),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def on_section(comments: Mapping[UUID | None, list[Comment]], key: object) -> list[Comment]:
    """Those on the section with the key, which a form may hold as text."""
    return next((found for section, found in comments.items() if str(section) == str(key)), [])


@register.filter
def about(found: Mapping[UUID, list[Missed]], key: object) -> list[Missed]:
    """What readers often got wrong about the section with the key."""
    return next((missed for section, missed in found.items() if str(section) == str(key)), [])


@register.filter
def chosen(posted: Mapping[str, str], key: object) -> str:
    """The option that was chosen for the question with the key, as it was sent."""
    return posted.get(f"answer-{key}", "")


@register.filter
def answered_in(questions: Iterable[Question], reason: Reason) -> str:
    """Where the answer to the question stands that a reason names; empty when it names none."""
    return next((f"section-{one.section}" for one in questions if reason.field == f"answer-{one.key}"), "")
