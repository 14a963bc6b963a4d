"""Every pair of colours that the style sheets put together is readable, in both themes (WCAG 2.2: 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models.people import MARKS

CSS = Path(settings.BASE_DIR) / "intranet" / "static" / "css"
SHEETS = sorted(CSS.glob("*.css"))
TEXT, MARK = 4.5, 3.0
NAMED, _, FALLBACK = (CSS / "tokens.css").read_text().partition("@supports not (color: light-dark(#000, #fff))")

TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", NAMED)
} | {"white": ("#ffffff", "#ffffff")}

SURFACES = ("page", "surface", "sunken", "hover")
STATUS = ("ok", "info", "caution", "danger")
CLINICS = tuple(f"clinic-{number}" for number in MARKS)

TEXT_PAIRS = [
    *[(ink, surface) for ink in ("ink", "ink-2", "ink-3", "accent") for surface in SURFACES],
    *[(ink, "accent-soft") for ink in ("ink", "ink-2", "ink-3", "accent")],
    *[("on-accent", accent) for accent in ("accent", "accent-strong")],
    *[("rail-ink", rail) for rail in ("rail", "rail-current")],
    *[(f"{tone}-ink", ground) for tone in STATUS for ground in (f"{tone}-soft", "surface", "page", "sunken")],
    *[(ink, f"{tone}-soft") for tone in STATUS for ink in ("ink", "ink-2", "ink-3")],
    *[(f"{clinic}-ink", ground) for clinic in CLINICS for ground in (f"{clinic}-soft", "surface")],
    *[(ink, f"{clinic}-soft") for clinic in CLINICS for ink in ("ink", "danger-ink")],
    *[("on-solid", f"{tone}-solid") for tone in (*STATUS, *CLINICS)],
    ("ink", "mark"),
    ("white", "caution-deep"),
    ("white", "danger-deep"),
]
MARK_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "page"),
    *[(f"{tone}-solid", ground) for tone in STATUS for ground in ("surface", "sunken")],
    *[(f"{clinic}-solid", ground) for clinic in CLINICS for ground in (f"{clinic}-soft", "surface")],
    *[("danger-solid", f"{clinic}-soft") for clinic in CLINICS],
]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG defines it."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(pairs: list[tuple[str, str]], needed: float) -> list[str]:
    return [
        f"{front} on {back}, {theme}: {ratio:.2f}"
        for front, back in pairs
        for index, theme in enumerate(("light", "dark"))
        if (ratio := contrast(TOKENS[front][index], TOKENS[back][index])) < needed
    ]


def test_the_ratio_is_the_one_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_text_is_readable() -> None:
    assert too_weak(TEXT_PAIRS, TEXT) == []


def test_marks_and_edges_can_be_seen() -> None:
    assert too_weak(MARK_PAIRS, MARK) == []


def test_old_browsers_get_the_light_theme() -> None:
    named = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", FALLBACK.split("\n  }")[0]))
    assert named == {name: light for name, (light, _) in TOKENS.items() if name != "white"}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_loads_nothing_and_stays_in_its_layer(sheet: Path) -> None:
    text = sheet.read_text()
    assert re.findall(r"@import|url\(|@font-face", text) == []
    assert re.findall(r"^@layer (\w+) \{", text, re.MULTILINE) == [sheet.stem]


@pytest.mark.parametrize(
    "sheet", [sheet for sheet in SHEETS if sheet.name != "tokens.css"], ids=lambda sheet: sheet.name
)
def test_colours_are_named_in_the_tokens(sheet: Path) -> None:
    """Paper is black and white, the unread count and the dark rail are the same in both themes; all else has a name."""
    fixed = {"#fff", "#000", "#888", "#ffcf3f", "#231a00", "#7fd6cc"}
    literals = re.findall(
        r"(?<!&)#[0-9a-f]{3,8}\b(?=[;,\s)])", re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    )
    assert set(literals) - fixed == set()
