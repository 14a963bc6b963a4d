"""What looks as if it were about a patient is pointed out once, and taken when it is sent again."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from intranet.core.patient_words import WithoutPatients, warning

ONCE_MORE = "Take out whatever says who a patient is. If nothing does, send it again as it is."


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("Mrs X, DOB 3/4/2001, fell.", "“DOB 3/4/2001” looks like a date of birth"),
        ("born on May 4, 2001", "“born on May 4, 2001” looks like a date of birth"),
        ("seen 03.04.1962 here", "“03.04.1962” looks like a date of birth"),
        ("1962-04-03", "“1962-04-03” looks like a date of birth"),
        ("MRN: 0044321 fell", "“MRN: 0044321” looks like a record number"),
        ("patient number AB-44321", "“patient number AB-44321” looks like a record number"),
        ("call 847-555-0115", "“847-555-0115” looks like a phone number"),
        ("call (847) 555-0115", "“(847) 555-0115” looks like a phone number"),
        (
            "MRN 44321, 847.555.0115",
            "“MRN 44321” looks like a record number and “847.555.0115” looks like a phone number",
        ),
    ],
)
def test_it_says_what_it_looks_like(text: str, looks: str):
    assert warning(text) == f"{looks}. {ONCE_MORE}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Version 4 starts on 12/1/2026, at 8:30.",
        "Room 12, 30 mm needles, 10-20 repetitions.",
        "See doi:10.1093/ptj/pzaf078 and PubMed 33066556.",
        "Patients over 65: ask first. The record of 2025 is wrong.",
        "On leave until Dec 10, 2026",
    ],
)
def test_it_keeps_silent_about_the_rest(text: str):
    assert warning(text) == ""


class NoteForm(WithoutPatients):
    free_text = ("note",)
    note = forms.CharField(required=False)


def sent(note: str, warned: Any = "") -> NoteForm:
    data = QueryDict(mutable=True)
    data.update({"note": note, "warned": warned})
    return NoteForm(data)


def test_the_same_words_a_second_time_are_taken():
    first = sent("MRN 44321")
    assert first.errors == {"note": [f"“MRN 44321” looks like a record number. {ONCE_MORE}"]}
    again = sent("MRN 44321", first["warned"].value())
    assert (again.is_valid(), again.cleaned_data) == (True, {"note": "MRN 44321"})


def test_other_words_are_pointed_out_anew():
    again = sent("MRN 99999", sent("MRN 44321")["warned"].value())
    assert not again.is_valid()


def test_what_stood_there_before_is_nobodys_slip():
    data = QueryDict("note=MRN+44321")
    assert NoteForm(data, initial={"note": "MRN 44321"}).is_valid()


def test_words_without_a_patient_are_taken_at_once():
    form = sent("On leave")
    assert (form.is_valid(), form.cleaned_data) == (True, {"note": "On leave"})
