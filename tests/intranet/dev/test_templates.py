"""The template checks see what they are for, and nothing else."""

from __future__ import annotations

import pytest

from intranet.dev.templates import PYTHON_RULES, STYLE, faults_in, faults_in_template, may_be_in


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('<p\n  style="color: red">', "an inline style"),
        ("<style>p {}</style>", "a style element"),
        ("<script>start()</script>", "an inline script"),
        ('<script type="module">start()</script>', "an inline script"),
        ('<button type="button" onclick="go()">', "an inline event handler"),
        ('<a href="javascript:go()">', "a javascript: address"),
        ("{{ text|safe }}", "the safe filter"),
        ("{% autoescape off %}", "escaping switched off"),
        ('<form method="post"><button>Go</button></form>', "a POST form without csrf_token"),
    ],
)
def test_breach_is_found_with_its_line(text: str, fault: str):
    assert list(faults_in_template(f"<h1>Title</h1>\n{text}")) == [(2, fault)]


@pytest.mark.parametrize(
    "text",
    [
        '<p class="style">The style of an online shop: one=1</p>',
        '<script src="{% static "a.js" %}"></script>',
        '<script type="module" nonce="{{ nonce }}"></script>',
        '<form method="post">{% csrf_token %}<button>Go</button></form>',
        '<form method="get"><button>Go</button></form>',
        '{# <p style="x"> #}{% comment %}<style>{% endcomment %}',
        "{{ text|safe_name }}",
        '<a href="{% url "x" %}"{% if one == day %} aria-current="date"{% endif %}>',
    ],
)
def test_what_is_allowed_is_not_found(text: str):
    assert list(faults_in_template(text)) == []


def test_markup_made_in_python_is_found():
    assert list(faults_in("a = 1\nb = mark_safe(a)\n", PYTHON_RULES)) == [(2, "mark_safe")]
    assert list(faults_in("def tag() -> SafeString: ...", PYTHON_RULES)) == []


def test_only_a_mail_has_its_styles_in_its_head():
    assert may_be_in("email/base.html", STYLE)
    assert not may_be_in("base.html", STYLE)
    assert not may_be_in("email/base.html", "an inline script")
