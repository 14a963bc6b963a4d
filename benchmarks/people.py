"""How much longer pages about people take with 5,000 of them than with 10: ratios of one run on one machine.

`make bench` runs it. Seconds differ from machine to machine and from hour to hour; a ratio tells whether a page reads
what it shows, or everybody.
"""

from __future__ import annotations

from datetime import timedelta

from benchmarks.measuring import each, in_a_database_of_its_own, table

FEW, MANY = 10, 5000
PAGES = {
    "directory": "/people/",
    "directory, words": "/people/?q=number7",
    "directory, nobody found": "/people/?q=nubmer",
    "directory, on today": "/people/?today=on",
    "directory, may do": "/people/?skill=procedure",
    "person": "/people/{person}/",
    "new starters": "/starters/",
    "credentials that end": "/credentials/",
    "audit log": "/people/audit/",
    "home of a manager": "/",
    "API, people": "/api/v1/people/",
}


def measure() -> None:
    from django.test import Client
    from django.utils import timezone

    from accounts.roles import Role
    from protocols.publishing import Readers
    from tests import factories
    from tests.conftest import enter
    from tests.crowd import Crowd
    from tests.protocols import factories as protocols

    now = timezone.now()
    clinic = factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect")
    lead = factories.staff(name="Ines Exemplar", role=Role.CLINICAL_LEAD, clinics=[None])
    author = factories.staff(name="Theo Fictus", role=Role.THERAPIST, clinics=[clinic])
    manager = factories.staff(name="Dana Mockridge", role=Role.MANAGER, clinics=[clinic])
    readers = [Readers(Role.THERAPIST, clinic, must_acknowledge=True)]
    protocols.published(by=author, lead=lead, at=now - timedelta(days=60), readers=readers)
    crowd = Crowd(clinic, lead, now)
    browser = Client()
    enter(browser, manager)
    addresses = {name: address.format(person=author.pk) for name, address in PAGES.items()}

    crowd.grow(FEW)
    few = each(browser, addresses)
    crowd.grow(MANY)
    table(few, each(browser, addresses), of=(f"{FEW} people", f"{MANY} people"))


if __name__ == "__main__":
    in_a_database_of_its_own(measure)
