"""The rich-text field of the pages on which people write. Without JavaScript it is a plain text area that takes plain
paragraphs too."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_prose_editor.widgets import importmap
from js_asset import Media, Script  # type: ignore[import-untyped]

from intranet.core import typed


class RichTextArea(forms.Textarea):
    """A text area that `script` replaces by an editor: it takes the HTML, whoever has no script what it says."""

    script: ClassVar[str] = "editor/plain.js"
    styles: ClassVar[tuple[str, ...]] = ("editor/editor.css",)

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8, "data-rich-text": True} | (attrs or {}))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        html = str(value or "")
        context: dict[str, Any] = super().get_context(name, typed.shown(html), (attrs or {}) | {"data-html": html})
        return context

    @property
    def media(self) -> Media:
        return Media(importmap=importmap, css={"all": list(self.styles)}, js=[Script(self.script, type="module")])


class RichTextField(forms.CharField):
    """Rich text, cleaned. What was typed without the editor becomes paragraphs and lists."""

    widget = RichTextArea

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"strip": False} | options))

    def clean(self, value: Any) -> str:
        return typed.read(super().clean(value))


def media_for(request: HttpRequest, area: RichTextArea) -> SafeString:
    """Script and style of the editor, with the page's nonce for its import map."""
    tags: SafeString = area.media.with_nonce(getattr(request, "csp_nonce", "")).render()
    return tags
