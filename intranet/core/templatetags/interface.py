"""Tags and filters of the interface: icons, clinics, people, badges, fields, days and times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms, template
from django.contrib.messages.storage.base import Message
from django.core import validators
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from intranet.core import wording
from intranet.core.toasts import WayBack, way_back_of

register = template.Library()

DJANGO_SAYS_REQUIRED = str(forms.Field.default_error_messages["required"])
# What stands at a field in place of the framework's sentences; those on lengths are known by their code alone.
PLAIN_WORDS = {
    str(forms.ChoiceField.default_error_messages["invalid_choice"]): "Choose from those offered.",
    str(forms.ModelChoiceField.default_error_messages["invalid_choice"]): "Choose from those offered.",
    str(forms.DateField.default_error_messages["invalid"]): "Write a day, such as 2026-12-04.",
    str(forms.TimeField.default_error_messages["invalid"]): "Write a time, such as 07:30 or 15:30.",
    str(forms.DateTimeField.default_error_messages["invalid"]): "Write a day and a time, such as 2026-12-04 07:30.",
    str(validators.MaxValueValidator.message): "At most %(limit_value)s.",
    str(validators.MinValueValidator.message): "At least %(limit_value)s.",
}
LENGTHS = {
    "max_length": "Shorten this to {limit_value:,} characters: it has {show_value:,}.",
    "min_length": "Write at least {limit_value:,} characters: it has {show_value:,}.",
}


@register.simple_tag
def icon(name: str, *classes: str) -> SafeString:
    """`{% icon "bell" "large" %}`: a symbol of the sprite, silent for screen readers; words go beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', " ".join(("icon", *classes)), name
    )


@register.simple_tag
def clinic_mark(clinic: Any) -> SafeString:
    """Letter, shape, hue and name of a clinic."""
    return format_html(
        '<span class="clinic" data-clinic="{0}"><span class="clinic-letter" aria-hidden="true">{1}</span>{2}</span>',
        clinic.number,
        clinic.letter,
        clinic.name,
    )


@register.simple_tag
def clinic_letter(clinic: Any) -> SafeString:
    """The tile alone, where the name would not fit; the name stays readable for everyone."""
    return format_html(
        '<abbr class="clinic-letter" data-clinic="{}" title="{}">{}</abbr>', clinic.number, clinic.name, clinic.letter
    )


@register.simple_tag
def avatar(person: Any, size: str = "") -> SafeString:
    """The person's initials on neutral ground, always beside the name. `size` is "small", "large" or empty."""
    classes = f"avatar {size}-avatar" if size else "avatar"
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, person.initials)


@register.simple_tag
def badge(tone: str, words: str, icon_name: str = "") -> SafeString:
    """A status in words; `tone` is ok, info, caution, danger or neutral."""
    symbol = icon(icon_name) if icon_name else ""
    return format_html('<span class="badge" data-tone="{}">{}{}</span>', tone, symbol, words)


@register.filter
def way_back(message: Message) -> WayBack | None:
    """How what a toast says can be undone."""
    return way_back_of(message)


@register.inclusion_tag("_field.html")
def field(bound: BoundField, label: str = "", hint: str | None = None, **attributes: str | bool) -> dict[str, Any]:
    """One form field: label, hint, control, error. `label` and `hint` replace the form's own words on this page.

    `attributes` are those of the control: `{% field form.code inputmode="numeric" placeholder="" %}`; an empty one goes.
    """
    if hint is not None:
        bound.help_text = hint
    attrs = bound.field.widget.attrs
    attrs.update(attributes)
    for name in [name for name, value in attrs.items() if value == ""]:
        del attrs[name]
    return {"field": bound, "label": label or bound.label}


@register.filter
def error_words(bound: BoundField) -> list[str]:
    """What stands at the field: the form's own words, and plain ones where the framework would speak."""
    return [words for error in bound.errors.as_data() for words in plain_words(error, bound)]


def plain_words(error: ValidationError, bound: BoundField) -> list[str]:
    if str(error.message) == DJANGO_SAYS_REQUIRED:
        return [missing(bound)]
    if words := LENGTHS.get(error.code or ""):
        return [words.format(**(error.params or {}))]
    words = PLAIN_WORDS.get(str(error.message))
    return [words % (error.params or {})] if words else [str(message) for message in error.messages]


def missing(bound: BoundField) -> str:
    widget = bound.field.widget
    return "Tick this to go on" if isinstance(widget, CheckboxInput) else f"{bound.label} is missing"


@register.filter
def short_time(moment: wording.Clock, zone: Any = None) -> str:
    """`7a`, `3:30p` in the given zone (a clinic, a zone, its name), otherwise in the current one."""
    return wording.short_time(moment, zone_of(zone))


@register.filter
def clock_time(moment: wording.Clock, zone: Any = None) -> str:
    """`7:00 AM`."""
    return wording.clock_time(moment, zone_of(zone))


@register.simple_tag
def short_range(start: wording.Clock, end: wording.Clock, zone: Any = None) -> str:
    """`7a–3:30p`."""
    return wording.short_range(start, end, zone_of(zone))


@register.simple_tag
def clock_range(start: wording.Clock, end: wording.Clock, zone: Any = None) -> str:
    """`7:00 AM – 3:30 PM`."""
    return wording.clock_range(start, end, zone_of(zone))


@register.filter
def day_label(day: date, today: date | None = None) -> str:
    """`Fri, Dec 4` within a year, `Dec 4, 2026` beyond; a moment counts as the day it is in the current zone."""
    return wording.day_label(local_date(day), today or timezone.localdate())


@register.filter
def full_day(day: date) -> str:
    """`Dec 4, 2026`."""
    return wording.full_day(local_date(day))


@register.filter
def long_day(day: date) -> str:
    """`Tuesday, December 1`."""
    return wording.long_day(local_date(day))


@register.filter
def near_day(day: date, today: date | None = None) -> str:
    """`today`, `tomorrow`, `yesterday` or the day's label."""
    return wording.near_day(local_date(day), today or timezone.localdate())


@register.filter
def due_words(due: date, today: date | None = None) -> str:
    """`Due Fri, Dec 4` or `1 day late`."""
    return wording.due_words(local_date(due), today or timezone.localdate())


@register.simple_tag
def day(on: date, today: date | None = None) -> SafeString:
    """The day's label inside `<time>`, with the value for machines."""
    local = local_date(on)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(), wording.day_label(local, today or timezone.localdate())
    )


@register.filter
def counted(number: int, words: str) -> str:
    """`{{ n|counted:"shift" }}` is "1 shift" or "20 shifts"; `"person,people"` gives both words."""
    one, _, many = words.partition(",")
    return wording.counted(number, one, many)


@register.filter
def duration(minutes: int) -> str:
    """`2 h 50 min`."""
    return wording.duration(minutes)


@register.filter
def hours(minutes: int) -> str:
    """`37.5`."""
    return wording.hours(minutes)


@register.inclusion_tag("_error_summary.html")
def error_summary(*forms: Any) -> dict[str, Any]:
    """What stands against the forms of a page, each with a link to its field. Nothing when all is well."""
    problems = [problem for form in forms for problem in problems_of(form)]
    alone = len(problems) == 1 and not problems[0].anchor
    heading = problems[0].message if alone else f"Fix {wording.counted(len(problems), 'thing')} before you go on"
    return {"problems": problems, "heading": heading, "listed": not alone}


@register.filter
def page_numbers(page: Page) -> list[int | None]:
    """The numbers to offer around the current page; `None` stands for those left out."""
    paginator = page.paginator
    return [
        number if isinstance(number, int) else None
        for number in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, as the summary lists it: a link to the field that it names."""

    message: str
    anchor: str = ""
    label: str = ""


def problems_of(form: BaseForm) -> list[Problem]:
    """Every error of a bound form, the ones above the fields first, then in the order of the fields.

    A form that stands on its page several times has a `name`, which says in which of them the field is.
    """
    found = [Problem(str(message)) for message in form.non_field_errors()]
    return found + [
        Problem(words, anchor_of(bound), label_of(words, bound)) for bound in form for words in error_words(bound)
    ]


def label_of(words: str, bound: BoundField) -> str:
    name: str = getattr(bound.form, "name", "")
    label = "" if says_which(words, bound) else str(bound.label)
    return ", ".join(filter(None, [name, label]))


def says_which(words: str, bound: BoundField) -> bool:
    return words == missing(bound) or bound.label.casefold() in words.casefold()


def anchor_of(bound: BoundField) -> str:
    """The id of the first control of a field, where a link can put the focus."""
    return bound.id_for_label or next((option.id_for_label for option in bound if option.id_for_label), "")


register.filter(wording.browser_name)


def zone_of(place: Any) -> ZoneInfo | None:
    """The zone of a clinic, a zone itself or the zone of that name; the current zone when none is given."""
    if not place:
        return timezone.get_current_timezone()  # type: ignore[return-value]  # Django hands out ZoneInfo
    if isinstance(place, str):
        return ZoneInfo(place)
    return place if isinstance(place, ZoneInfo) else place.zone


def local_date(day: date) -> date:
    return timezone.localtime(day).date() if isinstance(day, datetime) and timezone.is_aware(day) else day
