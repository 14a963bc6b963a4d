"""What changed between two texts, word by word.

The texts are trees of the kind that `richtext` makes. Blocks (paragraphs, points, rows, headings) are matched first, by
what they are and by their words; then the words within two blocks that belong together. While they are compared, each
word is an element of its own, `<w>`; in the end neighbours with the same mark become one `<ins>` or `<del>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Literal, TypeAlias

from lxml import html as markup

Element: TypeAlias = markup.HtmlElement
Mark: TypeAlias = Literal["ins", "del"]
Key: TypeAlias = tuple[str, ...]
Opcode: TypeAlias = tuple[str, int, int, int, int]

_TOKEN = re.compile(r"\[\d{1,3}\]|\w+(?:[’'-]\w+)*|\s+|[^\w\s]")
_SAYS_SOMETHING = re.compile(r"\w")
# Elements whose words are compared with those of one other; a row is compared as a whole, its cells are not.
_BLOCKS = frozenset({"p", "h3", "h4", "li", "caption", "figcaption", "tr"})
_FRAMES = frozenset({"ul", "ol", "blockquote", "figure", "table", "thead", "tbody", "div"})
_HOLDERS = {"li": "ul", "tr": "table"}
_ALIKE = 0.4  # how much two blocks must have in common to be shown as one that was changed
_LONG = 800  # words of a block; in a longer one, words that return all the time are no landmarks
_MANY = 900  # more pairs than this are matched in their order instead of each with each


@dataclass(slots=True)
class Block:
    """Words that belong together, for example a paragraph. `words` are elements: `<w>`, `<img>`, and cells of a row."""

    kind: str
    element: Element
    words: list[Element] = field(default_factory=list)

    @property
    def keys(self) -> list[Key]:
        return [_key(word) for word in self.words]

    @property
    def signature(self) -> tuple[str, tuple[Key, ...]]:
        return self.kind, tuple(key for key in self.keys if not key[0].isspace())


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was changed: single words and pictures, and whole blocks by what they are ("li", "p")."""

    words_added: int = 0
    words_removed: int = 0
    blocks_added: tuple[str, ...] = ()
    blocks_removed: tuple[str, ...] = ()
    pictures_added: int = 0
    pictures_removed: int = 0

    def __bool__(self) -> bool:
        words = self.words_added or self.words_removed or self.pictures_added or self.pictures_removed
        return bool(words or self.blocks_added or self.blocks_removed)


@dataclass(frozen=True, slots=True)
class Compared:
    """The old text with what was removed marked, the new one with what was added, and one text with both."""

    before: Element
    after: Element
    merged: Element
    amount: Amount


def compare(old: Element, new: Element) -> Compared:
    """Compare two trees, which are changed on the way. 400 paragraphs take about a tenth of a second."""
    _take_apart(old)
    _take_apart(new)
    merging = _Merging(new)
    for here, there in _matched(_blocks(old), _blocks(new)):
        merging.step(here, there)
    merging.put_the_rest()
    merged, after = new, deepcopy(new)
    _drop_removed(after)
    for tree in (old, merged, after):
        _put_together(tree)
    return Compared(old, after, merged, merging.amount)


class _Merging:
    """Marks the words of both trees and puts the removed ones into the new tree, from the first block to the last."""

    def __init__(self, tree: Element) -> None:
        self.tree = tree
        self.waiting: list[Element] = []  # removed blocks that go before the next block of the new tree
        self.latest: Element | None = None
        self.words_added = self.words_removed = 0
        self.pictures_added = self.pictures_removed = 0
        self.blocks_added: list[str] = []
        self.blocks_removed: list[str] = []

    @property
    def amount(self) -> Amount:
        blocks = (tuple(self.blocks_added), tuple(self.blocks_removed))
        return Amount(self.words_added, self.words_removed, *blocks, self.pictures_added, self.pictures_removed)

    def step(self, here: Block | None, there: Block | None) -> None:
        if there is None and here is not None:
            _mark(here.words, "del")
            self.blocks_removed.append(here.kind)
            self.waiting.append(_removed(here))
            return
        if there is None:
            return
        self._put_waiting_before(there.element)
        self.latest = there.element
        if here is None:
            _mark(there.words, "ins")
            self.blocks_added.append(there.kind)
        else:
            self._change(here, there)

    def put_the_rest(self) -> None:
        """What was removed behind the last block that remains."""
        for gone in self.waiting:
            if self.latest is not None and self.latest.tag == gone.tag and gone.tag in _HOLDERS:
                self.latest.addnext(gone)
            else:
                self.tree.append(_held(gone))
            self.latest = gone

    def _put_waiting_before(self, element: Element) -> None:
        for gone in self.waiting:
            if element.tag == gone.tag and gone.tag in _HOLDERS:
                element.addprevious(gone)
            elif self.latest is not None and self.latest.tag == gone.tag and gone.tag in _HOLDERS:
                self.latest.addnext(gone)
                self.latest = gone
            else:
                _outermost(element, self.tree).addprevious(_held(gone))
                self.latest = gone
        self.waiting.clear()

    def _change(self, here: Block, there: Block) -> None:
        """Mark the words that differ between two blocks that belong together."""
        for step, first, last, start, end in _opcodes(here.keys, there.keys):
            if step == "equal":
                continue
            gone, come = _trimmed(here.words[first:last]), _trimmed(there.words[start:end])
            _mark(gone, "del")
            _mark(come, "ins")
            self.words_removed += _count(gone)
            self.words_added += _count(come)
            self.pictures_removed += sum(word.tag == "img" for word in gone)
            self.pictures_added += sum(word.tag == "img" for word in come)
            before = come[0] if come else next(iter(there.words[start:]), None)
            for word in (deepcopy(word) for word in gone if word.tag != "td"):
                if before is not None:
                    before.addprevious(word)
                else:
                    there.words[-1].addnext(word) if there.words else there.element.append(word)
                    there.words.append(word)


def _matched(before: Sequence[Block], after: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Each block of both texts once, in an order in which they can be read: with its partner, or alone."""
    matcher = SequenceMatcher(None, [one.signature for one in before], [one.signature for one in after], autojunk=False)
    for step, first, last, start, end in matcher.get_opcodes():
        old, new = before[first:last], after[start:end]
        if step == "equal":
            yield from zip(old, new, strict=True)
        else:
            yield from _by_likeness(old, new)


def _by_likeness(old: Sequence[Block], new: Sequence[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """Partners in a stretch without equals: the order stays, and the sum of their likeness is as large as it can be."""
    if len(old) * len(new) > _MANY:
        for here, there in zip_longest(old, new):
            together = here is not None and there is not None and _likeness(here, there) > 0
            yield from [(here, there)] if together else [(here, None), (None, there)]
        return
    likeness = [[_likeness(here, there) for there in new] for here in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = best[i + 1][j + 1] + likeness[i][j]
            best[i][j] = max(best[i + 1][j], best[i][j + 1], pair if likeness[i][j] else 0)
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and likeness[i][j] and best[i][j] == best[i + 1][j + 1] + likeness[i][j]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif i < len(old) and (j == len(new) or best[i][j] == best[i + 1][j]):
            yield old[i], None
            i += 1
        else:
            yield None, new[j]
            j += 1


def _likeness(here: Block, there: Block) -> float:
    """From 0 (show them as two) to 1 (the same words)."""
    if here.kind != there.kind:
        return 0.0
    matcher = SequenceMatcher(None, here.signature[1], there.signature[1], autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    ratio = matcher.quick_ratio() if _is_long(here.words, there.words) else matcher.ratio()
    return ratio if ratio >= _ALIKE else 0.0


def _opcodes(old: Sequence[Key], new: Sequence[Key]) -> list[Opcode]:
    """What to do to come from the old words to the new.

    Equal words between two changes that are no longer than either change are read as changed, too: a phrase that was
    replaced is easier to read than confetti.
    """
    steps = SequenceMatcher(None, old, new, autojunk=_is_long(old, new)).get_opcodes()
    number = 1
    while number < len(steps) - 1:
        (_, a, _, c, _), island, (_, _, b, _, d) = steps[number - 1 : number + 2]
        length = _said(old[island[1] : island[2]])
        if island[0] == "equal" and all(
            length <= max(_said(old[side[1] : side[2]]), _said(new[side[3] : side[4]]), 0 if length else 1)
            for side in (steps[number - 1], steps[number + 1])
        ):
            steps[number - 1 : number + 2] = [("replace", a, b, c, d)]
            number = max(1, number - 1)
        else:
            number += 1
    return steps


def _is_long(old: Sequence[object], new: Sequence[object]) -> bool:
    return len(old) * len(new) > _LONG**2


def _said(keys: Sequence[Key]) -> int:
    """How many words there are, without space and signs."""
    return sum(1 for key in keys if _SAYS_SOMETHING.search(key[0]))


def _blocks(tree: Element) -> list[Block]:
    """The blocks of a tree that has been taken apart, in reading order."""
    blocks: list[Block] = []

    def visit(element: Element, current: Block) -> Block:
        for child in element:
            if child.tag in _BLOCKS and current.element.tag != "tr":
                blocks.append(Block(_kind(child), child))
                visit(child, blocks[-1])
                current = Block(current.kind, current.element)  # what follows a list inside of a point is read after it
                blocks.append(current)
            elif child.tag in ("w", "img", "td", "th"):
                current.words.append(child)
                current = visit(child, current) if child.tag in ("td", "th") else current
            else:
                current = visit(child, current)
        return current

    blocks.append(Block("p", tree))
    visit(tree, blocks[-1])
    return [block for block in blocks if any(word.tag in ("w", "img") for word in block.words)]


def _kind(element: Element) -> str:
    """What a block is: its tag, and the note that it stands in."""
    tones = (above.get("data-tone") for above in element.iterancestors("div"))
    return " ".join([element.tag, *filter(None, tones)])


def _key(word: Element) -> Key:
    """When two words are the same: a link to elsewhere is another one, so is a cell of another width."""
    if word.tag == "w":
        above = word.getparent()
        while above is not None and above.tag not in _BLOCKS and above.tag != "a":
            above = above.getparent()
        link = above.get("href", "") if above is not None and above.tag == "a" else ""
        return (word.text or "", link) if not (word.text or "").isspace() else (" ",)
    return (f"<{word.tag}>", *(word.get(name, "") for name in ("src", "alt", "colspan", "rowspan")))


def _take_apart(tree: Element) -> None:
    """Make each word an element; afterwards only `<w>` holds text."""
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in ("svg", "use"):
            continue
        inside = [*_words(element.text, element)]
        element.text = None
        for word in reversed(inside):
            element.insert(0, word)
        if element is not tree and element.tail:
            for word in reversed([*_words(element.tail, element.getparent())]):
                element.addnext(word)
            element.tail = None
    for word in tree.iter("w"):
        word.tail = None


def _words(text: str | None, holder: Element | None) -> Iterator[Element]:
    if not text or (text.isspace() and holder is not None and holder.tag in _FRAMES | {"tr"}):
        return
    for token in _TOKEN.findall(text):
        word = markup.Element("w")
        word.text = token
        yield word


def _put_together(tree: Element) -> None:
    """Neighbours with the same mark become one element, words without a mark text again."""
    for element in tree.iter():
        element.attrib.pop("gone", None)
    for parent in [
        element for element in tree.iter() if any(child.tag == "w" or child.get("mark") for child in element)
    ]:
        children = list(parent)
        for child in children:
            parent.remove(child)
        parent.text = None
        for mark, group in groupby(children, key=lambda child: child.get("mark")):
            holder = parent
            if mark:
                holder = markup.Element(mark)
                parent.append(holder)
            for is_text, run in groupby(group, key=lambda child: child.tag == "w"):
                if is_text:
                    _append_text(holder, "".join(word.text or "" for word in run))
                else:
                    holder.extend(_unmarked(child) for child in run)


def _unmarked(element: Element) -> Element:
    element.attrib.pop("mark", None)
    return element


def _append_text(holder: Element, text: str) -> None:
    if len(holder):
        holder[-1].tail = (holder[-1].tail or "") + text
    else:
        holder.text = (holder.text or "") + text


def _mark(words: Iterable[Element], mark: Mark) -> None:
    for word in words:
        if word.tag in ("w", "img"):
            word.set("mark", mark)


def _trimmed(words: list[Element]) -> list[Element]:
    """Without the space at both ends."""
    first, last = 0, len(words)
    while first < last and (words[first].text or "").isspace():
        first += 1
    while first < last and (words[last - 1].text or "").isspace():
        last -= 1
    return words[first:last]


def _count(words: Iterable[Element]) -> int:
    """How many words; signs that were changed alone count as one: "> 5" does not say what "< 5" says."""
    texts = [word.text or "" for word in words if word.tag == "w"]
    said = sum(1 for text in texts if _SAYS_SOMETHING.search(text))
    return said or int(any(text.strip() for text in texts))


def _removed(block: Block) -> Element:
    """A removed block to be put into the new tree."""
    if block.element.tag == "tr":
        gone = deepcopy(block.element)
    else:
        gone = markup.Element(block.element.tag if block.element.tag in _BLOCKS else "p")
        gone.extend(deepcopy(word) for word in block.words)
    gone.set("gone", "gone")
    return gone


def _held(gone: Element) -> Element:
    """With the list or table around it that it needs outside of one."""
    if gone.tag not in _HOLDERS:
        return gone
    holder = markup.Element(_HOLDERS[gone.tag])
    holder.set("gone", "gone")
    holder.append(gone)
    return holder


def _outermost(element: Element, tree: Element) -> Element:
    while (above := element.getparent()) is not None and above is not tree:
        element = above
    return element


def _drop_removed(tree: Element) -> None:
    for element in list(tree.iter()):
        parent = element.getparent()
        if parent is not None and (element.get("gone") or element.get("mark") == "del"):
            parent.remove(element)
