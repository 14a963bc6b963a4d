"""Workers, beats, PostgreSQL and the broker, killed, stopped or silent: nothing is lost, every second copy is explained."""

from __future__ import annotations

import pytest

from tests.faults.arena import Arena, Fault
from tests.faults.faults import OF_PROCESSES

pytestmark = [pytest.mark.fault, pytest.mark.django_db]


@pytest.mark.parametrize("fault", OF_PROCESSES, ids=lambda fault: fault.name)
def test_the_promise_is_kept(arena: Arena, fault: Fault):
    outcome = arena.run(fault, seed=1)
    assert not outcome.violations, str(outcome)
