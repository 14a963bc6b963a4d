from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from intranet.reminders.composing import compose
from intranet.reminders.gist import gist, rest
from tests.intranet.reminders import factories


@pytest.mark.parametrize(
    ("paragraphs", "shown", "opened"),
    [
        ([], "", []),
        (["One."], "One.", []),
        (["One.", "Two.", "Three."], "One.", ["Two.", "Three."]),
        (["Who has not:", "Avery.", "Bea."], "Who has not: Avery.", ["Bea."]),
        (["Nothing follows:"], "Nothing follows:", []),
        (["At 7:00 AM.", "Two."], "At 7:00 AM.", ["Two."]),
    ],
)
def test_a_list_shows_the_first_paragraph_and_what_it_leads_to(paragraphs, shown, opened):
    assert (gist(paragraphs), rest(paragraphs)) == (shown, opened)


LIST = "Who has not acknowledged it:\n\nAvery Testwell, on Monday.\n\nBea Dummond, on Tuesday."


@pytest.mark.django_db
def test_no_list_ends_with_a_colon(therapist, sign_in, at):
    reminders = [
        factories.released(recipient=therapist, at=at, title=f"Title {number}", body=LIST) for number in (1, 2)
    ]
    message = message_from_bytes(bytes(compose(therapist, reminders, at).payload), policy=policy.default)
    page = sign_in(therapist).get("/inbox/").content.decode()
    assert page.count('<span class="lead">Who has not acknowledged it: Avery Testwell, on Monday.</span>') == 2
    assert page.count("<p>Bea Dummond, on Tuesday.</p>") == 2
    for part in message.iter_parts():
        assert (
            " ".join(part.get_content().split()).count("Who has not acknowledged it: Avery Testwell, on Monday.") == 2
        )
        assert "Bea" not in part.get_content()
