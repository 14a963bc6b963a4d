"""The rich-text field of the authoring pages. Without JavaScript it is a plain text area that takes plain paragraphs too."""

from __future__ import annotations

from typing import Any

from django import forms
from django_prose_editor.widgets import importmap
from js_asset import Media, Script  # type: ignore[import-untyped]

from intranet.core import typed
from protocols.drafting import SECTION_LENGTH


class RichTextArea(forms.Textarea):
    """A text area that `protocols/editor.js` replaces by an editor: it takes the HTML, whoever has no script what it says."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8, "data-rich-text": ""} | (attrs or {}))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        html = str(value or "")
        context: dict[str, Any] = super().get_context(name, typed.shown(html), (attrs or {}) | {"data-html": html})
        return context

    @property
    def media(self) -> Media:
        return Media(
            importmap=importmap,
            css={"all": ["protocols/editor.css"]},
            js=[Script("protocols/editor.js", type="module")],
        )


class RichTextField(forms.CharField):
    """Rich text, cleaned. What was typed without the editor becomes paragraphs and lists."""

    widget = RichTextArea

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": SECTION_LENGTH, "strip": False} | options))

    def clean(self, value: Any) -> str:
        return typed.read(super().clean(value))
