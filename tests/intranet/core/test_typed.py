"""Rich text without the editor: what one sees is plain where it can be, and nothing that is not touched changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intranet.core import richtext
from intranet.core.typed import read, shown

FACTS = richtext.clean(richtext.table_of([("Who", "PT & OT"), ("Consent", "")]))


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("", ""),
        ("<p>One &amp; two</p><ul><li>a</li><li>b</li></ul>", "One & two\n\n- a\n- b"),
        ("<p>a<br>b</p><ol><li>x</li><li>y</li></ol>", "a\nb\n\n1. x\n2. y"),
        (FACTS, "Who | PT & OT\nConsent |"),
        # What plain text cannot say, or would say otherwise, is shown as it is.
        ("<p>a <strong>b</strong></p><p>c</p>", "<p>a <strong>b</strong></p>\n<p>c</p>"),
        ("<p>a &lt;b&gt; c</p>", "<p>a &lt;b&gt; c</p>"),
        ("<p>- no list</p>", "<p>- no list</p>"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        # What was refused comes back as it was typed.
        ("<p>cut", "<p>cut"),
        ("\x00", "\x00"),
    ],
)
def test_a_text_is_shown_plain_where_nothing_is_lost(html, plain):
    assert shown(html) == plain


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("Plain\r\n\r\nSecond", "<p>Plain</p><p>Second</p>"),
        ("Who | PT\r\nConsent |", FACTS.replace("PT &amp; OT", "PT")),
        ("one | two", "<p>one | two</p>"),
        ("<p>a</p>\n\nPlain\n\nSecond", "<p>a</p><p>Plain</p><p>Second</p>"),
        ("<p>a</p>\n- one\n- two", "<p>a</p><ul><li>one</li><li>two</li></ul>"),
        ("Before <b>x</b>\nline\n\n<ul><li>a</li></ul>", "<p>Before <strong>x</strong><br>line</p><ul><li>a</li></ul>"),
        ("<p>a</p><script>alert(1)</script>b", "<p>a</p><p>b</p>"),
    ],
)
def test_what_is_typed_becomes_paragraphs_lists_and_tables(text, html):
    assert read(text) == html


blocks = st.sampled_from(
    [
        *("<p>One &amp; two</p>", "<p>a<br>b</p>", "<p>a <em>b</em> <a href='https://x.example'>c</a></p>"),
        *("<ul><li>a</li><li>b</li></ul>", "<ol><li>1. x</li></ol>", "<h3>A</h3>", FACTS, "<p>a | b</p>", "<hr>"),
        '<blockquote class="callout-info"><p>Note</p></blockquote>',
    ]
)


@given(st.lists(blocks))
def test_what_is_not_touched_stays(parts):
    html = richtext.clean("".join(parts))
    assert read(shown(html)) == html
