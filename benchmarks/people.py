"""How much longer pages about people take with 5,000 of them than with 10: ratios of one run on one machine.

`make bench` runs it. Seconds differ from machine to machine and from hour to hour; a ratio tells whether a page reads
what it shows, or everybody.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from time import perf_counter

import django
from django.conf import settings

FEW, MANY, TIMES = 10, 5000, 7
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


def main() -> None:
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    name = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        measure()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


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
    few = {name: seconds(browser, address) for name, address in addresses.items()}
    crowd.grow(MANY)
    many = {name: seconds(browser, address) for name, address in addresses.items()}
    print(f"{'median of ' + str(TIMES):<26}{FEW:>8} people{MANY:>8} people   ratio")
    for page in PAGES:
        print(f"{page:<26}{few[page] * 1000:>12.1f} ms{many[page] * 1000:>12.1f} ms{many[page] / few[page]:>8.1f}")


def seconds(browser: object, address: str) -> float:
    taken = []
    for _ in range(TIMES + 1):
        begun = perf_counter()
        response = browser.get(address)  # type: ignore[attr-defined]
        taken.append(perf_counter() - begun)
        assert response.status_code == 200, address  # noqa: S101
    return median(taken[1:])


if __name__ == "__main__":
    main()
