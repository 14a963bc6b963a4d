"""Rich text in templates."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.utils.safestring import SafeString

from intranet.core import richtext
from intranet.core.editor import RichTextArea, media_for

register = template.Library()


@register.filter
def rich(html: str, references: int = 0) -> SafeString:
    """`{{ section.body|rich }}`; with the number of references, `[2]` becomes a link to the second."""
    return richtext.render(html, references)


@register.filter
def plain(html: str) -> str:
    """The words of a rich text, without any markup."""
    return richtext.plain(html)


@register.simple_tag
def rich_text_media(request: HttpRequest) -> SafeString:
    """Script and style of the editor, for pages on which texts without pictures are written."""
    return media_for(request, RichTextArea())
