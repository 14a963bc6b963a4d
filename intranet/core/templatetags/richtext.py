"""Rich text in templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from intranet.core import richtext

register = template.Library()


@register.filter
def rich(html: str, references: int = 0) -> SafeString:
    """`{{ section.body|rich }}`; with the number of references, `[2]` becomes a link to the second."""
    return richtext.render(html, references)


@register.filter
def plain(html: str) -> str:
    """The words of a rich text, without any markup."""
    return richtext.plain(html)
