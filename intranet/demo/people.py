"""The demo's staff: plainly fictional people at both clinics, with credentials in every state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts import tokens
from accounts.competencies import grant_competency
from accounts.credentials import valid_from
from accounts.filing import file_credential, send_back, verify_credential
from accounts.hiring import Place, give_role, hire
from accounts.invitation_mail import settle
from accounts.inviting import give_link, invite, revoke
from accounts.models import (
    Clinic,
    CredentialType,
    Profession,
    QualificationPart,
    Skill,
    TokenScope,
    Training,
    User,
    ValidityRule,
)
from accounts.roles import Role
from accounts.trainings import add_training, verify_training
from intranet.core.time import at_local, organisation_zone
from intranet.demo.documents import certificate
from intranet.reminders.handing_over import Outcome, Result

PASSWORD = "demo-intranet-2026"  # noqa: S105 - the demo's only password, printed at every start
DOMAIN = "clinic.example"

PT, PTA, AIDE, DESK, OTHER = (
    Profession.PT,
    Profession.PTA,
    Profession.AIDE,
    Profession.DESK,
    Profession.OTHER,
)


@dataclass(frozen=True)
class Figure:
    """One fictional person. `at` holds the letters of the clinics, "" is the organisation."""

    name: str
    role: Role
    at: str
    profession: Profession
    title: str = ""
    languages: str = ""
    hours: int = 40
    years: float = 3.0

    @property
    def key(self) -> str:
        return self.name.split()[0].lower()

    @property
    def has_just_come(self) -> bool:
        """A week ago, and has not signed in yet."""
        return self.years * 365 < 14

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@{DOMAIN}"


TH, AS, FD, CM = Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK, Role.MANAGER
STAFF = [
    Figure("Ines Exemplar", Role.CLINICAL_LEAD, "", PT, "PT, DPT, OCS", "English, Spanish", 24, 9),
    Figure("Ada Nullmann", Role.ADMINISTRATOR, "", OTHER, "Administrator", "English, German", 40, 8),
    Figure("Otto Standby", Role.ADMINISTRATOR, "", OTHER, "Administrator", "English", 20, 3),
    Figure("Dana Mockridge", CM, "M", OTHER, "Clinic manager", "English", 40, 6),
    Figure("Rosa Sampleton", CM, "O", PT, "PT, clinic manager", "English, Spanish", 40, 7),
    Figure("Avery Testwell", TH, "M", PT, "PT, DPT", "English", 40, 4),
    Figure("Marcus Demoski", TH, "M", PT, "PT", "English, Polish", 40, 5),
    Figure("Noor Samplesi", TH, "M", PT, "PT, DPT", "English, Arabic, Urdu", 32, 3),
    Figure("Ivo Imaginski", TH, "M", PT, "PT", "English, Polish", 40, 2),
    Figure("Priya Fakenham", TH, "O", PT, "PT, DPT", "English, Hindi", 40, 5),
    Figure("Lena Placeholt", TH, "O", PT, "PT, DPT", "English, German", 40, 6),
    Figure("Owen Mockford", TH, "O", PT, "PT", "English", 40, 3),
    Figure("Hana Pretendova", TH, "O", PT, "PT, DPT", "English, Czech", 32, 1.5),
    Figure("Theo Fictus", TH, "MO", PT, "PT", "English", 40, 4),
    Figure("Sam Invento", TH, "MO", PT, "PT, per diem", "English, Italian", 16, 2),
    Figure("Bea Dummond", AS, "M", PTA, "PTA", "English", 40, 4),
    Figure("Jun Testerly", AS, "M", PTA, "PTA", "English, Korean", 24, 1),
    Figure("Kofi Pretendo", AS, "O", PTA, "PTA", "English, French", 40, 5),
    Figure("Uma Facsimile", AS, "O", PTA, "PTA", "English, Gujarati", 32, 2),
    Figure("Mia Fauxley", AS, "MO", AIDE, "Aide", "English", 24, 1),
    Figure("Kit Counterfoil", AS, "M", AIDE, "Aide", "English, Spanish", 24, 1.2),
    Figure("Carla Madeup", FD, "M", DESK, "Front desk", "English, Spanish", 40, 3),
    Figure("Ravi Nonesuch", FD, "M", DESK, "Front desk", "English, Tamil", 32, 2),
    Figure("Elle Standin", FD, "O", DESK, "Front desk", "English", 40, 4),
    Figure("Fay Imitation", FD, "O", DESK, "Front desk", "", 32, 0.1),
    Figure("Nell Beginner", AS, "M", PTA, "PTA", "", 32, 0.02),
]

# Who may do what: skill code -> who is cleared. Deliberately different, so that the roster has something to say.
CLEARED = {
    "dry-needling-cervical": ["avery", "noor", "priya", "lena", "theo", "sam"],
    "dry-needling-lumbar": ["priya", "theo"],
    "vestibular": ["marcus", "owen", "hana"],
}
# (person, type) -> what is wrong with it. Everything else on file is verified and in date.
TROUBLE = {
    ("lena", "bloodborne-pathogens"): "expired",
    ("jun", "bls"): "expiring",
    ("fay", "hipaa"): "missing",
    ("fay", "harassment-prevention"): "not_verified",
    ("nell", "bls"): "not_verified",
    ("nell", "hipaa"): "missing",
    ("nell", "bloodborne-pathogens"): "missing",
    ("ivo", "infection-prevention"): "not_verified",
    ("kit", "hipaa"): "not_verified",
    ("hana", "mandated-reporter"): "missing",
    ("theo", "hipaa"): "sent_back",
}
UNREADABLE = "The lower half of the page is cut off: the day cannot be read. Scan the whole page."


def load_clinics() -> dict[str, Clinic]:
    """The two clinics, by letter. Addresses are obvious placeholders."""
    rows = [
        ("Mt. Prospect", "mt-prospect", "M", 1, "100 Example Avenue, Mt. Prospect, IL", "847-555-0100", "Cook"),
        ("Oakbrook Terrace", "oakbrook-terrace", "O", 2, "200 Sample Street, Oakbrook Terrace, IL", "630-555-0100", ""),
    ]
    return {
        letter: Clinic.objects.create(
            name=name, slug=slug, letter=letter, number=number, address=address, phone=phone, county=county
        )
        for name, slug, letter, number, address, phone, county in rows
    }


def load_skills(types: dict[str, CredentialType]) -> dict[str, Skill]:
    """The procedures that the roster may ask for, by code."""
    needling = ["pt-licence", "dn-qualification", "dn-skills-check", "bloodborne-pathogens"]
    rows = [
        ("dry-needling-cervical", "Dry needling, neck", "DN neck", "cervical and upper trapezius", needling),
        ("dry-needling-lumbar", "Dry needling, low back", "DN low back", "lumbar and gluteal", needling),
        ("vestibular", "Vestibular rehabilitation", "Vestibular", "", ["pt-licence"]),
    ]
    skills = {}
    for code, name, short_name, region, required in rows:
        skill = Skill.objects.create(
            code=code, name=name, short_name=short_name, region=region, professions=[Profession.PT]
        )
        skill.required_types.set([types[code] for code in required])
        skills[code] = skill
    return skills


def load_staff(clinics: dict[str, Clinic], *, today: date) -> dict[str, User]:
    """Everybody with roles and the demo's password, by given name in lower case."""
    people: dict[str, User] = {}
    password = make_password(PASSWORD)  # once: hashing is slow on purpose, and the demo's password is no secret
    for number, figure in enumerate(STAFF):
        places = [Place(figure.role, clinics[letter]) for letter in figure.at] or [Place(figure.role)]
        user = hire(
            email=figure.email,
            name=figure.name,
            profession=figure.profession,
            places=places,
            start=today - timedelta(days=int(figure.years * 365)),
            by=None,
            title=figure.title,
            languages=[language for language in figure.languages.split(", ") if language],
            weekly_hours=figure.hours,
            phone="" if figure.has_just_come else f"847-555-01{number + 10:02d}",
        )
        user.password = password
        if not figure.has_just_come:
            user.last_login = at_local(today - timedelta(days=1), time(17), organisation_zone())
        user.save(update_fields=["password", "last_login"])
        people[figure.key] = user
    _add_roles(people, clinics, today)
    return people


def _add_roles(people: dict[str, User], clinics: dict[str, Clinic], today: date) -> None:
    """The lead and one manager also treat; a therapist approves the lead's own drafts."""
    start, end = today - timedelta(days=900), today + timedelta(days=180)
    then = at_local(start, time(9), organisation_zone())
    for letter in "MO":
        give_role(people["ines"], Place(TH, clinics[letter]), start=start, by=people["ada"], at=then)
    give_role(people["rosa"], Place(TH, clinics["O"]), start=start, by=people["ada"], at=then)
    give_role(people["lena"], Place(Role.DELEGATED_APPROVER), start=start, end=end, by=people["ines"], at=then)


def load_invitations(people: dict[str, User], clinics: dict[str, Clinic], *, now: datetime) -> None:
    """One that waits, one that is too old, one that was taken back. Nobody gets a mail, and nobody knows the links."""
    asked = [
        ("Wren Notional", "wren.notional@clinic.example", Profession.PT, TH, timedelta(hours=5)),
        ("Odell Specimen", "odell.specimen@clinic.example", Profession.DESK, FD, timedelta(days=4)),
        ("Una Prototype", "una.prototype@clinic.example", Profession.PTA, AS, timedelta(days=9)),
    ]
    for name, email, profession, role, ago in asked:
        place = Place(role, clinics["M"])
        sent = invite(email=email, name=name, profession=profession, place=place, by=people["dana"], at=now - ago)
        give_link(sent, at=now - ago)
        settle(sent, Result(Outcome.SENT), now - ago)
    revoke(sent, by=people["dana"], at=now)


def load_tokens(people: dict[str, User], *, now: datetime) -> None:
    """A program that shows the roster on a screen. Nobody knows its token; whoever looks at the list may revoke it."""
    scopes = [TokenScope.SCHEDULE_READ]
    tokens.make(
        name="Screen at the front desk", scopes=scopes, days=90, by=people["carla"], at=now - timedelta(days=20)
    )


def load_credentials(people: dict[str, User], types: dict[str, CredentialType], *, now: datetime) -> None:
    """A file for everybody: what their profession needs and what their procedures need."""
    today = now.astimezone(people["ines"].zone).date()
    needlers = set(CLEARED["dry-needling-cervical"]) | set(CLEARED["dry-needling-lumbar"])
    for number, (key, user) in enumerate(people.items(), start=1):
        for code, type in types.items():
            wanted = type.required or key in needlers
            if wanted and (not type.professions or user.profession in type.professions):
                _file(user, number, type, TROUBLE.get((key, code), ""), people, today, now)


def load_trainings(people: dict[str, User], types: dict[str, CredentialType], *, now: datetime) -> None:
    """What the needlers have done towards their qualification, and Ivo, who is half way."""
    type = types["dn-qualification"]
    parts = {part.name: part for part in type.parts.all()}
    today = now.astimezone(people["ines"].zone).date()
    neck, back = "cervical and upper trapezius", "lumbar and gluteal"
    for key in CLEARED["dry-needling-cervical"]:
        regions = [neck, back] if key in CLEARED["dry-needling-lumbar"] else [neck]
        for name, amount, first, last in TRAINED:
            named = regions if name == "Practicum" else []
            done = _training(people[key], parts[name], amount, today - timedelta(days=last), named)
            done.first_day = today - timedelta(days=first) if first else None
            add_training(done, by=people[key], at=now - timedelta(days=30))
            verify_training(done, by=people["ines"], at=now - timedelta(days=29))
    ivo = people["ivo"]
    since = _training(ivo, parts["Licensed for a year"], None, today - timedelta(days=700), [])
    course = _training(ivo, parts["Didactic course"], 27, today - timedelta(days=40), [])
    practicum = _training(ivo, parts["Practicum"], 27, today - timedelta(days=12), [neck])
    course.first_day, practicum.first_day = today - timedelta(days=60), today - timedelta(days=14)
    for done in (since, course, practicum):
        add_training(done, by=ivo, at=now - timedelta(days=10))
    for done in (since, course):
        verify_training(done, by=people["ines"], at=now - timedelta(days=8))


# Part, how much, and how many days ago it began and ended.
TRAINED = [
    ("Licensed for a year", None, 0, 1500),
    ("Prerequisites", 50, 930, 900),
    ("Didactic course", 30, 620, 600),
    ("Practicum", 27, 560, 558),
    ("Practicum", 27, 430, 428),
    ("Supervised sessions", 200, 420, 330),
    ("Competency exam", None, 0, 320),
]


def _training(user: User, part: QualificationPart, amount: int | None, last: date, regions: list[str]) -> Training:
    return Training(
        user=user, part=part, amount=amount, last_day=last, attested_by="Sample Needling Academy", regions=regions
    )


def _file(
    user: User, number: int, type: CredentialType, trouble: str, people: dict[str, User], today: date, now: datetime
) -> None:
    if trouble == "missing":
        return
    period = _period(type, trouble, number, today)
    credential = file_credential(
        user=user,
        type=type,
        valid=period,
        reference=f"DEMO-{user.pk:03d}-{type.pk:02d}",
        by=None,
        at=now - timedelta(days=21),
        paper=certificate(user, type, period) if type.needs_document or trouble == "not_verified" else None,
    )
    if trouble == "sent_back":
        send_back(credential, reason=UNREADABLE, by=people["ines"], at=now - timedelta(days=2))
    elif trouble != "not_verified":
        by = people["ines"] if user != people["ines"] else people["rosa"]
        verify_credential(credential, by=by, at=now - timedelta(days=20))


def _period(type: CredentialType, trouble: str, spread: int, today: date) -> DateRange:
    """A period that fits the type's rule and the state wanted; `spread` keeps people from all expiring on one day."""
    if trouble == "expired":
        return DateRange(today - timedelta(days=373), today - timedelta(days=8))
    if trouble == "expiring":
        return DateRange(today - timedelta(days=330), today + timedelta(days=19))
    if type.rule == ValidityRule.ENTERED:
        return valid_from(type, today - timedelta(days=60), entered_last_day=today + timedelta(days=200 + spread))
    if type.rule == ValidityRule.CALENDAR_YEAR:
        return valid_from(type, max(date(today.year, 1, 1), today - timedelta(days=100)))
    if type.rule in {ValidityRule.EVEN_YEARS, ValidityRule.ODD_YEARS}:
        end = valid_from(type, today).upper
        return DateRange(end.replace(year=end.year - 2), end)
    return valid_from(type, today - timedelta(days=40 + spread * 5))


def load_competencies(people: dict[str, User], skills: dict[str, Skill], *, now: datetime) -> None:
    """Sign-offs by the clinical lead, for everybody but herself: nobody signs off their own competency."""
    lead = people["ines"]
    zone = lead.zone
    today = now.astimezone(zone).date()
    for code, names in CLEARED.items():
        for place, name in enumerate(names):
            start = at_local(today - timedelta(days=300), time.min, zone)
            end = at_local(today + timedelta(days=38 if name == "sam" else 120 + 40 * place), time.min, zone)
            grant_competency(people[name], skills[code], start=start, end=end, by=lead, at=start)


def logins() -> list[dict[str, str]]:
    """One login per role and clinic, as `manage.py demo_logins` prints them. Empty when this is not the demo."""
    if not settings.DEMO:
        return []
    wanted = [
        ("Therapist", "Mt. Prospect", "avery"),
        ("Therapist", "Oakbrook Terrace", "priya"),
        ("Therapist", "Both clinics", "theo"),
        ("Assistant (PTA)", "Mt. Prospect", "bea"),
        ("Front desk", "Mt. Prospect", "carla"),
        ("Clinic manager", "Mt. Prospect", "dana"),
        ("Clinic manager", "Oakbrook Terrace", "rosa"),
        ("Clinical lead", "Whole organisation", "ines"),
        ("Administrator", "Whole organisation", "ada"),
    ]
    emails = {figure.key: figure.email for figure in STAFF}
    present = set(User.objects.filter(email__in=emails.values(), is_active=True).values_list("email", flat=True))
    return [
        {"role": role, "clinic": clinic, "email": emails[key], "password": PASSWORD}
        for role, clinic, key in wanted
        if emails[key] in present
    ]
