"""How long the week board takes with 10, 60 and 200 people at two clinics, five shifts each.

`make bench` runs it. The number of queries is the same (a test says so); what grows is what is drawn.
"""

from __future__ import annotations

from datetime import date, timedelta

from benchmarks.measuring import each, in_a_database_of_its_own, table

FEW, USUAL, MANY = 10, 60, 200
PAGES = {
    "both clinics": "/roster/?week={monday}&clinic=all",
    "one clinic": "/roster/?week={monday}&clinic=mt-prospect",
    "one day, as on a phone": "/roster/?week={monday}&clinic=all&view=day",
    "placing a shift": "/roster/?week={monday}&clinic=all&place={shift}",
    "selecting several": "/roster/?week={monday}&clinic=all&select=1",
}


def measure() -> None:
    from django.test import Client
    from django.utils import timezone

    from accounts.models import Clinic, Profession
    from accounts.roles import Role
    from intranet.core.time import monday_of
    from tests import factories
    from tests.conftest import enter
    from tests.scheduling import factories as scheduling

    monday = monday_of(timezone.localdate()) + timedelta(days=7)
    clinics = [
        factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect"),
        factories.clinic(name="Oakbrook Terrace", letter="O", number=2, slug="oakbrook-terrace"),
    ]
    manager = factories.staff(name="Dana Mockridge", role=Role.MANAGER, clinics=clinics)
    for clinic in clinics:
        scheduling.opening(clinic=clinic)
        for weekday in range(5):
            scheduling.need(clinic=clinic, weekday=weekday, count=3)
    shift = scheduling.shift(clinic=clinics[0], day=monday)
    browser = Client()
    enter(browser, manager)

    def grow(number: int, clinic: Clinic, first: date) -> None:
        for one in range(number):
            person = factories.person(profession=Profession.PT)
            factories.membership(user=person, role=Role.THERAPIST, clinic=clinic)
            for day in range(5):
                make = scheduling.published if one % 2 else scheduling.shift
                make(clinic=clinic, day=first + timedelta(days=day), staff=person)

    addresses = {name: address.format(monday=monday, shift=shift.pk) for name, address in PAGES.items()}
    taken, people = [], 0
    for until in (FEW, USUAL, MANY):
        for clinic in clinics:
            grow((until - people) // 2, clinic, monday)
        people = until
        taken.append(each(browser, addresses))
    table(taken[0], taken[1], of=(f"{FEW} people", f"{USUAL} people"))
    table(taken[0], taken[2], of=(f"{FEW} people", f"{MANY} people"))


if __name__ == "__main__":
    in_a_database_of_its_own(measure)
