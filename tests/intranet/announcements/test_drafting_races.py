"""The same page at the same moment twice: it begins one draft."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest

from accounts.models import User
from intranet.announcements import drafting
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import publish
from tests.intranet.announcements import factories
from tests.races import outcomes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("rival", "refusals"), [(drafting.save, {"changed-meanwhile"}), (publish, {"changed-meanwhile", "gone"})]
)
def test_one_of_two_saves_of_a_page_begins_it(mt_prospect, manager: User, therapist: User, at, rival, refusals: set):
    draft, key = factories.draft(to=[mt_prospect]), uuid4()
    found = outcomes(partial(deed, draft, key=key, by=manager, at=at) for deed in (drafting.save, rival))
    assert found.count("done") == 1
    assert {*found} - {"done"} <= refusals
    assert Announcement.objects.count() == 1
