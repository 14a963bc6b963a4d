"""Word by word: what is marked on each side, and that no word is lost or invented on the way."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml import html as markup

from intranet.core import richtext
from intranet.core.wordwise import Amount, Compared, compare


def compared(old: str, new: str) -> Compared:
    return compare(tree(old), tree(new))


def tree(html: str) -> markup.HtmlElement:
    return markup.fragment_fromstring(html, create_parent="div")


def inside(element: markup.HtmlElement) -> str:
    return (element.text or "") + "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)


@pytest.mark.parametrize(
    ("old", "new", "merged", "amount"),
    [
        pytest.param(
            "<p>a single-use sterile needle for pain.</p>",
            "<p>a single-use, single-insertion sterile needle for pain. No needle stays.</p>",
            "<p>a single-use<ins>, single-insertion</ins> sterile needle for pain. <ins>No needle stays.</ins></p>",
            Amount(words_added=4),
            id="words added",
        ),
        pytest.param(
            "<p>Choose a needle long enough to reach the muscle.</p>",
            "<p>Choose the shortest needle that reaches the lifted muscle.</p>",
            "<p>Choose <del>a needle long enough to reach the</del>"
            "<ins>the shortest needle that reaches the lifted</ins> muscle.</p>",
            Amount(words_added=7, words_removed=7),
            id="a phrase replaced is one phrase",
        ),
        pytest.param(
            "<p>It is said often [2]. Ask.</p>",
            "<p>It is said often [7]. Ask.</p>",
            "<p>It is said often <del>[2]</del><ins>[7]</ins>. Ask.</p>",
            Amount(words_added=1, words_removed=1),
            id="a citation is one word",
        ),
        pytest.param(
            "<ul><li>is pregnant</li><li>has a pacemaker</li></ul>",
            "<ul><li>is pregnant</li><li>has diabetes</li><li>has a pacemaker</li><li>is under 18</li></ul>",
            "<ul><li>is pregnant</li><li><ins>has diabetes</ins></li><li>has a pacemaker</li>"
            "<li><ins>is under 18</ins></li></ul>",
            Amount(blocks_added=("li", "li")),
            id="points added",
        ),
        pytest.param(
            "<ul><li>is pregnant</li><li>has a fever</li><li>is a child</li></ul><p>Ask.</p>",
            "<ul><li>is pregnant</li></ul><p>Ask.</p>",
            "<ul><li>is pregnant</li><li><del>has a fever</del></li><li><del>is a child</del></li></ul><p>Ask.</p>",
            Amount(blocks_removed=("li", "li")),
            id="removed points stay in their list",
        ),
        pytest.param(
            "<p>First.</p><ul><li>one</li></ul><p>Last.</p>",
            "<p>First.</p><p>Last.</p>",
            "<p>First.</p><ul><li><del>one</del></li></ul><p>Last.</p>",
            Amount(blocks_removed=("li",)),
            id="a removed list gets a list",
        ),
        pytest.param(
            "<table><tbody><tr><th>Who</th><td>Therapists</td></tr><tr><th>With</th><td>Gloves</td></tr></tbody></table>",
            "<table><tbody><tr><th>Who</th><td>Therapists and aides</td></tr></tbody></table>",
            "<table><tbody><tr><th>Who</th><td>Therapists <ins>and aides</ins></td></tr>"
            "<tr><th><del>With</del></th><td><del>Gloves</del></td></tr></tbody></table>",
            Amount(words_added=2, blocks_removed=("tr",)),
            id="rows and cells",
        ),
        pytest.param(
            '<p>See <a href="https://a.example">the list</a>.</p>',
            '<p>See <a href="https://b.example">the list</a>.</p>',
            '<p>See <a href="https://b.example"><del>the list</del><ins>the list</ins></a>.</p>',
            Amount(words_added=2, words_removed=2),
            id="a link to elsewhere is a change",
        ),
        pytest.param(
            '<div class="callout" data-tone="caution"><div><p>Feel for the pulse.</p></div></div>',
            '<div class="callout" data-tone="danger"><div><p>Feel for the pulse.</p></div></div>',
            "<p><del>Feel for the pulse.</del></p>"
            '<div class="callout" data-tone="danger"><div><p><ins>Feel for the pulse.</ins></p></div></div>',
            Amount(blocks_added=("p danger",), blocks_removed=("p caution",)),
            id="a note of another weight is a change",
        ),
        pytest.param(
            "<p>Same <em>words</em>.</p>", "<p>Same words.</p>", "<p>Same words.</p>", Amount(), id="emphasis"
        ),
        pytest.param(
            "<p>Pain &gt; 5.</p>",
            "<p>Pain &lt; 5.</p>",
            "<p>Pain <del>&gt;</del><ins>&lt;</ins> 5.</p>",
            Amount(words_added=1, words_removed=1),
            id="a sign alone is a change",
        ),
        pytest.param("", "<p>new</p>", "<p><ins>new</ins></p>", Amount(blocks_added=("p",)), id="from nothing"),
        pytest.param("<p>old</p>", "", "<p><del>old</del></p>", Amount(blocks_removed=("p",)), id="to nothing"),
    ],
)
def test_both_texts_in_one(old: str, new: str, merged: str, amount: Amount):
    found = compared(old, new)
    assert (inside(found.merged), found.amount) == (merged, amount)


def test_each_side_shows_its_own_words_alone():
    found = compared("<p>Leave it for ten minutes.</p><p>Rest.</p>", "<p>Leave it for five minutes.</p>")
    assert inside(found.before) == "<p>Leave it for <del>ten</del> minutes.</p><p><del>Rest.</del></p>"
    assert inside(found.after) == "<p>Leave it for <ins>five</ins> minutes.</p>"


SAID = ["a", "needle", "is put", "into", "the", "muscle,", "then", "out.", "5", "é", "&lt;&amp;&gt;"]
lines = st.lists(st.sampled_from(SAID), min_size=1, max_size=8).map(" ".join)
paragraphs = lines.map("<p>{}</p>".format)
emphatic = st.tuples(lines, lines).map(lambda pair: f"<p>{pair[0]} <strong>{pair[1]}</strong> end</p>")
lists = st.lists(lines, min_size=1, max_size=3).map(
    lambda all: "<ul>" + "".join(f"<li>{one}</li>" for one in all) + "</ul>"
)
nested = st.tuples(lines, lists, lines).map(lambda parts: f"<ol><li>{parts[0]}{parts[1]}</li><li>{parts[2]}</li></ol>")
tables = st.lists(st.tuples(lines, lines), min_size=1, max_size=3).map(richtext.table_of)
notes = lines.map('<blockquote class="callout-danger"><p>{}</p></blockquote>'.format)
texts = st.lists(st.one_of(paragraphs, emphatic, lists, nested, tables, notes), max_size=6).map("".join)


def without(element: markup.HtmlElement, mark: str) -> markup.HtmlElement:
    copy = deepcopy(element)
    for gone in list(copy.iter(mark)):
        for text in list(gone.itertext()):
            assert text.strip()
        parent = gone.getparent()
        index = parent.index(gone)
        if gone.tail:
            if index:
                parent[index - 1].tail = (parent[index - 1].tail or "") + gone.tail
            else:
                parent.text = (parent.text or "") + gone.tail
        parent.remove(gone)
    return copy


@given(old=texts, new=texts)
def test_no_word_is_lost_or_invented(old: str, new: str):
    found = compared(richtext.clean(old), richtext.clean(new))
    assert letters(found.before) == letters(tree(richtext.clean(old)))
    assert letters(found.after) == letters(tree(richtext.clean(new)))
    assert letters(without(found.merged, "ins")) == letters(tree(richtext.clean(old)))
    assert letters(without(found.merged, "del")) == letters(tree(richtext.clean(new)))
    assert bool(found.amount) == (letters(found.before) != letters(found.after) or has_marks(found))


def letters(element: markup.HtmlElement) -> list[str]:
    return sorted("".join("".join(element.itertext()).split()))


def has_marks(found: Compared) -> bool:
    return found.merged.find(".//ins") is not None or found.merged.find(".//del") is not None


@given(text=texts)
def test_a_text_does_not_differ_from_itself(text: str):
    found = compared(richtext.clean(text), richtext.clean(text))
    assert not found.amount
    assert not has_marks(found)
    assert inside(found.after) == inside(tree(richtext.clean(text)))
