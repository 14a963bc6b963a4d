"""Forms come out in one shape. Read with a parser, so that white space and the order of attributes do not matter."""

import pytest
from django import forms
from django.template import Context, Template
from lxml import html

from intranet.core.forms import ClockInput, DayInput


class Order(forms.Form):
    title = forms.CharField(help_text="Shown in lists", max_length=30)
    note = forms.CharField(required=False, widget=forms.Textarea)
    day = forms.DateField(widget=DayInput)
    clock = forms.TimeField(widget=ClockInput, required=False)
    clinic = forms.ChoiceField(choices=[("", "Choose"), ("1", "Mt. Prospect")])
    kind = forms.ChoiceField(choices=[("a", "Now"), ("b", "Later")], widget=forms.RadioSelect)
    roles = forms.MultipleChoiceField(
        choices=[("pt", "Therapists"), ("fd", "Front desk")], widget=forms.CheckboxSelectMultiple, required=False
    )
    read = forms.BooleanField(help_text="Reminders after 2 days")
    places = forms.IntegerField(required=False, min_value=1, max_value=40)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        if self.data.get("title") == "conflict":
            raise forms.ValidationError("Somebody else was quicker.")


GOOD = {"title": "Falls", "day": "2026-12-01", "clinic": "1", "kind": "a", "read": "on"}


def drawn(form: forms.Form) -> html.HtmlElement:
    return html.fromstring(f"<main>{form}</main>")


def by_id(tree: html.HtmlElement, identifier: str) -> html.HtmlElement:
    found = tree.xpath("//*[@id=$id]", id=identifier)
    assert len(found) == 1, f"{identifier}: {len(found)}"
    return found[0]


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_a_control_names_its_hint() -> None:
    tree = drawn(Order())
    control = by_id(tree, "id_title")
    assert control.get("aria-describedby") == "id_title_helptext"
    assert words(by_id(tree, "id_title_helptext")) == "Shown in lists"
    assert control.get("aria-invalid") is None


def test_optional_is_marked_and_required_is_not() -> None:
    tree = drawn(Order())
    labels = {label.get("for"): words(label) for label in tree.xpath("//label[@for]")}
    assert labels["id_title"] == "Title"
    assert labels["id_note"] == "Note (optional)"
    assert [words(legend) for legend in tree.xpath("//legend")] == ["Kind", "Roles (optional)"]


def test_an_error_stands_at_its_control_and_is_announced_with_it() -> None:
    tree = drawn(Order({**GOOD, "day": "yesterday"}))
    control = by_id(tree, "id_day")
    assert (control.get("aria-invalid"), control.get("aria-describedby")) == ("true", "id_day_error")
    assert words(by_id(tree, "id_day_error")) == "Write a day, such as 2026-12-04."
    assert control.get("value") == "yesterday"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "x" * 31, "Shorten this to 30 characters: it has 31."),
        ("clock", "seven", "Write a time, such as 07:30 or 15:30."),
        ("clinic", "2", "Choose from those offered."),
        ("places", "0", "At least 1."),
        ("places", "41", "At most 40."),
        ("places", "many", "Enter a whole number."),
    ],
)
def test_the_framework_speaks_plainly_and_the_summary_names_the_field(field: str, value: str, sentence: str) -> None:
    tree = drawn(Order({**GOOD, field: value}))
    assert words(by_id(tree, f"id_{field}_error")) == sentence
    [link] = by_id(tree, "error-summary").xpath(".//a")
    assert (link.get("href"), words(link)) == (f"#id_{field}", f"{field.capitalize()}: {sentence}")


def test_what_is_missing_is_named_in_the_same_words_above_and_at_the_field() -> None:
    tree = drawn(Order({}))
    summary = by_id(tree, "error-summary")
    assert (summary.get("role"), summary.get("tabindex")) == ("alert", "-1")
    assert words(summary.xpath("h2")[0]) == "Fix 5 things before you go on"
    links = {link.get("href"): words(link) for link in summary.xpath(".//a")}
    assert links == {
        "#id_title": "Title is missing",
        "#id_day": "Day is missing",
        "#id_clinic": "Clinic is missing",
        "#id_kind_0": "Kind is missing",
        "#id_read": "Tick this to go on",
    }
    for href, message in links.items():
        target = by_id(tree, href.removeprefix("#"))
        assert message in words(target.xpath("ancestor::*[contains(@class, 'field')][1]")[0])


def test_a_single_refusal_of_the_whole_form_is_the_heading() -> None:
    summary = by_id(drawn(Order({**GOOD, "title": "conflict"})), "error-summary")
    assert words(summary) == "Somebody else was quicker."


def test_a_good_form_has_no_summary() -> None:
    assert drawn(Order(GOOD)).xpath("//*[@id='error-summary']") == []


def test_choices_are_a_group_with_a_legend_and_an_error_of_its_own() -> None:
    tree = drawn(Order({**GOOD, "kind": ""}))
    group = by_id(tree, "id_kind_0").xpath("ancestor::fieldset")[0]
    assert words(group.xpath("legend")[0]) == "Kind"
    assert group.get("aria-describedby") == "id_kind_error"
    assert [label.get("class") for label in group.xpath(".//label")] == ["check", "check"]
    assert [words(label) for label in group.xpath(".//label")] == ["Now", "Later"]


def test_a_checkbox_stands_inside_its_label_with_its_hint() -> None:
    label = by_id(drawn(Order()), "id_read").getparent()
    assert (label.tag, label.get("class")) == ("label", "check")
    assert words(label) == "Read Reminders after 2 days"


def test_hidden_fields_have_no_label() -> None:
    tree = drawn(Order())
    assert by_id(tree, "id_token").get("type") == "hidden"
    assert tree.xpath("//label[@for='id_token']") == []


def test_days_and_times_use_the_browsers_own_controls() -> None:
    tree = drawn(Order({**GOOD, "clock": "07:30"}))
    day, clock = by_id(tree, "id_day"), by_id(tree, "id_clock")
    assert (day.get("type"), day.get("value")) == ("date", "2026-12-01")
    assert (clock.get("type"), clock.get("value")) == ("time", "07:30")


def test_typed_text_is_escaped_everywhere() -> None:
    class Loud(forms.Form):
        name = forms.CharField()

        def clean_name(self) -> str:
            raise forms.ValidationError("No: %(name)s", params={"name": self.cleaned_data["name"]})

    drawn_form = str(Loud({"name": "<script>alert(1)</script>"}))
    assert "<script" not in drawn_form
    assert drawn_form.count("&lt;script&gt;") == 3


def test_the_tag_draws_one_field_with_the_words_of_the_page() -> None:
    template = Template(
        '{% load interface %}{% field form.title label="Name" hint="Short" autocomplete="off" placeholder="" %}'
    )
    form = Order()
    form.fields["title"].widget.attrs["placeholder"] = "Title"
    tree = html.fromstring(template.render(Context({"form": form})))
    control = by_id(tree, "id_title")
    assert words(tree) == "Name Short"
    assert (control.get("autocomplete"), control.get("placeholder")) == ("off", None)


def test_no_form_control_carries_style_or_script() -> None:
    names = {name for element in drawn(Order({})).iter() for name in element.attrib}
    assert {name for name in names if name == "style" or name.startswith("on")} == set()
