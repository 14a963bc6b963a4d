"""The whole demo, built only through the actions that people use, so that it cannot contain what the rules refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from accounts.defaults import load_credential_types
from intranet.core.time import local_day
from intranet.demo import people as demo_people
from intranet.demo.absences import load_absences
from intranet.demo.announcements import load_announcements, load_held, load_receipts
from intranet.demo.protocols import load_acknowledgements, load_protocols, load_stops
from intranet.demo.roster import load_roster
from intranet.demo.swaps import load_swaps
from intranet.search.usual import add_usual


@transaction.atomic
def load(*, now: datetime, say: Callable[[str], object]) -> None:
    """Load everything or nothing. `now` fixes the middle of the demo's four weeks."""
    say("  people, credentials and competencies")
    clinics = demo_people.load_clinics()
    today = local_day(now, clinics["M"].zone)
    types = load_credential_types()
    skills = demo_people.load_skills(types)
    people = demo_people.load_staff(clinics, today=today)
    demo_people.load_trainings(people, types, now=now)
    demo_people.load_credentials(people, types, now=now)
    demo_people.load_invitations(people, clinics, now=now)
    demo_people.load_tokens(people, now=now)
    demo_people.load_competencies(people, skills, now=now)
    managers = {"M": people["dana"], "O": people["rosa"]}
    say("  protocols and who has acknowledged them")
    protocols = load_protocols(
        authors=[people["avery"], people["priya"], people["theo"]],
        lead=people["ines"],
        approver=people["lena"],
        clinics=clinics,
        skills=skills,
        now=now,
    )
    load_acknowledgements(protocols, people, now=now)
    load_stops(protocols, people, managers=managers, clinics=clinics, now=now)
    say("  search words")
    add_usual(by=people["ines"], at=now)
    say("  announcements and who has read them")
    posted = load_announcements(
        lead=people["ines"], managers=managers, administrator=people["ada"], clinics=clinics, now=now
    )
    load_receipts(posted, people, now=now)
    load_held(people["ravi"], manager=managers["M"], clinic=clinics["M"], now=now)
    say("  four weeks of roster")
    load_roster(clinics=clinics, people=people, managers=managers, skills=skills, today=today)
    load_absences(clinics=clinics, people=people, managers=managers, today=today)
    load_swaps(clinics=clinics, people=people, managers=managers, today=today)
