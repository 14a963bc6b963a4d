"""What a heading says about its section, and the shape that a section of a kind needs."""

from __future__ import annotations

import pytest

from protocols.section_kinds import is_drawn, kind_named, shaped


@pytest.mark.parametrize(
    ("kind", "headings"),
    [
        (
            "contraindications",
            ["Contraindications", "CONTRA-INDICATION:", "Absolute contraindications", "Do not needle if"],
        ),
        ("precautions", ["Precaution", "precautions.", "Take care if the patient"]),
        ("key_facts", ["Key facts", " key  FACT "]),
        ("steps", ["Steps", "step", "Technique", "Techniques", "PROCEDURE", "Procedures:"]),
        ("if_wrong", ["If something goes wrong", "Adverse events", "Emergency", "In emergencies"]),
        ("evidence", ["Evidence", "Evidence for it"]),
        ("references", ["References", "Reference", "Sources", "Bibliography"]),
        ("text", ["Purpose", "Procedures that need consent", "Step 1: sit", "Is dry needling effective?", ""]),
    ],
)
def test_a_heading_names_its_kind(kind, headings):
    assert {str(kind_named(heading)) for heading in headings} == {kind}


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        ("contraindications", "<p>fever</p><p>a <em>rash</em></p>", "<ul><li>fever</li><li>a <em>rash</em></li></ul>"),
        ("precautions", "<p>If the patient:</p><p>- faints</p>", "<p>If the patient:</p><ul><li>faints</li></ul>"),
        ("steps", "<p>1. Sit</p><p>2. Stand</p>", "<ol><li>Sit</li><li>Stand</li></ol>"),
        ("references", "<p>One &lt;1999&gt;</p>", "<ol><li>One &lt;1999&gt;</li></ol>"),
        ("steps", "<h3>First</h3><p>Sit</p>", "<h3>First</h3><p>Sit</p>"),
        ("contraindications", "<p>If:</p>", "<p>If:</p>"),
        ("text", "<p>fever</p>", "<p>fever</p>"),
        (
            "key_facts",
            "<p><strong>Who:</strong> PTs &amp; PTAs</p><ul><li>Time: 9:30 to 10</li></ul>",
            "<table><tbody><tr><th>Who</th><td>PTs &amp; PTAs</td></tr><tr><th>Time</th><td>9:30 to 10</td></tr></tbody></table>",
        ),
        ("key_facts", "<p>Who: PTs</p><p>And more words.</p>", "<p>Who: PTs</p><p>And more words.</p>"),
        ("key_facts", '<p>Who: <a href="/x">PTs</a></p>', '<p>Who: <a href="/x">PTs</a></p>'),
    ],
)
def test_paragraphs_take_the_shape_of_the_kind(kind, body, wanted):
    assert shaped(kind, body) == wanted


@pytest.mark.parametrize(
    ("kind", "body", "whole"),
    [
        ("contraindications", "<ul><li>fever</li></ul>", True),
        ("contraindications", "<p>fever</p>", False),
        ("key_facts", "<table><tbody><tr><th>Who</th><td>PTs</td></tr></tbody></table>", True),
        ("key_facts", "<table><tbody><tr><th>Who</th><td>PTs</td><td>all</td></tr></tbody></table>", False),
        ("key_facts", "<table><tbody><tr><th>Who</th><td>PTs</td></tr></tbody></table><p>More.</p>", False),
        ("key_facts", "<p>Who</p>", False),
        ("steps", "<p>Sit</p>", True),
    ],
)
def test_what_a_page_would_not_show_whole_is_said(kind, body, whole):
    assert is_drawn(kind, body) is whole
