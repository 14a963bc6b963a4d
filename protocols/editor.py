"""The rich-text field of the authoring pages: the editor of every page, with the pictures of a draft."""

from __future__ import annotations

from typing import Any

from intranet.core import editor
from protocols.drafting import SECTION_LENGTH


class RichTextArea(editor.RichTextArea):
    """A text area for a section of a protocol."""

    script = "protocols/editor.js"
    styles = ("editor/editor.css", "protocols/editor.css")


class RichTextField(editor.RichTextField):
    """The text of a section."""

    widget = RichTextArea

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": SECTION_LENGTH} | options))
