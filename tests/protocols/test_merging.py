"""Two people's changes put together: nobody's words are lost, whatever both did."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from protocols.drafting import DraftText, SectionText
from protocols.merging import Choice, merge, settle

KEYS = [UUID(int=number) for number in range(1, 6)]


def text(*bodies: tuple[int, str], title: str = "Title", summary: str = "", material: bool = True) -> DraftText:
    parts = [SectionText("text", f"Section {number}", body, KEYS[number]) for number, body in bodies]
    return DraftText(title, parts, summary, material)


def bodies(merged: DraftText) -> list[tuple[int, str]]:
    return [(KEYS.index(part.key), part.body) for part in merged.sections]


BASE = text((0, "a"), (1, "b"), (2, "c"))


def test_what_only_one_changed_is_taken():
    found = merge(BASE, text((0, "mine"), (1, "b"), (2, "c")), text((0, "a"), (1, "b"), (2, "theirs")))
    assert bodies(found.text) == [(0, "mine"), (1, "b"), (2, "theirs")]
    assert (found.taken, found.clashes) == (["Section 2"], {})


def test_what_both_changed_waits_for_a_choice():
    mine, theirs = text((0, "mine"), (1, "b"), (2, "c")), text((0, "theirs"), (1, "b"), (2, "c"))
    found = merge(BASE, mine, theirs)
    assert bodies(found.text) == bodies(mine)
    assert list(found.clashes) == [KEYS[0]]
    assert bodies(settle(found.text, theirs, {KEYS[0]: "theirs"}, {}, author="Ines")) == bodies(theirs)
    [(_, both), *_] = bodies(settle(found.text, theirs, {KEYS[0]: "both"}, {}, author="Ines"))
    mark = "Below are the words of Ines. Put both together, then remove this note."
    assert both == f'mine<blockquote class="callout-caution"><p>{mark}</p></blockquote>theirs'


def test_the_same_change_twice_is_no_clash():
    both = text((0, "new"), (1, "b"), (2, "c"))
    assert merge(BASE, both, both).clashes == {}


def test_sections_that_one_added_or_removed():
    mine = text((0, "a"), (3, "my new one"), (1, "b"), (2, "c"))
    theirs = text((0, "a"), (1, "b"), (4, "their new one"))
    found = merge(BASE, mine, theirs)
    assert bodies(found.text) == [(0, "a"), (3, "my new one"), (1, "b"), (4, "their new one")]
    assert found.taken == ["Section 4", "Section 2 (removed)"]


def test_what_one_removed_and_the_other_changed_stays_until_somebody_chooses():
    removed, changed = text((1, "b"), (2, "c")), text((0, "changed"), (1, "b"), (2, "c"))
    for found in (merge(BASE, removed, changed), merge(BASE, changed, removed)):
        assert bodies(found.text) == bodies(changed)
        assert list(found.clashes[KEYS[0]].how.offered) == [Choice.MINE, Choice.GONE]
        assert bodies(settle(found.text, changed, {KEYS[0]: "gone"}, {}, author="Ines")) == bodies(removed)


def test_title_and_summary_are_merged_as_well():
    found = merge(BASE, text(title="Mine", summary="My summary"), text(title="Theirs"))
    assert (found.text.title, found.text.change_summary, found.fields) == ("Mine", "My summary", {"title": "Theirs"})
    theirs = text(title="Theirs", summary="Their summary")
    chosen = settle(found.text, theirs, {}, {"title": "theirs", "change_summary": "both"}, author="Ines")
    assert (chosen.title, chosen.change_summary) == ("Theirs", "My summary / Their summary")
    assert merge(BASE, text(), text(summary="Theirs", material=False)).text.change_summary == "Theirs"
    assert merge(BASE, text(), text(material=False)).text.material is False


def test_when_nobody_knows_any_more_from_what_one_started():
    found = merge(None, text((0, "mine"), (1, "b")), text((0, "theirs"), (1, "b"), (2, "new")))
    assert bodies(found.text) == [(0, "mine"), (1, "b"), (2, "new")]
    assert list(found.clashes) == [KEYS[0]]


drafts = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["a", "b", "c", "d"])), unique_by=lambda part: part[0]
).map(lambda parts: text(*parts))


@given(drafts, drafts, drafts)
def test_no_words_that_somebody_wrote_are_lost(base: DraftText, mine: DraftText, theirs: DraftText):
    """Everything that one of them wrote new is in the merged text, or stands as a clash that shows it."""
    found = merge(base, mine, theirs)
    before, merged = set(bodies(base)), set(bodies(found.text))
    shown = {
        (KEYS.index(key), side.body)
        for key, clash in found.clashes.items()
        for side in (clash.mine, clash.theirs)
        if side
    }
    for wrote in (mine, theirs):
        assert set(bodies(wrote)) - before <= merged | shown
    assert len(found.text.sections) == len(merged)


@given(drafts, drafts)
def test_with_nobody_else_it_is_what_one_wrote(base: DraftText, mine: DraftText):
    assert bodies(merge(base, mine, base).text) == bodies(mine)
    assert {*bodies(merge(base, base, mine).text)} == {*bodies(mine)}
