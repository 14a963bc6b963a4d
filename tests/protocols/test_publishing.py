from __future__ import annotations

from datetime import timedelta

import pytest

from protocols import drafting, publishing
from protocols.models import Status
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def test_first(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    assert one.status(at) == Status.IN_FORCE
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + timedelta(days=1))
    assert two.number == 2
    from protocols.acknowledging import must_acknowledge, duties, outstanding
    from protocols.reporting import report, as_csv
    late = at + timedelta(days=20)
    print(list(duties(late)), list(outstanding(late)), list(must_acknowledge(therapist, at=late)))
    r = report(late, clinics=None)
    print(as_csv(r), r.totals)
    factories.acknowledgement(version=two, by=therapist, at=late)
    print(list(duties(late)), list(outstanding(late)), list(must_acknowledge(therapist, at=late)))
    r = report(late, clinics=None)
    print(as_csv(r), r.totals)
    assert 0
