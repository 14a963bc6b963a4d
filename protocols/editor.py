"""The rich-text field of the authoring pages. Without JavaScript it is a plain text area that takes plain paragraphs too."""

from __future__ import annotations

from typing import Any

from django import forms
from django_prose_editor.widgets import importmap
from js_asset import Media, Script  # type: ignore[import-untyped]

from intranet.core import richtext
from protocols.drafting import SECTION_LENGTH


class RichTextArea(forms.Textarea):
    """A text area that `protocols/editor.js` replaces by an editor."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8, "data-rich-text": ""} | (attrs or {}))

    @property
    def media(self) -> Media:
        return Media(
            importmap=importmap,
            css={"all": ["protocols/editor.css"]},
            js=[Script("protocols/editor.js", type="module")],
        )


class RichTextField(forms.CharField):
    """Rich text, cleaned. Text that holds no markup was typed without the editor: its lines become paragraphs."""

    widget = RichTextArea

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": SECTION_LENGTH, "strip": False} | options))

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return richtext.clean(text if richtext.looks_like_html(text) else richtext.from_text(text), pictures=True)
