"""Rich text: the only module that marks text as safe for a page, and it cleans whatever it marks.

Stored text has passed `clean`; it is cleaned again when shown, so that a hole found tomorrow is closed for the text of
yesterday. Callouts are stored as `<blockquote class="callout-caution">`; `render` dresses them. A picture is one of ours, by
the address of `picture_address`, or it is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from itertools import accumulate

import nh3
from django.utils.safestring import SafeString
from lxml import etree
from lxml import html as markup

from intranet.core import wordwise

NO_TEXT = SafeString()
CALLOUT_TONES = ("info", "caution", "danger", "ok")
CALLOUT_ICONS = {"info": "info", "caution": "warning", "danger": "stop", "ok": "check-circle"}

LINKED = {"http", "https", "mailto", "tel"}  # the schemes to which a text may lead
PICTURES = "/protocols/pictures/"
_PICTURE = re.compile(re.escape(PICTURES) + r"([0-9a-f]{64})/")
_IMAGE = re.compile(r'<img\b(?:[^>"]|"[^"]*")*>')
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
LONGEST_DESCRIPTION = 300
_NUMBERS = {"start", "colspan", "rowspan"}
_SIDES = {"width", "height"}
_SIDE = re.compile(r"[1-9]\d{0,3}")
_MORE_THAN_ONE = re.compile(r"[2-9]|[1-9]\d{1,2}")
_BLOCKS = {"p", "h3", "h4", "ul", "ol", "li", "blockquote", "table", "caption", "tr", "th", "td", "hr"}
_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
        *("strong", "b", "em", "i", "u", "s", "sub", "sup", "a"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "img"),
    },
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        "th": {"colspan", "rowspan"},
        "td": {"colspan", "rowspan"},
        "img": {"src", "alt", "width", "height"},
    },
    attribute_filter=lambda tag, name, value: _attribute(tag, name, value),
    allowed_classes={"blockquote": {f"callout-{tone}" for tone in CALLOUT_TONES}},
    url_schemes=LINKED,
    link_rel="noopener noreferrer",
)
# A page has one h1 and its sections have h2, so that text starts at h3. Cleaned tags carry no attributes here.
_RENAMED = {
    f"<{slash}{old}>": f"<{slash}{new}>"
    for old, new in (("h1", "h3"), ("h2", "h3"), ("h5", "h4"), ("h6", "h4"), ("b", "strong"), ("i", "em"))
    for slash in ("", "/")
}
_OLD_TAG = re.compile("|".join(map(re.escape, _RENAMED)))
# The editor wraps what is in points and cells in a paragraph, and leaves empty paragraphs behind.
_WRAPPED = re.compile(r"(<(?:li|td|th)[^<>]*>)<p>((?:(?!</?p>).)*)</p>(?=</(?:li|td|th)>|<[uo]l>)", re.DOTALL)
_IDLE = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")
_TABLE_PARTS = re.compile(r"</?t(?:head|foot|body)>")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
DEEPEST = 100  # elements within one another: what is parsed for a page ends in the depth of some 250, without a word
_NESTING = re.compile(r'<(/?)(?!(?:br|hr|img)\b)[a-z](?:[^>"]|"[^"]*")*>')
_CITATION = re.compile(r"\[(\d{1,3})\]")
# Around what a search found in plain text: signs of the private area, which no keyboard writes.
MARK_START, MARK_END = "\ue000", "\ue001"
_MARKED = re.compile(f"{MARK_START}([^{MARK_START}{MARK_END}]*){MARK_END}")
# How a line of plain text begins that is a point of a list.
BULLET = re.compile(r"^\s*([-*•–]|\d{1,3}[.)])\s+")


def clean(html: str, *, pictures: bool = False) -> str:
    """Keep what the editor can make, drop everything else; pictures of ours stay where a text may have some.

    Writes the same content always in the same way, so that opening a text in the editor and saving it changes nothing.
    """
    kept = _OLD_TAG.sub(lambda tag: _RENAMED[tag.group()], _CLEANER.clean(html.replace("\x00", "")))
    kept = placed(kept, lambda picture: picture if pictures else None)
    kept = _TABLE_PARTS.sub("", _WRAPPED.sub(r"\1\2", _IDLE.sub("", kept)))
    return str(_CLEANER.clean(kept)).strip()


def is_too_deep(html: str) -> bool:
    """Whether a cleaned text is nested deeper than a page can show: whoever stores texts refuses it."""
    return max(accumulate(-1 if tag[1] else 1 for tag in _NESTING.finditer(html)), default=0) > DEEPEST


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value, when it is one that we would write."""
    if tag == "img" and name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if tag == "img" and name in _SIDES:
        return value if _SIDE.fullmatch(value) else None
    if tag == "img" and name == "alt":
        return " ".join(value.split())[:LONGEST_DESCRIPTION]
    return value if name not in _NUMBERS or _MORE_THAN_ONE.fullmatch(value) else None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a text: the SHA-256 of its bytes, what it shows, and its sides in points."""

    digest: str
    description: str = ""
    width: int = 0
    height: int = 0

    def __str__(self) -> str:
        sides = f' width="{self.width}" height="{self.height}"' if self.width and self.height else ""
        return f'<img src="{picture_address(self.digest)}" alt="{escape(self.description)}"{sides}>'


def picture_address(digest: str) -> str:
    return f"{PICTURES}{digest}/"


def placed(html: str, choose: Callable[[Picture], Picture | None]) -> str:
    """A cleaned text in which each picture is the one chosen for it, or is not."""

    def again(tag: re.Match[str]) -> str:
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag.group())}
        if not (found := _PICTURE.fullmatch(said.get("src", ""))):
            return ""
        sides = (int(said.get(side) or 0) for side in ("width", "height"))
        return str(choose(Picture(found[1], said.get("alt", ""), *sides)) or "")

    return _IMAGE.sub(again, html)


def pictures_in(html: str) -> list[Picture]:
    """The pictures of a cleaned text in their order."""
    found: list[Picture] = []
    placed(html, lambda picture: found.append(picture))
    return found


def render(html: str, references: int = 0) -> SafeString:
    """Text for a page: cleaned, tables made to scroll, callouts dressed, `[n]` linked to reference n when there is one."""
    return _safe(_dressed(html, references))


def plain(html: str) -> str:
    """The words alone, a line per block and cell; of a picture what it shows."""
    return "\n".join(line for line in (" ".join(text.split()) for text in _lines(_tree(html))) if line)


@dataclass(frozen=True, slots=True)
class Points:
    """A list taken apart: the points, and whatever stands after or around them."""

    items: list[SafeString]
    rest: SafeString


def points(html: str, references: int = 0, *, paragraphs: bool = False) -> Points:
    """The points of the lists at the top of a text, for lists that a page draws itself.

    With `paragraphs` each paragraph is a point, too, unless it follows a list: there it is what is said at the end.
    """
    tree = _dressed(html, references)
    items, rest = [], markup.Element("div")
    for block in list(tree):
        if block.tag in {"ul", "ol"}:
            items += [_safe(_unwrapped(item)) for item in block if item.tag == "li"]
            paragraphs = False
        elif paragraphs and block.tag == "p":
            items.append(_safe(block))
        else:
            rest.append(block)
    return Points(items, _safe(rest))


def pairs(html: str, references: int = 0) -> list[tuple[str, SafeString]]:
    """Label and text of each row of the tables in a text, for lists of facts that a page draws itself."""
    rows = _dressed(html, references).iter("tr")
    return [(" ".join(row[0].text_content().split()), _safe(_unwrapped(row[1]))) for row in rows if len(row) > 1]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two texts with their differences marked: what was removed in `before`, what was added in `after`, both in `merged`."""

    before: SafeString
    after: SafeString
    merged: SafeString
    amount: wordwise.Amount


def compared(old: str, new: str, *, marks: bool = True) -> Compared:
    """Two texts for a page, compared word by word; see `wordwise`. Without `marks` they only stand side by side."""
    if not marks:
        return Compared(render(old), render(new), render(new), wordwise.Amount())
    found = wordwise.compare(_dressed(old, 0), _dressed(new, 0))
    return Compared(_safe(found.before), _safe(found.after), _safe(found.merged), found.amount)


def from_text(text: str) -> str:
    """Paragraphs of plain text as HTML: a blank line ends a paragraph; lines with a dash or a number become lists."""
    return "".join(_block(part) for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip())


def looks_like_html(text: str) -> bool:
    return bool(_TAG.search(text))


def highlighted(text: str) -> SafeString:
    """Plain text with what stands between the signs as `<mark>`. Escaped first; signs without their like vanish."""
    marked = _MARKED.sub(r"<mark>\1</mark>", escape(text))
    return SafeString(marked.replace(MARK_START, "").replace(MARK_END, ""))


def table_of(rows: Iterable[tuple[str, str]]) -> str:
    """A table of labels and plain texts, as `pairs` reads it."""
    cells = (f"<tr><th>{escape(a, quote=False)}</th><td>{escape(b, quote=False)}</td></tr>" for a, b in rows)
    return f"<table><tbody>{''.join(cells)}</tbody></table>"


def callout(tone: str, words: str) -> str:
    """A note of one paragraph; `tone` is one of `CALLOUT_TONES`."""
    return f'<blockquote class="callout-{tone}"><p>{escape(words, quote=False)}</p></blockquote>'


def _block(part: str) -> str:
    lines = [line.strip() for line in part.strip().splitlines()]
    if all(BULLET.match(line) for line in lines):
        tag = "ol" if lines[0][0].isdigit() else "ul"
        inner = "".join(f"<li>{escape(BULLET.sub('', line), quote=False)}</li>" for line in lines)
        return f"<{tag}>{inner}</{tag}>"
    return f"<p>{'<br>'.join(escape(line, quote=False) for line in lines)}</p>"


def _tree(html: str) -> markup.HtmlElement:
    return markup.fragment_fromstring(clean(html, pictures=True), create_parent="div")


def _dressed(html: str, references: int) -> markup.HtmlElement:
    tree = _tree(html)
    if references:
        _link_citations(tree, references)
    for quote in list(tree.iter("blockquote")):
        if quote.get("class"):
            _dress_callout(quote)
    for table in list(tree.iter("table")):
        _dress_table(table)
    for picture in list(tree.iter("img")):
        _dress_picture(picture)
    _order_headings(tree)
    return tree


def _order_headings(tree: markup.HtmlElement) -> None:
    """No level is skipped: a subheading before any heading becomes one, so that readers can jump from one to the next."""
    for heading in tree.iter("h3", "h4"):
        if heading.tag == "h3":
            return
        heading.tag = "h3"


def _dress_callout(quote: markup.HtmlElement) -> None:
    tone = quote.attrib.pop("class").removeprefix("callout-")
    body = markup.Element("div")
    body.text, quote.text = quote.text, None
    body.extend(list(quote))
    for title in list(body.iter("h3", "h4")):  # the title of a note is no chapter of the page
        title.tag = "p"
        title.set("class", "callout-title")
    quote.tag = "div"
    quote.set("class", "callout")
    quote.set("data-tone", tone)
    icon = markup.Element("svg", {"class": "icon", "aria-hidden": "true"})
    icon.append(markup.Element("use", {"href": f"#i-{CALLOUT_ICONS[tone]}"}))
    quote.extend([icon, body])


def _dress_table(table: markup.HtmlElement) -> None:
    """A frame to scroll in, rows of headings as the head, and each heading says what it heads."""
    head, body = markup.Element("thead"), table.find("tbody")
    for row in list(table.iter("tr")):
        heads_columns = len(row) > 0 and all(cell.tag == "th" for cell in row)
        for cell in row.iter("th"):
            cell.set("scope", "col" if heads_columns else "row")
        if heads_columns and body is not None and row is body[0]:
            head.append(row)
    if len(head) and body is not None:
        body.addprevious(head)
    wrapper = markup.Element("div", {"class": "table-scroll"})
    wrapper.tail, table.tail = table.tail, None
    table.getparent().replace(table, wrapper)
    wrapper.append(table)


def _dress_picture(picture: markup.HtmlElement) -> None:
    """A press on it shows it alone, as large as it is: a phone is smaller than most pictures."""
    if any(above.tag == "a" for above in picture.iterancestors()):
        return
    link = markup.Element("a", {"class": "picture", "href": picture.get("src", "")})
    link.tail, picture.tail = picture.tail, None
    picture.getparent().replace(picture, link)
    link.append(picture)


def _link_citations(tree: markup.HtmlElement, references: int) -> None:
    """Turn `[2]` into a link to the second reference, outside links."""
    for element in list(tree.iter()):
        inside_link = any(above.tag == "a" for above in (element, *element.iterancestors()))
        if element.text and not inside_link:
            element.text = _cite(element.text, references, lambda link, at=element: at.insert(0, link))
        parent = element.getparent()
        if element.tail and parent is not None and not any(above.tag == "a" for above in element.iterancestors()):
            element.tail = _cite(element.tail, references, lambda link, at=element: at.addnext(link))


def _cite(text: str, references: int, put: object) -> str:
    """Place a link for each citation in the text, the last first; give back the text before the first."""
    for found in reversed(list(_CITATION.finditer(text))):
        number = int(found.group(1))
        if 1 <= number <= references:
            link = markup.Element("a", {"href": f"#ref-{number}"})
            link.text, link.tail = found.group(), text[found.end() :]
            put(link)  # type: ignore[operator]
            text = text[: found.start()]
    return text


def _unwrapped(element: markup.HtmlElement) -> markup.HtmlElement:
    """A point's own text without the one paragraph that editors put around it."""
    only_paragraph = len(element) == 1 and element[0].tag == "p" and not (element.text or "").strip()
    return element[0] if only_paragraph and not (element[0].tail or "").strip() else element


def _safe(element: markup.HtmlElement) -> SafeString:
    """What is inside an element of a cleaned tree. The only place where text becomes safe."""
    inner = escape(element.text or "", quote=False)
    inner += "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return SafeString(inner.strip())


def _lines(element: markup.HtmlElement) -> Iterator[str]:
    """The text of a tree, a new line at each block."""
    text = ""
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node.tag in _BLOCKS or node.tag == "br":
            yield text
            text = ""
        elif node.tag == "img" and event == "start":
            text += f" {node.get('alt', '')} "
        text += (node.text or "") if event == "start" else (node.tail or "")
    yield text
