"""How much longer the library takes with 5,000 protocols than with 12, and the report with 100 times the duties.

`make bench` runs it. Seconds differ from machine to machine and from hour to hour; a ratio tells whether a page reads
what it shows, or everything.
"""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import each, in_a_database_of_its_own, table

FEW, MANY = 12, 5000
LIBRARY = {
    "library": "/protocols/",
    "library, recently changed": "/protocols/?sort=recent&category=safety",
    "library, to acknowledge": "/protocols/?mine=on",
    "library, words": "/protocols/?q=shoulder",
    "library, a word begun": "/protocols/?q=should",
    "library, a slip": "/protocols/?q=shouldder",
    "search": "/search/?q=shoulder",
    "reading page": "/protocols/protocol-number-7/",
    "home of a therapist": "/",
    "API, protocols": "/api/v1/protocols/",
    "API, search": "/api/v1/search/?q=shoulder",
}
PEOPLE, PROTOCOLS, TENFOLD = 40, 15, 10
REPORT = {
    "report": "/protocols/report/",
    "report, something due": "/protocols/report/?unfinished=on",
    "report, as CSV": "/protocols/report/csv/",
    "API, report": "/api/v1/acknowledgement-report/",
}


def library() -> None:
    from django.test import Client
    from django.utils import timezone

    from accounts.roles import Role
    from tests import factories
    from tests.conftest import enter
    from tests.shelf import Shelf

    clinic = factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect")
    lead = factories.staff(name="Ines Exemplar", role=Role.CLINICAL_LEAD, clinics=[None])
    author = factories.staff(name="Theo Fictus", role=Role.THERAPIST, clinics=[clinic])
    reader = factories.staff(name="Avery Testwell", role=Role.THERAPIST, clinics=[clinic])
    shelf, browser = Shelf(author, lead, timezone.now()), Client()
    enter(browser, reader)
    shelf.grow(FEW)
    few = each(browser, LIBRARY)
    shelf.grow(MANY)
    table(few, each(browser, LIBRARY), of=(f"{FEW} protocols", f"{MANY} protocols"))


def report() -> None:
    from django.test import Client
    from django.utils import timezone

    from accounts.roles import Role
    from tests import factories
    from tests.conftest import enter
    from tests.crowd import Crowd
    from tests.shelf import Shelf

    now = timezone.now()
    clinic = factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect")
    lead = factories.staff(name="Ines Exemplar", role=Role.CLINICAL_LEAD, clinics=[None])
    author = factories.staff(name="Theo Fictus", role=Role.THERAPIST, clinics=[clinic])
    manager = factories.staff(name="Dana Mockridge", role=Role.MANAGER, clinics=[clinic])
    crowd, shelf, browser = Crowd(clinic, lead, now), Shelf(author, lead, now), Client()
    enter(browser, manager)
    crowd.grow(PEOPLE)
    shelf.grow(PROTOCOLS, signed=nine_of_ten())
    few = each(browser, REPORT)
    crowd.grow(PEOPLE * TENFOLD)
    shelf.grow(PROTOCOLS * TENFOLD, signed=nine_of_ten())
    names = tuple(f"{PEOPLE * times} x {PROTOCOLS * times}" for times in (1, TENFOLD))
    table(few, each(browser, REPORT), of=names)


def nine_of_ten() -> list[Any]:
    from accounts.models import User

    return [person for person in User.objects.filter(memberships__role="therapist") if person.pk % 10]


if __name__ == "__main__":
    in_a_database_of_its_own(library)
    in_a_database_of_its_own(report)
