"""Documents to keep or to hand over: PDF on Letter pages, with who made it and when at the foot of each.

What a document says comes as words; how it is set is decided here alone. The same words, made by the same person at the
same moment, give the same file, byte for byte.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import ttf_opensans
from django.conf import settings
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, WrapMode, XPos, YPos

from intranet.core.wording import clock_time, full_day

FONTS = Path(ttf_opensans.__file__).parent / "ttf"
FONT = "OpenSans"
MARGIN = 54.0  # points, as all lengths here: three quarters of an inch
INK, QUIET, LINE = 25, 95, 205  # greys: a copy on paper has no other colours
TITLE, HEADING, TEXT, SMALL = 20.0, 12.0, 9.5, 6.8
LEADING = 1.4
GAP = 5.0  # within a cell, above and below
GUTTER = 8.0  # between columns

# It tells of every table of a font that it leaves out.
logging.getLogger("fontTools").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Made:
    """By whom a document was made and when, in the words of the zone."""

    by: str
    at: datetime
    zone: ZoneInfo

    @property
    def words(self) -> str:
        return f"Made by {self.by} on {moment_words(self.at, self.zone)}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a field of a table: the words, and below them what is exact and rarely read."""

    words: str
    exact: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and its share of the width."""

    head: str
    share: float


class Paper(FPDF):
    """A document being written from top to bottom."""

    def __init__(self, title: str, *, about: str, made: Made) -> None:
        super().__init__(orientation="portrait", unit="pt", format="letter")
        for style, weight in (("", "Regular"), ("B", "SemiBold")):
            self.add_font(FONT, style, FONTS / f"OpenSans-{weight}.ttf")
        self._known = set(self.fonts[FONT.lower()].cmap)
        self.about, self.made = self.legible(about), made
        self.set_title(self.legible(title))
        self.set_author(self.legible(made.by))
        self.set_creator(f"{settings.SITE_NAME} intranet")
        self.set_creation_date(made.at)
        self.set_lang("en-US")
        self.set_margins(MARGIN, MARGIN + 26, MARGIN)
        self.set_auto_page_break(True, MARGIN + 16)
        self.add_page()
        self._lines(self.legible(title), TITLE, style="B")

    def header(self) -> None:
        self.set_xy(self.l_margin, MARGIN - 18)
        self._pen(8, grey=QUIET)
        self.cell(self.epw / 3, 12, f"{settings.SITE_NAME} intranet")
        self.cell(self.epw * 2 / 3, 12, self._short(self.about, self.epw * 2 / 3), align=Align.R)
        self._rule(MARGIN)
        self.set_y(self.t_margin)

    def footer(self) -> None:
        self._rule(self.h - MARGIN - 4)
        self.set_xy(self.l_margin, self.h - MARGIN)
        self._pen(8, grey=QUIET)
        pages = 90
        self.cell(self.epw - pages, 12, self._short(self.legible(self.made.words), self.epw - pages))
        # The number of pages is not known yet: what stands for it is wider than a figure.
        wider = self.get_string_width("{nb}") - self.get_string_width("0")
        self.cell(pages + wider, 12, f"Page {self.page_no()} of {{nb}}", align=Align.R)

    def heading(self, words: str, note: str = "") -> None:
        """A heading, which never stands alone at the end of a page."""
        self._keep(90)
        self.ln(18)
        self._lines(self.legible(words), HEADING, style="B")
        if note:
            self.text_lines(note, quiet=True)
        self.ln(3)

    def text_lines(self, words: str, *, quiet: bool = False) -> None:
        self._lines(self.legible(words), TEXT, grey=QUIET if quiet else INK)

    def facts(self, pairs: Sequence[tuple[str, Cell]]) -> None:
        """Names on the left, what they are on the right."""
        self._rows([Column("", 0.22), Column("", 0.78)], [[Cell(name), cell] for name, cell in pairs], names=True)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:  # type: ignore[override]
        """Rows under their heads, which are repeated on every page."""
        self._heads(columns)
        self._rows(columns, rows, names=False)

    def legible(self, words: str) -> str:
        """In letters that the font has; one that it has not is named by its number, for nothing may vanish here."""
        composed = unicodedata.normalize("NFC", " ".join(words.split()))
        return "".join(letter if ord(letter) in self._known else f"[U+{ord(letter):04X}]" for letter in composed)

    def file(self) -> bytes:
        return bytes(self.output())

    def _rows(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, names: bool) -> None:
        for row in rows:
            if self._keep(self._height(columns, row)) and not names:
                self._heads(columns)
            self._row(columns, row, names=names)

    def _heads(self, columns: Sequence[Column]) -> None:
        self._keep(60)
        self._row(columns, [Cell(column.head) for column in columns], names=False, head=True)

    def _row(self, columns: Sequence[Column], row: Sequence[Cell], *, names: bool, head: bool = False) -> None:
        top, left = self.get_y(), self.l_margin
        height = self._height(columns, row)
        for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
            width = column.share * self.epw
            self.set_xy(left, top + GAP)
            first = place == 0
            grey = QUIET if head or (names and first) else INK
            self._block(width, cell.words, TEXT, style="B" if head or (first and not names) else "", grey=grey)
            if cell.exact:
                self.set_x(left)
                self._block(width, cell.exact, SMALL, grey=QUIET)
            left += width
        self.set_y(top + height)
        self._rule(self.get_y())

    def _height(self, columns: Sequence[Column], row: Sequence[Cell]) -> float:
        heights = [
            sum(self._depth(column.share * self.epw, *part) for part in ((cell.words, TEXT), (cell.exact, SMALL)))
            for column, cell in zip(columns, row, strict=True)
        ]
        return max(heights) + 2 * GAP

    def _depth(self, width: float, words: str, size: float) -> float:
        if not words:
            return 0.0
        self._pen(size, style="B")  # the wider one
        lines = self.multi_cell(
            width - GUTTER,
            text=self.legible(words),
            dry_run=True,
            output=MethodReturnValue.LINES,
            wrapmode=WrapMode.WORD,
        )
        return len(lines) * size * LEADING

    def _block(self, width: float, words: str, size: float, *, style: str = "", grey: int = INK) -> None:
        self._pen(size, style=style, grey=grey)
        self.multi_cell(
            width - GUTTER,
            size * LEADING,
            self.legible(words),
            align=Align.L,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )

    def _lines(self, words: str, size: float, *, style: str = "", grey: int = INK) -> None:
        self._pen(size, style=style, grey=grey)
        self.multi_cell(self.epw, size * LEADING, words, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _keep(self, height: float) -> bool:
        """Begin a new page unless so much fits on this one. Says whether it did."""
        if self.get_y() + height <= self.page_break_trigger:
            return False
        self.add_page()
        return True

    def _pen(self, size: float, *, style: str = "", grey: int = INK) -> None:
        self.c_margin = 0
        self.set_font(FONT, style, size)
        self.set_text_color(grey)

    def _rule(self, y: float) -> None:
        self.set_draw_color(LINE)
        self.set_line_width(0.6)
        self.line(self.l_margin, y, self.w - self.r_margin, y)

    def _short(self, words: str, width: float) -> str:
        """One line of it: the whole is said on the page itself."""
        if self.get_string_width(words) <= width:
            return words
        while words and self.get_string_width(f"{words}…") > width:
            words = words[:-1]
        return f"{words.rstrip()}…"


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """`Dec 4, 2026, 7:00 AM CST`."""
    local = at.astimezone(zone)
    return f"{full_day(local.date())}, {clock_time(local)} {local:%Z}"
