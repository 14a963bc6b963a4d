from __future__ import annotations

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as markup

from intranet.core import richtext
from intranet.core.richtext import clean, from_text, looks_like_html, pairs, plain, points, render, table_of


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>One <strong>two</strong> <em>three</em></p>", "<p>One <strong>two</strong> <em>three</em></p>"),
        ("<p>One <b>two</b> <i>three</i></p>", "<p>One <strong>two</strong> <em>three</em></p>"),
        ("<h1>A</h1><h2>B</h2><h3>C</h3><h4>D</h4><h6>E</h6>", "<h3>A</h3><h3>B</h3><h3>C</h3><h4>D</h4><h4>E</h4>"),
        ("<p></p><p>&nbsp;<br></p>", ""),
        ("<p>x</p><p></p>", "<p>x</p>"),
        (
            "<ul><li><p>one</p></li><li><p>two</p><ul><li><p>in</p></li></ul></li></ul>",
            "<ul><li>one</li><li>two<ul><li>in</li></ul></li></ul>",
        ),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "<ul><li><p>a</p><p>b</p></li></ul>"),
        (
            '<table style="x"><colgroup><col></colgroup><thead><tr><th colspan="1"><p>A</p></th></tr></thead><tbody><tr>'
            '<td rowspan="2">b</td></tr></tbody></table>',
            '<table><tbody><tr><th>A</th></tr><tr><td rowspan="2">b</td></tr></tbody></table>',
        ),
        (
            '<blockquote class="callout-caution other"><p>x</p></blockquote>',
            '<blockquote class="callout-caution"><p>x</p></blockquote>',
        ),
        ('<a href="/protocols/" target="_blank">x</a>', '<a href="/protocols/" rel="noopener noreferrer">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href="data:text/html,x">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ("<script>alert(1)</script><style>p{}</style><p>x</p>", "<p>x</p>"),
        ('<p style="x" class="y" id="z" onclick="w">x</p>', "<p>x</p>"),
        ('<img src="x" onerror="y"><iframe src="z"></iframe>x', "x"),
        ("<p>1 < 2 & 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
        ("a\x00b", "ab"),
    ],
)
def test_clean(html, kept):
    assert clean(html) == kept
    assert clean(kept) == kept


TAGS = ["p", "li", "ul", "h2", "b", "table", "tr", "td", "th", "script", "svg", "math", "style", "blockquote", "a"]
ODD = [
    "<!--",
    "-->",
    "<a href='javascript:x'>",
    "<blockquote class='callout-info'>",
    "<img onerror=x src=y>",
    "text",
    "&lt;",
]
PIECES = st.lists(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ODD + ["[1]", '"', "'", ">", "<"]),
    max_size=30,
)
DRAWN = {
    "div",
    "p",
    "blockquote",
    "ul",
    "li",
    "h3",
    "strong",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "a",
    "svg",
    "use",
}


@given(PIECES)
def test_cleaning_twice_is_cleaning_once_and_nothing_runs(pieces):
    html = clean("".join(pieces))
    assert clean(html) == html
    for element in markup.fragment_fromstring(render("".join(pieces), 3), create_parent="div").iter():
        assert element.tag in DRAWN
        assert not [name for name in element.attrib if name.startswith("on") or name in {"style", "src"}]
        assert not element.get("href", "").startswith("javascript")


@pytest.mark.parametrize(
    ("html", "deep"),
    [
        ("<blockquote>" * 100 + "Careful", False),
        ("<blockquote>" * 101 + "Careful", True),
        ("<ul><li>" * 51 + "Careful", True),
        ("<p><strong>a</strong><br>b</p>" * 500, False),
        ('<p><a href="https://x.example/?a=<b><b>">a &lt;b&gt;</a></p>' * 300, False),
    ],
)
def test_too_deep_is_said_before_anything_is_lost(html, deep):
    """What is parsed for a page is cut off somewhere below; whatever is not refused is shown."""
    kept = richtext.clean(html)
    assert richtext.is_too_deep(kept) == deep
    assert deep or richtext.plain(html).count("Careful") == html.count("Careful")


def test_render_dresses_callouts_and_tables():
    html = (
        '<blockquote class="callout-danger"><h4>Stop</h4><p>Now</p></blockquote>'
        "<table><tr><th>A</th><th>B</th></tr><tr><th>c</th><td>d</td></tr></table>"
    )
    assert render(html) == (
        '<div class="callout" data-tone="danger"><svg class="icon" aria-hidden="true"><use href="#i-stop"></use></svg>'
        '<div><p class="callout-title">Stop</p><p>Now</p></div></div>'
        '<div class="table-scroll"><table><thead><tr><th scope="col">A</th><th scope="col">B</th></tr></thead>'
        '<tbody><tr><th scope="row">c</th><td>d</td></tr></tbody></table></div>'
    )


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<h4>A</h4><h4>B</h4><h3>C</h3><h4>D</h4>", "<h3>A</h3><h3>B</h3><h3>C</h3><h4>D</h4>"),
        ("<h3>A</h3><h4>B</h4>", "<h3>A</h3><h4>B</h4>"),
    ],
)
def test_render_skips_no_level_of_headings(html, shown):
    assert render(html) == shown


def test_render_cleans_what_was_stored_dirty():
    assert render("<p onclick='x'>y</p><script>z</script>") == "<p>y</p>"


@pytest.mark.parametrize(
    ("html", "references", "shown"),
    [
        ("<p>See [1], [2] and [3].</p>", 2, '<p>See <a href="#ref-1">[1]</a>, <a href="#ref-2">[2]</a> and [3].</p>'),
        ("<p>See [1]</p>", 0, "<p>See [1]</p>"),
        ("<p>[0] [99] [x]</p>", 9, "<p>[0] [99] [x]</p>"),
        ("<p><strong>a</strong> [1] b</p>", 1, '<p><strong>a</strong> <a href="#ref-1">[1]</a> b</p>'),
        (
            '<p><a href="/x">link [1]</a> [1]</p>',
            1,
            '<p><a href="/x" rel="noopener noreferrer">link [1]</a> <a href="#ref-1">[1]</a></p>',
        ),
        ("loose [1]", 1, 'loose <a href="#ref-1">[1]</a>'),
    ],
)
def test_citations_lead_to_their_reference(html, references, shown):
    assert render(html, references) == shown


def test_plain_is_the_words_line_by_line():
    html = "<h3>Why</h3><p>One <b>two</b><br>three</p><ul><li>a</li><li>b</li></ul><table><tr><th>k</th><td>v</td></tr></table>"
    assert plain(html) == "Why\nOne two\nthree\na\nb\nk\nv"
    assert plain("") == ""


def test_points_takes_lists_apart():
    found = points("<ul><li>is <b>ill</b> [1]</li><li><p>is tired</p></li></ul><p>Ask.</p>", 1)
    assert found.items == ['is <strong>ill</strong> <a href="#ref-1">[1]</a>', "is tired"]
    assert found.rest == "<p>Ask.</p>"


def test_points_takes_paragraphs_before_and_without_a_list():
    found = points("<p>is ill</p><p>is tired</p>", paragraphs=True)
    assert (found.items, found.rest) == (["is ill", "is tired"], "")
    found = points("<p>is ill</p><ul><li>is tired</li></ul><p>Ask.</p>", paragraphs=True)
    assert (found.items, found.rest) == (["is ill", "is tired"], "<p>Ask.</p>")
    assert points("<p>is ill</p>").items == []


def test_pairs_reads_the_rows_of_a_table():
    assert pairs(table_of([("Who", "PTs & OTs"), ("Where", "")])) == [("Who", "PTs &amp; OTs"), ("Where", "")]
    assert pairs("<p>no table</p>") == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\r\ntwo\r\n\r\nthree", "<p>One<br>two</p><p>three</p>"),
        ("- a\n* b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("", ""),
    ],
)
def test_from_text(text, html):
    assert from_text(text) == html
    assert clean(html) == html


@pytest.mark.parametrize(("text", "is_html"), [("<p>x</p>", True), ("<br>", True), ("a < b", False), ("x <3", False)])
def test_looks_like_html(text, is_html):
    assert looks_like_html(text) == is_html


def test_template_filters():
    template = Template("{% load richtext %}{{ html|rich:1 }}|{{ html|plain }}|{{ html|rich }}")
    assert template.render(Context({"html": "<p onclick=x>a &amp; b [1]</p>"})) == (
        '<p>a &amp; b <a href="#ref-1">[1]</a></p>|a &amp; b [1]|<p>a &amp; b [1]</p>'
    )


def test_every_callout_has_an_icon():
    assert set(richtext.CALLOUT_ICONS) == set(richtext.CALLOUT_TONES)
