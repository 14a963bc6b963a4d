"""One of everything, in the state in which permissions differ, and every request that the product takes about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone

from accounts import lost_factor, tokens
from accounts.filing import fingerprint, send_back
from accounts.hiring import Place
from accounts.inviting import invite
from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements import drafting as drafting_news
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell
from intranet.announcements.correcting import Wording, correct
from intranet.announcements.publishing import publish, withdraw
from intranet.announcements.writing import Draft
from intranet.core.papers import Kind, Paper
from intranet.reminders import addresses
from intranet.search import misses
from intranet.search.models import Miss
from protocols import (
    commenting,
    importing,
    opening,
    pictures,
    previewing,
    prints,
    publishing,
    readers,
    reviewing,
    suspending,
    waiving,
)
from protocols.publishing import Readers
from scheduling import calendar_addresses, claiming, offering
from scheduling.models import OfferKind, OpenShifts
from scheduling.my_schedule import may_have_schedule
from scheduling.offers import Wanted
from scheduling.policies import Policy
from tests import factories
from tests.intranet.reminders import factories as reminders
from tests.intranet.search import factories as search
from tests.policies import roster_setup
from tests.protocols import factories as protocols
from tests.protocols import file_samples
from tests.scheduling import factories as scheduling

CANARY = "Canary"


@dataclass
class World:
    """The objects by name. Everything private belongs to Mt. Prospect, to its therapist, or to the floater."""

    things: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.things[name]


def build(cast: dict[str, User], mt_prospect: Clinic, at: datetime) -> World:
    author, lead, manager, therapist = cast["floater"], cast["clinical_lead"], cast["manager"], cast["therapist"]
    before = at - timedelta(days=30)
    only_here = [Readers(Role.THERAPIST, mt_prospect, must_acknowledge=True)]
    first = protocols.published(
        by=author, lead=lead, at=before, title=f"{CANARY} current", body=f"<p>{CANARY} replaced.</p>", readers=only_here
    )
    second = protocols.next_version(
        after=first,
        by=author,
        lead=lead,
        at=before + timedelta(days=10),
        body=f"<p>{CANARY} words.</p>",
        readers=only_here,
    )
    draft = protocols.draft(by=therapist, at=at, title=f"{CANARY} draft", body=f"<p>{CANARY} drafted.</p>")
    draft = protocols.with_files(draft, by=therapist, at=at, words=f"{CANARY} unshown")
    loose = pictures.add(draft, file_samples.drawn("#33a"), description=f"{CANARY} loose", by=therapist, at=at)
    illustrated = protocols.with_files(
        protocols.draft(by=author, at=before, title=f"{CANARY} illustrated"),
        by=author,
        at=before,
        words=f"{CANARY} shown",
    )
    illustrated = publishing.submit(illustrated, by=author, at=before)
    illustrated = publishing.approve(illustrated, by=lead, at=before, token=illustrated.token)
    illustrated = publishing.publish(illustrated, by=lead, at=before, readers=only_here)
    signature = protocols.acknowledgement(version=illustrated, by=therapist, at=at)
    review = protocols.in_review(by=therapist, at=at, title=f"{CANARY} awaiting")
    approved = protocols.approved(by=therapist, approver=lead, at=at, title=f"{CANARY} approved")
    to_therapists, due_on = [Cell(mt_prospect, Role.THERAPIST)], at.date() + timedelta(days=5)
    slip = NewFile(f"{CANARY} slip", Paper(Kind.PDF, f"%PDF-1.4 {CANARY} slip".encode(), 1, ""))
    form = NewFile(f"{CANARY} outworn", Paper(Kind.PDF, f"%PDF-1.4 {CANARY} outworn".encode(), 1, ""))
    announcement = publish(
        Draft("Old news", f"<p>{CANARY} outdated.</p>", to_therapists, due_on=due_on, added=[slip, form]),
        by=manager,
        at=before,
    )
    outworn = announcement.attachments.get(name=form.name)
    wording = Wording(
        *(f"{CANARY} news", "<p>Words.</p>", f"{CANARY} hint"),
        due_on=due_on,
        resets_receipts=False,
        removed=[outworn.key],
    )
    announcement = correct(announcement, wording, token=1, by=manager, at=before)
    withdrawn = publish(Draft(f"{CANARY} recanted", f"<p>{CANARY} unsaid.</p>", to_therapists), by=manager, at=before)
    withdrawn = withdraw(withdrawn, by=manager, at=before)
    former = factories.staff(name="Past Manager", role=Role.MANAGER, clinics=[mt_prospect])
    held = publish(
        Draft(f"{CANARY} withheld", "<p>Soon.</p>", to_therapists, appears=at + timedelta(days=1)), by=former, at=at
    )
    factories.as_if_never(former.memberships.all())
    scheduled = publish(
        Draft(f"{CANARY} scheduled", "<p>Soon.</p>", to_therapists, appears=at + timedelta(days=2)), by=manager, at=at
    )
    scribble = NewFile(f"{CANARY} scribble", Paper(Kind.PDF, f"%PDF-1.4 {CANARY} scribble".encode(), 1, ""))
    begun = drafting_news.save(
        Draft(f"{CANARY} begun", "<p>So far.</p>", to_therapists, added=[scribble]), by=manager, at=at
    )
    shift = scheduling.shift(clinic=mt_prospect, day=scheduling.MONDAY)
    published = scheduling.published(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=1), staff=therapist)
    away = scheduling.time_off(
        person=therapist, clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=3), reason=f"{CANARY} wedding"
    )
    availability = scheduling.availability(person=therapist, note=f"{CANARY} class")
    free = scheduling.published(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=3), times="7-12")
    scheduling.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    wanted = scheduling.published(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=3), times="13-17")
    asked = claiming.claim(wanted, sequence=0, by=therapist, at=at)
    regretted = scheduling.published(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=2), times="13-17")
    regretted = claiming.claim(regretted, sequence=0, by=therapist, at=at)
    claiming.decline(regretted, by=manager, at=at, answer=f"{CANARY} regret")
    gifts = [
        scheduling.published(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=day), times=times, staff=author)
        for day in (4, 5)
        for times in ("7-12", "13-17")
    ]
    offered, taken, refused = (
        offering.offer(Wanted(OfferKind.GIVE, gift, to=therapist, note=f"{CANARY} gift"), by=author, at=at)
        for gift in gifts[:3]
    )
    offering.offer(Wanted(OfferKind.GIVE, gifts[3], note=f"{CANARY} anybody"), by=author, at=at)
    taken, refused = (offering.take(made, version=1, by=therapist, at=at) for made in (taken, refused))
    offering.refuse(refused, version=2, by=manager, at=at, answer=f"{CANARY} refusal")
    licence = factories.credential_type(name=f"{CANARY} licence", code="canary-licence", required=False)
    credential = factories.credential(user=therapist, type=licence)
    factories.document(credential=credential)
    returned = factories.credential(
        user=therapist, type=factories.credential_type(name=f"{CANARY} card", required=False)
    )
    send_back(returned, reason=f"{CANARY} unreadable", by=manager, at=at)
    plain = factories.credential_type(code="plain-type", name="Plain")
    checked = factories.credential(user=therapist, type=plain, end=at.date(), verified_by=manager)
    skill = factories.skill(code="canary-skill", name="Procedure", region=f"{CANARY} region")
    competency = factories.competency(user=therapist, skill=skill, granted_by=lead)
    qualification = factories.credential_type(
        code="canary-qualification", name=f"{CANARY} qualification", required=False
    )
    part = factories.part(type=qualification, name=f"{CANARY} course")
    training = factories.training(user=therapist, towards=part)
    invitation = invite(
        email="canary.newcomer@clinic.example",
        name=f"{CANARY} Newcomer",
        profession="pt",
        place=Place(Role.THERAPIST, mt_prospect),
        by=manager,
        at=at,
    )
    role = cast["assistant"].memberships.get()
    leaver = factories.staff(name="Gone Leaver", role=Role.THERAPIST, clinics=[mt_prospect])
    scheduling.shift(clinic=mt_prospect, day=scheduling.MONDAY + timedelta(days=2), staff=leaver)
    starter = factories.person(name="Nina Newcomer", email="starter@clinic.example")
    factories.membership(user=starter, role=Role.FRONT_DESK, clinic=mt_prospect, start=at.date())
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    browser = UserSession.objects.create(user=therapist, ip="192.0.2.7", session_key="elsewhere", user_agent="Firefox")
    reminder = reminders.released(recipient=therapist, at=at)
    refused = reminders.delivery(
        recipient=therapist,
        at=at,
        reminders=[reminders.released(recipient=therapist, at=at, title=f"{CANARY} reminded", read_at=at)],
        payload=f"Subject: {CANARY} mailed\r\n\r\n{CANARY} mailed\r\n".encode(),
        state="dead",
        reason="The mail server refused it for good.",
        last_reply=f"{CANARY} relay",
    )
    trouble = addresses.flag(therapist, therapist.email, source=addresses.Source.RCPT, at=at, reply=f"{CANARY} mailbox")
    to_come = reminders.reminder(
        recipient=therapist,
        at=published.start - timedelta(hours=13),
        kind="shift-tomorrow",
        subject_type="scheduling.publishedshift",
        subject_id=published.pk,
        occasion=f"{published.day} #0",
    )
    for person in cast.values():
        if may_have_schedule(person):
            calendar_addresses.new_address(person, at=at)
    token, _ = tokens.make(name=f"{CANARY} display", scopes=["inbox:read"], days=90, by=therapist, at=at)
    first_administrator = factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
    TOTP.activate(therapist, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    reset = lost_factor.start(therapist, reason=f"{CANARY} lost", by=first_administrator, at=at)
    locked_out = factories.staff(name="Lou Outlocked", role=Role.THERAPIST, clinics=[mt_prospect])
    TOTP.activate(locked_out, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    everywhere = [Readers(Role.THERAPIST)]
    looked_at = protocols.published(by=author, lead=lead, at=before, title="Looked at", readers=everywhere)
    reviewed = reviewing.review(looked_at, note=f"{CANARY} note", by=lead, at=at)
    [suspension] = suspending.suspend(second, clinics=[mt_prospect], reason=f"{CANARY} stop", by=manager, at=at)
    readers.bookmark(second.protocol, by=therapist, at=at)
    waiver = waiving.waive(second, therapist, reason=f"{CANARY} leave", by=manager, at=at)
    comment = commenting.comment(review, text=f"{CANARY} comment", by=therapist, at=at)
    problem = readers.report_problem(second, text=f"{CANARY} problem", by=therapist, at=at)
    words = importing.read_content(f"{CANARY} title\n\n{CANARY} imported".encode(), "canary-file.txt")
    preview = previewing.prepare(words, file_name=f"{CANARY}-file.txt", by=therapist, at=at)
    alias = search.alias(by=lead, at=at, term=f"{CANARY} alias")
    misses.note(f"{CANARY} miss", at.date())
    return World(
        {
            "alias": alias,
            "refused_mail": refused,
            "trouble": trouble,
            "to_come": to_come,
            "miss": Miss.objects.get(),
            "preview": preview,
            "problem": problem,
            "comment": comment,
            "suspension": suspension,
            "waiver": waiver,
            "looked_at": looked_at,
            "reviewed": reviewed,
            "token": token,
            "reset": reset,
            "locked_out": locked_out,
            "first": first,
            "second": second,
            "draft": draft,
            "loose": loose,
            "attachment": draft.attachments.get(),
            "illustrated": illustrated,
            "signature": signature,
            "illustration": illustrated.pictures.get(),
            "handout": illustrated.attachments.get(),
            "review": review,
            "approved": approved,
            "announcement": announcement,
            "slip": announcement.attachments.get(name=slip.name),
            "outworn": outworn,
            "withdrawn": withdrawn,
            "held": held,
            "scheduled": scheduled,
            "begun": begun,
            "scribble": begun.attachments.get(),
            "shift": shift,
            "week": shift.week,
            "published": published,
            "away": away,
            "availability": availability,
            "free": free,
            "asked": asked,
            "offered": offered,
            "taken": taken,
            "credential": credential,
            "returned": returned,
            "checked": checked,
            "competency": competency,
            "training": training,
            "part": part,
            "reminder": reminder,
            "invitation": invitation,
            "browser": browser,
            "role": role,
            "assistant": cast["assistant"],
            "leaver": leaver,
            "starter": starter,
            "therapist": therapist,
            "clinic": mt_prospect,
            **roster_setup.build(mt_prospect, manager, CANARY, at),
        }
    )


@dataclass(frozen=True)
class Ask:
    """One request: a name, a method, where to, and what is sent along."""

    name: str
    method: str
    address: Callable[[World], str]
    data: Callable[[World], dict[str, Any]] = lambda world: {}

    @property
    def id(self) -> str:
        return f"{self.method} {self.name}"


def _of(name: str, tail: str = "") -> Callable[[World], str]:
    """The address below a protocol."""
    return lambda world: f"/protocols/{world.things[name].protocol.slug}/{tail}"


def _pk(prefix: str, name: str, tail: str = "") -> Callable[[World], str]:
    def address(world: World) -> str:
        thing: Model = world.things[name]
        return f"{prefix}{thing.pk}/{tail}"

    return address


def _at(address: str) -> Callable[[World], str]:
    return lambda world: address


def _these_mails(world: World) -> dict[str, Any]:
    return {"mails": [world.refused_mail.pk]}


def _write_off_mails(world: World) -> dict[str, Any]:
    return _these_mails(world) | {"why": "Told by phone."}


def _write_off_page(world: World) -> dict[str, Any]:
    return {"mail": world.refused_mail.pk, "why": "Told by phone."}


def _new_alias(world: World) -> dict[str, Any]:
    return {"term": "TKA", "means": "total knee", "token": 1}


def _tomorrow(world: World) -> dict[str, Any]:
    return {"until": "2026-11-26T08:00:00-06:00"}


def _chosen(world: World) -> dict[str, Any]:
    return {"ids": [world.things["reminder"].pk]}


def _ticked(world: World) -> dict[str, Any]:
    return {"reminder": [world.things["reminder"].pk]}


def _quiet(world: World) -> dict[str, Any]:
    return {"starts": "21:00", "ends": "06:00"}


def _hour(world: World) -> dict[str, Any]:
    day = scheduling.MONDAY.isoformat()
    return {
        "clinic": world.clinic.slug,
        "position": "therapist",
        "start": f"{day}T09:00:00-06:00",
        "end": f"{day}T12:00:00-06:00",
    }


def _first(world: World) -> dict[str, Any]:
    return {"version": 1}


def _this_draft(world: World) -> dict[str, Any]:
    return _first(world) | {"protocol": world.draft.protocol.slug}


def _decline(world: World) -> dict[str, Any]:
    return {"do": "decline", "version": 1, "answer": "Two are away."}


def _line(world: World) -> dict[str, Any]:
    return {"wish": "preferred", "weekday": "1", "first_day": "2026-12-01"}


def _new_picture(world: World) -> dict[str, Any]:
    return _this_draft(world) | {"description": "A knee", "picture": _file(factories.png(), "a.png")}


def _new_import(world: World) -> dict[str, Any]:
    return {"file": _file(b"Falls\n\nStand up.", "falls.txt")}


def _new_attachment(world: World) -> dict[str, Any]:
    return _this_draft(world) | {"name": "New", "file": _file(factories.pdf(), "a.pdf")}


def _file(content: bytes, name: str) -> Any:
    return SimpleUploadedFile(name, content)


def _new_announcement(world: World) -> dict[str, Any]:
    return {"title": "T", "body": "Words.", "audience": ["therapist@mt-prospect"]}


def _news_seen(world: World) -> dict[str, Any]:
    return {"token": 1}


def _news_kept(world: World) -> dict[str, Any]:
    return _new_announcement(world) | {"token": 1}


def _news_attached(world: World) -> dict[str, Any]:
    return {"token": 1, "file": _file(factories.pdf(), "a.pdf")}


def _news_corrected(world: World) -> dict[str, Any]:
    said = {"title": "T", "body": "<p>Words.</p>", "note": "The hour.", "token": 2}
    return said | {"due": "2026-12-01", "due_on": "2026-12-01", "resets_receipts": False}


def _news_file(news: str, file: str, prefix: str = "/announcements/") -> Callable[[World], str]:
    return lambda world: f"{prefix}{world.things[news].pk}/files/{world.things[file].key}/"


def _scribble(world: World) -> str:
    return f"{_news_file('begun', 'scribble', NEWS_DRAFTS)(world)}?token=1"


def _new_invitation(world: World) -> dict[str, Any]:
    at = {"role": "therapist", "clinic": world.clinic.pk}
    return {"name": "Nina Newcomer", "email": "nina@clinic.example", "profession": "pt"} | at


def _new_role(world: World) -> dict[str, Any]:
    return {"role": "front_desk", "clinic": world.clinic.pk, "first": "2026-12-01"}


def _api_role(world: World) -> dict[str, Any]:
    return {"person": world.assistant.pk, "role": "front_desk", "clinic": "mt-prospect", "first": "2026-12-01"}


def _api_invitation(role: str) -> dict[str, Any]:
    who = {"name": "Nina Newcomer", "email": "nina@clinic.example", "profession": "pt"}
    return who | {"role": role, "clinic": "mt-prospect"}


def _new_token(world: World) -> dict[str, Any]:
    return {"name": "Wall display", "scopes": ["schedule:read"], "days": 90}


def _lost(world: World) -> dict[str, Any]:
    return {"reason": "Lost the phone, known by voice."}


def _staff_list(world: World) -> dict[str, Any]:
    return {"text": "name,email,role,clinic,profession\nN,n@clinic.example,therapist,mt-prospect,pt", "do": "invite"}


def _opened(world: World) -> dict[str, Any]:
    """What the therapist sends; of anybody else it is refused, once it is clear that they may acknowledge."""
    opened = opening.proof(world.illustrated, reader=world.therapist, at=timezone.now())
    return {"version": world.illustrated.number, "opened": opened}


def _sign_off(world: World) -> dict[str, Any]:
    return {"user": world.therapist.pk, "skill": "canary-skill", "first_day": "2031-01-01", "last_day": "2031-12-31"}


def _done(world: World) -> dict[str, Any]:
    return {"part": world.part.pk, "amount": 4, "last_day": "2026-03-04", "attested_by": "Sample Academy"}


PARTS = "/people/settings/credential-types/canary-qualification/parts/"


def _new_part(world: World) -> dict[str, Any]:
    return {"name": "Exam", "unit": "passed", "least": "1", "order": "2", "source": "Policy"}


def _because(world: World) -> dict[str, Any]:
    return {"reason": "Not seen."}


def _new_credential(world: World) -> dict[str, Any]:
    return {"issued_on": "2026-11-01", "last_day": "2027-11-01", "reference": "1"}


def _new_type(world: World) -> dict[str, Any]:
    return {"name": "A card", "rule": "none", "gate": "warns", "checker": "lead", "source": "Policy"} | {
        "checked_on": "2026-11-01",
        "lead_days": [],
    }


def _new_skill(world: World) -> dict[str, Any]:
    return {"name": "A procedure", "short_name": "Proc", "professions": ["pt"]}


def _later_reminder(world: World) -> dict[str, Any]:
    return {"time-2-hours": "3", "on-2-hours": "on"}


def _later_reminder_by_api(world: World) -> dict[str, Any]:
    return {"steps": [{"code": "2 hours", "amount": 3}]}


def _new_clinic(world: World) -> dict[str, Any]:
    return {"name": "Mt. Prospect", "letter": "M", "number": 1, "time_zone": "America/Chicago"}


_ELSEWHERE = {"name": "Elmhurst", "letter": "E", "number": 8}


def _filed_by_api(world: World) -> dict[str, Any]:
    return {"user": world.therapist.pk, "type": "plain-type", "issued_on": "2026-11-01", "last_day": "2027-11-01"}


def _seen(world: World) -> dict[str, Any]:
    return {"seen": fingerprint(world.credential), "reason": "Wrong."}


def _reason(world: World) -> dict[str, Any]:
    return {"back-reason": "The day cannot be read.", "withdraw-reason": "The wrong card."}


def _kept(world: World) -> dict[str, Any]:
    empty = {"section-TOTAL_FORMS": 0, "section-INITIAL_FORMS": 0}
    return {"version": 1, "token": world.draft.token, "title": f"{CANARY} draft", "material": "yes"} | empty


def _seen_draft(world: World) -> dict[str, Any]:
    return {"version": world.draft.number, "token": world.draft.token}


def _first_section(world: World) -> str:
    return f"{_of('draft', 'draft/sections/')(world)}{world.draft.sections.first().key}/remove/"


def _api_waive(world: World) -> dict[str, Any]:
    return {"slug": world.second.protocol.slug, "version": 2, "person": world.therapist.pk, "reason": "On leave."}


def _receipt(world: World) -> str:
    return f"/protocols/{world.second.protocol.slug}/versions/2/receipts/{world.therapist.pk}/"


def _reads_it_too(world: World) -> dict[str, Any]:
    return {"reads": [f"front_desk-{world.clinic.pk}"]}


def _api_readers(world: World) -> dict[str, Any]:
    where = {"slug": world.looked_at.protocol.slug, "version": 1, "clinics": ["mt-prospect"]}
    return where | {"role": "front_desk", "must_acknowledge": True}


def _suspend(world: World) -> dict[str, Any]:
    return {"clinics": [world.clinic.pk], "reason": "Wrong."}


def _api_suspend(world: World) -> dict[str, Any]:
    return {"slug": world.looked_at.protocol.slug, "version": 1, "clinics": ["mt-prospect"], "reason": "Wrong."}


def _lift_page(world: World) -> str:
    return f"/protocols/{world.second.protocol.slug}/versions/2/suspensions/{world.suspension.pk}/lift/"


def _version(number: int, **more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"version": number, **more}


def _gift(world: World) -> dict[str, Any]:
    return {"kind": "give", "shift": str(world.published.shift_id), "sequence": 0}


def _policy(world: World) -> dict[str, Any]:
    may = {"open_shifts": "picked", "give": "free", "swap": "off", "drop": "off", "hours_before": 12}
    return may | {"seen": Policy(open_shifts=OpenShifts.PICKED).fingerprint}


def _shift(prefix: str, name: str, tail: str = "") -> Callable[[World], str]:
    """The address of the shift that something is about."""
    return lambda world: f"{prefix}{world.things[name].shift_id}/{tail}"


API = "/api/v1"
NEWS_DRAFTS = f"{API}/announcement-drafts/"


def _draft(name: str, tail: str = "") -> Callable[[World], str]:
    return lambda world: f"{API}/drafts/{world.things[name].protocol.slug}/{tail}"


def _saved(world: World) -> dict[str, Any]:
    return {"version": 1, "token": world.draft.token, "title": f"{CANARY} draft", "sections": []}


def _questions(world: World) -> dict[str, Any]:
    return {"version": 1, "token": world.draft.token, "questions": []}


def _settings(world: World) -> dict[str, Any]:
    plain = {"category": "safety", "high_risk": True, "review_months": 12, "reattest_months": None}
    return plain | {"owner": world.second.protocol.owner_id, "deputy": None, "skills": []}


def _api_review(world: World) -> dict[str, Any]:
    return {"slug": world.second.protocol.slug, "version": 2}


def _api_problem(world: World) -> dict[str, Any]:
    return {"slug": world.second.protocol.slug, "version": 2, "text": "Wrong."}


def _taken(world: World) -> dict[str, Any]:
    one = {"place": 0, "kind": "text", "heading": "Words"}
    return {"title": "Taken", "category": "safety", "sections": [one]}


def _terms(world: World) -> dict[str, Any]:
    return {"readers": [{"role": "therapist", "must_acknowledge": True}]}


LICENCE = "?type=canary-licence"
SETTINGS = "/people/settings/"
ASKS = [
    Ask("home:today", "GET", _at("/")),
    Ask("home:endings", "GET", _at("/credentials/")),
    Ask("home:starting", "GET", _at("/starting/")),
    Ask("home:starters", "GET", _at("/starters/")),
    Ask("home:starter", "GET", _pk("/starters/", "starter")),
    Ask("core:more", "GET", _at("/more/")),
    Ask("protocols:library", "GET", _at("/protocols/")),
    Ask("protocols:new", "GET", _at("/protocols/new/")),
    Ask("protocols:new", "POST", _at("/protocols/new/"), lambda world: {"title": "New", "category": "safety"}),
    Ask("protocols:report", "GET", _at("/protocols/report/")),
    Ask("protocols:report-csv", "GET", _at("/protocols/report/csv/")),
    Ask("protocols:detail", "GET", _of("second")),
    Ask("protocols:detail under review", "GET", _of("looked_at")),
    Ask("protocols:detail of a draft", "GET", _of("draft")),
    Ask("protocols:detail in review", "GET", _of("review")),
    Ask("protocols:version superseded", "GET", _of("first", "versions/1/")),
    Ask("protocols:version in force", "GET", _of("second", "versions/2/")),
    Ask("protocols:certificates", "GET", _at("/protocols/acknowledgements/")),
    Ask("protocols:certificates-of", "GET", _pk("/protocols/acknowledgements/of/", "therapist")),
    Ask("protocols:certificate", "GET", _pk("/protocols/acknowledgements/", "signature")),
    Ask("protocols:certificate-pdf", "GET", _pk("/protocols/acknowledgements/", "signature", "pdf/")),
    Ask("protocols:version-acknowledge", "POST", _of("illustrated", "versions/1/acknowledge/"), _opened),
    Ask("protocols:version-withdraw", "GET", _of("second", "versions/2/withdraw/")),
    Ask(
        "protocols:version-withdraw", "POST", _of("second", "versions/2/withdraw/"), lambda world: {"reason": "Wrong."}
    ),
    Ask("protocols:receipts", "GET", _of("second", "versions/2/receipts/")),
    Ask("protocols:receipts-csv", "GET", _of("second", "versions/2/receipts/csv/")),
    Ask("protocols:receipt", "GET", _receipt),
    Ask("protocols:receipt", "POST", _receipt, lambda world: {"reason": "On leave."}),
    Ask("protocols:waiver-end", "POST", lambda world: f"{_receipt(world)}end/"),
    Ask("protocols:version-readers", "GET", _of("second", "versions/2/readers/")),
    Ask("protocols:version-readers", "POST", _of("looked_at", "versions/1/readers/"), _reads_it_too),
    Ask("protocols:version-suspend", "GET", _of("second", "versions/2/suspend/")),
    Ask("protocols:version-suspend", "POST", _of("looked_at", "versions/1/suspend/"), _suspend),
    Ask("protocols:version-lift", "GET", _lift_page),
    Ask("protocols:version-lift", "POST", _lift_page, lambda world: {"because": "Good again."}),
    Ask("home:evidence", "GET", _of("second", "evidence/")),
    Ask("home:evidence-csv", "GET", _of("second", "evidence/csv/")),
    Ask("home:evidence-pdf", "GET", _of("second", "evidence/pdf/")),
    Ask("protocols:version-review", "POST", _of("second", "versions/2/review/")),
    Ask(
        "protocols:version-review-confirm",
        "POST",
        _of("looked_at", "versions/1/review/confirm/"),
        lambda world: {"review": world.reviewed.pk},
    ),
    Ask("protocols:bookmark", "POST", _of("second", "bookmark/"), lambda world: {"keep": "yes"}),
    Ask("protocols:version-problem", "GET", _of("second", "versions/2/problem/")),
    Ask("protocols:version-problem", "POST", _of("second", "versions/2/problem/"), lambda world: {"text": "Wrong."}),
    Ask("protocols:problems", "GET", _at("/protocols/problems/")),
    Ask("protocols:problem", "GET", _pk("/protocols/problems/", "problem")),
    Ask("protocols:problem", "POST", _pk("/protocols/problems/", "problem"), lambda world: {"answer": "Mended."}),
    Ask("protocols:printed", "GET", lambda world: f"/protocols/prints/{prints.code_of(world.second)}/"),
    Ask("protocols:compare", "GET", _of("second", "compare/")),
    Ask("protocols:compare with a superseded version", "GET", _of("second", "compare/?from=1&to=2")),
    Ask("protocols:compare of a draft", "GET", _of("draft", "compare/")),
    Ask("protocols:settings", "GET", _of("second", "settings/")),
    Ask("protocols:draft-start", "POST", _of("second", "draft/start/")),
    Ask("protocols:draft-edit", "GET", _of("draft", "draft/")),
    Ask("protocols:comment", "POST", _of("draft", "draft/comments/"), lambda world: {"version": 1, "text": "Why?"}),
    Ask(
        "protocols:comment in review",
        "POST",
        _of("review", "draft/comments/"),
        lambda world: {"version": 1, "text": "Why?"},
    ),
    Ask(
        "protocols:comment-resolve",
        "POST",
        lambda world: f"{_of('review', 'draft/comments/')(world)}{world.comment.pk}/resolve/",
    ),
    Ask("protocols:draft-questions", "GET", _of("draft", "draft/questions/")),
    Ask(
        "protocols:draft-questions",
        "POST",
        _of("draft", "draft/questions/"),
        lambda world: {"version": 1, "token": world.draft.token},
    ),
    Ask("protocols:draft-keep", "POST", _of("draft", "draft/keep/"), _kept),
    Ask("protocols:draft-present", "POST", _of("draft", "draft/present/"), lambda world: {"version": 1, "token": 1}),
    Ask("protocols:draft-submit", "POST", _of("draft", "draft/submit/"), _first),
    Ask(
        "protocols:draft-approve",
        "POST",
        _of("review", "draft/approve/"),
        lambda world: {"version": 1, "token": world.review.token},
    ),
    Ask(
        "protocols:draft-send-back",
        "POST",
        _of("review", "draft/send-back/"),
        lambda world: {"version": 1, "remark": "Say more."},
    ),
    Ask("protocols:draft-discard", "GET", _of("draft", "draft/discard/")),
    Ask("protocols:draft-discard", "POST", _of("draft", "draft/discard/"), _seen_draft),
    Ask("protocols:draft-section-remove", "GET", _first_section),
    Ask("protocols:draft-section-remove", "POST", _first_section, _seen_draft),
    Ask("protocols:draft-publish", "GET", _of("approved", "draft/publish/")),
    Ask("protocols:import", "GET", _at("/protocols/import/")),
    Ask("protocols:import", "POST", _at("/protocols/import/"), _new_import),
    Ask("protocols:import-preview", "GET", _pk("/protocols/import/", "preview")),
    Ask("protocols:import-preview", "POST", _pk("/protocols/import/", "preview")),
    Ask("protocols:picture", "GET", lambda world: world.illustration.address),
    Ask("protocols:picture of a draft", "GET", lambda world: world.loose.address),
    Ask("protocols:attachment", "GET", lambda world: world.handout.get_absolute_url()),
    Ask("protocols:attachment of a draft", "GET", lambda world: world.attachment.get_absolute_url()),
    Ask("protocols:draft-files", "GET", _of("draft", "draft/files/")),
    Ask("protocols:draft-picture-add", "POST", _of("draft", "draft/pictures/"), _new_picture),
    Ask(
        "protocols:draft-picture-remove",
        "POST",
        lambda world: f"/protocols/{world.draft.protocol.slug}/draft/pictures/{world.loose.pk}/remove/",
        _first,
    ),
    Ask("protocols:draft-attach", "POST", _of("draft", "draft/attachments/"), _new_attachment),
    Ask(
        "protocols:draft-attachment-rename",
        "POST",
        lambda world: f"/protocols/{world.draft.protocol.slug}/draft/attachments/{world.attachment.key}/rename/",
        lambda world: {"version": 1, "name": "Another"},
    ),
    Ask(
        "protocols:draft-attachment-remove",
        "POST",
        lambda world: f"/protocols/{world.draft.protocol.slug}/draft/attachments/{world.attachment.key}/remove/",
        _first,
    ),
    Ask("scheduling:my-schedule", "GET", _at("/schedule/")),
    Ask("scheduling:time-off", "GET", _at("/schedule/time-off/")),
    Ask("scheduling:time-off-ask", "GET", _at("/schedule/time-off/new/")),
    Ask("scheduling:time-off-ask", "POST", _at("/schedule/time-off/new/"), lambda world: {"first_day": "2026-12-14"}),
    Ask(
        "scheduling:time-off-withdraw",
        "POST",
        _pk("/schedule/time-off/", "away", "withdraw/"),
        lambda world: {"version": 1},
    ),
    Ask("scheduling:availability", "GET", _at("/schedule/availability/")),
    Ask("scheduling:availability-add", "GET", _at("/schedule/availability/new/")),
    Ask("scheduling:availability-add", "POST", _at("/schedule/availability/new/"), _line),
    Ask("scheduling:availability-edit", "GET", _pk("/schedule/availability/", "availability")),
    Ask("scheduling:availability-edit", "POST", _pk("/schedule/availability/", "availability"), _line),
    Ask("scheduling:availability-remove", "POST", _pk("/schedule/availability/", "availability", "remove/")),
    Ask("scheduling:time-off-requests", "GET", _at("/roster/time-off/")),
    Ask("scheduling:time-off-request", "GET", _pk("/roster/time-off/", "away")),
    Ask("scheduling:time-off-request", "POST", _pk("/roster/time-off/", "away"), _decline),
    Ask("scheduling:schedule-seen", "POST", _at("/schedule/seen/"), lambda world: {"up_to": 1}),
    Ask("scheduling:hours-report", "GET", _at("/roster/reports/hours/")),
    Ask("scheduling:hours-report-csv", "GET", _at("/roster/reports/hours/csv/")),
    Ask("scheduling:gaps-report", "GET", _at("/roster/reports/gaps/")),
    Ask("scheduling:gaps-report-csv", "GET", _at("/roster/reports/gaps/csv/")),
    Ask("scheduling:history-report", "GET", _at("/roster/reports/changes/")),
    Ask("scheduling:history-report-csv", "GET", _at("/roster/reports/changes/csv/")),
    Ask("scheduling:week-paper", "GET", _at("/roster/wall/")),
    Ask("scheduling:calendar-address", "GET", _at("/schedule/calendar/")),
    Ask("scheduling:calendar-address", "POST", _at("/schedule/calendar/")),
    Ask("scheduling:calendar-revoke", "POST", _at("/schedule/calendar/revoke/")),
    Ask("scheduling:board", "GET", _at("/roster/")),
    Ask("scheduling:shift-add", "GET", _at("/roster/shifts/new/?clinic=mt-prospect")),
    Ask("scheduling:shift", "GET", _pk("/roster/shifts/", "shift")),
    Ask("scheduling:shift-delete", "POST", _pk("/roster/shifts/", "shift", "delete/"), lambda world: {"version": 1}),
    Ask("scheduling:shift-place", "GET", _pk("/roster/shifts/", "shift", "place/")),
    Ask(
        "scheduling:shift-place",
        "POST",
        _pk("/roster/shifts/", "shift", "place/"),
        lambda world: {"to": f"open:{scheduling.MONDAY}", "version": 1},
    ),
    Ask("scheduling:board-news", "GET", _at("/roster/news/?since=2026-11-25T10:00:00-06:00")),
    Ask("scheduling:week-copy", "GET", _at(f"/roster/mt-prospect/{scheduling.MONDAY}/copy/")),
    Ask(
        "scheduling:week-copy",
        "POST",
        _at(f"/roster/mt-prospect/{scheduling.MONDAY}/copy/"),
        lambda world: {"source": "2026-11-23"},
    ),
    Ask("scheduling:shifts-several", "POST", _at("/roster/shifts/several/"), lambda world: {"do": "open"}),
    Ask("scheduling:undo", "POST", _at("/roster/undo/")),
    Ask("scheduling:day-notes", "GET", _at(f"/roster/days/{scheduling.MONDAY}/notes/")),
    Ask("scheduling:day-notes", "POST", _at(f"/roster/days/{scheduling.MONDAY}/notes/")),
    Ask("scheduling:swaps", "GET", _at("/schedule/swaps/")),
    Ask(
        "scheduling:open-shift-take", "POST", _shift("/schedule/open/", "free", "take/"), lambda world: {"sequence": 0}
    ),
    Ask("scheduling:claim-withdraw", "POST", _pk("/schedule/claims/", "asked", "withdraw/")),
    Ask("scheduling:offer-take", "POST", _pk("/schedule/offers/", "offered", "take/"), _version(1)),
    Ask("scheduling:offer-decline", "POST", _pk("/schedule/offers/", "offered", "decline/"), _version(1)),
    Ask("scheduling:offer-withdraw", "POST", _pk("/schedule/offers/", "offered", "withdraw/"), _version(1)),
    *(
        Ask(f"scheduling:shift-{what}", method, _shift("/schedule/shifts/", "published", f"{what}/"), _gift)
        for what in ("give", "swap", "hand-back")
        for method in ("GET", "POST")
    ),
    Ask("scheduling:shift-hands", "GET", _shift("/roster/shifts/", "offered", "hands/")),
    Ask("scheduling:decisions", "GET", _at("/roster/swaps/")),
    Ask("scheduling:offer-decide", "GET", _pk("/roster/swaps/offers/", "taken")),
    Ask("scheduling:offer-decide", "POST", _pk("/roster/swaps/offers/", "taken"), _version(2, do="agree")),
    Ask("scheduling:claims-decide", "GET", _shift("/roster/swaps/shifts/", "asked")),
    Ask(
        "scheduling:claims-decide",
        "POST",
        _shift("/roster/swaps/shifts/", "asked"),
        lambda world: {"do": "grant", "claim": world.asked.pk},
    ),
    Ask("scheduling:policy", "GET", _at("/roster/policy/mt-prospect/")),
    Ask("scheduling:policy", "POST", _at("/roster/policy/mt-prospect/"), _policy),
    Ask("scheduling:publish", "GET", _at(f"/roster/mt-prospect/{scheduling.MONDAY}/publish/")),
    Ask("announcements:list", "GET", _at("/announcements/")),
    Ask("announcements:compose", "GET", _at("/announcements/new/")),
    Ask("announcements:compose", "POST", _at("/announcements/new/"), _new_announcement),
    Ask("announcements:keep", "POST", _at("/announcements/new/keep/"), _new_announcement),
    Ask("announcements:drafts", "GET", _at("/announcements/drafts/")),
    Ask("announcements:draft", "GET", _pk("/announcements/drafts/", "begun")),
    Ask("announcements:draft", "POST", _pk("/announcements/drafts/", "begun"), _new_announcement),
    Ask("announcements:draft-keep", "POST", _pk("/announcements/drafts/", "begun", "keep/"), _news_kept),
    Ask("announcements:discard", "GET", _pk("/announcements/drafts/", "begun", "discard/")),
    Ask("announcements:discard", "POST", _pk("/announcements/drafts/", "begun", "discard/"), _news_seen),
    Ask("announcements:attachment", "GET", _news_file("announcement", "slip")),
    Ask("announcements:attachment of a draft", "GET", _news_file("begun", "scribble")),
    Ask("announcements:attachment of an earlier wording", "GET", _news_file("announcement", "outworn")),
    Ask("announcements:detail of a withdrawn one", "GET", _pk("/announcements/", "withdrawn")),
    Ask("announcements:detail of a held one", "GET", _pk("/announcements/", "held")),
    Ask("announcements:take-over", "POST", _pk("/announcements/", "held", "take-over/"), _news_seen),
    Ask("announcements:change", "GET", _pk("/announcements/", "scheduled", "change/")),
    Ask("announcements:change", "POST", _pk("/announcements/", "scheduled", "change/"), _new_announcement),
    Ask("announcements:correct", "GET", _pk("/announcements/", "announcement", "correct/")),
    Ask("announcements:correct", "POST", _pk("/announcements/", "announcement", "correct/"), _news_corrected),
    Ask("announcements:editions", "GET", _pk("/announcements/", "announcement", "editions/")),
    Ask("announcements:receipts-csv", "GET", _pk("/announcements/", "announcement", "receipts.csv")),
    Ask("announcements:detail", "GET", _pk("/announcements/", "announcement")),
    Ask("announcements:acknowledge", "POST", _pk("/announcements/", "announcement", "acknowledge/")),
    Ask("announcements:receipts", "GET", _pk("/announcements/", "announcement", "receipts/")),
    Ask("announcements:withdraw", "POST", _pk("/announcements/", "announcement", "withdraw/")),
    Ask("search:search", "GET", _at("/search/?q=words")),
    Ask("search:aliases", "GET", _at("/search/words/")),
    Ask("search:alias-new", "GET", _at("/search/words/new/")),
    Ask("search:alias-new", "POST", _at("/search/words/new/"), _new_alias),
    Ask("search:alias", "GET", _pk("/search/words/", "alias")),
    Ask("search:alias", "POST", _pk("/search/words/", "alias"), _new_alias),
    Ask("search:alias-remove", "POST", _pk("/search/words/", "alias", "remove/"), lambda world: {"token": 1}),
    Ask("search:alias-usual", "POST", _at("/search/words/usual/")),
    Ask("search:miss-forget", "POST", _pk("/search/misses/", "miss", "forget/")),
    Ask("operations:reminders", "GET", _at("/operations/")),
    Ask("operations:mails", "GET", _at("/operations/mails/")),
    Ask("operations:mails-retry", "POST", _at("/operations/mails/retry/")),
    Ask("operations:mails-write-off", "POST", _at("/operations/mails/write-off/"), _write_off_page),
    Ask("operations:addresses", "GET", _at("/operations/addresses/")),
    Ask("accounts:address-works", "POST", _pk("/people/addresses/", "trouble", "works/")),
    Ask("reminders:inbox", "GET", _at("/inbox/")),
    Ask("reminders:inbox-news", "GET", _at("/inbox/news/?since=2026-11-25T09:59:00-06:00")),
    Ask("reminders:coming-up", "GET", _at("/inbox/coming-up/")),
    Ask("reminders:words-to-come", "GET", _pk("/inbox/coming-up/", "to_come")),
    Ask("reminders:inbox-read", "POST", _at("/inbox/read/")),
    Ask("reminders:inbox-unread", "POST", _at("/inbox/unread/"), _ticked),
    Ask("reminders:inbox-snooze", "POST", _at("/inbox/snooze/"), lambda world: _ticked(world) | {"until": "hour"}),
    Ask("reminders:inbox-wake", "POST", _at("/inbox/wake/"), _ticked),
    Ask("reminders:mail-choose", "POST", _at("/inbox/mail/")),
    Ask("reminders:reminder-read", "POST", _pk("/inbox/", "reminder", "read/")),
    Ask("reminders:reminder-unread", "POST", _pk("/inbox/", "reminder", "unread/")),
    Ask("reminders:reminder-open", "POST", _pk("/inbox/", "reminder", "open/")),
    Ask("reminders:reminder-snooze", "POST", _pk("/inbox/", "reminder", "snooze/"), lambda world: {"until": "hour"}),
    Ask("reminders:reminder-wake", "POST", _pk("/inbox/", "reminder", "wake/")),
    Ask("accounts:people", "GET", _at("/people/")),
    Ask("accounts:me", "GET", _at("/people/me/")),
    Ask("accounts:person-detail", "GET", _pk("/people/", "therapist")),
    Ask("accounts:browser-end", "POST", _pk("/people/me/browsers/", "browser", "end/")),
    Ask("accounts:profile", "GET", _pk("/people/", "therapist", "profile/")),
    Ask("accounts:profile", "POST", _pk("/people/", "therapist", "profile/"), lambda world: {"phone": "847-555-0142"}),
    Ask("accounts:vcard", "GET", _pk("/people/", "therapist", "card.vcf")),
    Ask("accounts:roles", "GET", _pk("/people/", "assistant", "roles/")),
    Ask("accounts:roles", "POST", _pk("/people/", "assistant", "roles/"), _new_role),
    Ask("accounts:role-end", "GET", _pk("/people/roles/", "role", "end/")),
    Ask("accounts:role-end", "POST", _pk("/people/roles/", "role", "end/"), lambda world: {"last": "2026-12-31"}),
    Ask("accounts:leave", "GET", _pk("/people/", "assistant", "leave/")),
    Ask("accounts:leave", "POST", _pk("/people/", "assistant", "leave/")),
    Ask("accounts:return", "POST", _pk("/people/", "leaver", "return/")),
    Ask("scheduling:hours", "GET", _at("/roster/hours/mt-prospect/")),
    Ask(
        "scheduling:hours",
        "POST",
        _at("/roster/hours/mt-prospect/"),
        lambda world: {"opens_0": "08:00", "closes_0": "18:00"},
    ),
    Ask("scheduling:leaver", "GET", _pk("/roster/leavers/", "leaver")),
    Ask("scheduling:leaver", "POST", _pk("/roster/leavers/", "leaver")),
    Ask("accounts:tokens", "GET", _at("/people/me/tokens/")),
    Ask("accounts:tokens", "POST", _at("/people/me/tokens/"), _new_token),
    Ask("accounts:tokens-of-everybody", "GET", _at("/people/tokens/")),
    Ask("accounts:token-revoke", "POST", _pk("/people/tokens/", "token", "revoke/")),
    Ask("accounts:second-step-resets", "GET", _at("/people/second-step-resets/")),
    Ask("accounts:second-step-reset", "GET", _pk("/people/", "locked_out", "second-step-reset/")),
    Ask("accounts:second-step-reset", "POST", _pk("/people/", "locked_out", "second-step-reset/"), _lost),
    Ask("accounts:second-step-reset-confirm", "POST", _pk("/people/second-step-resets/", "reset", "confirm/")),
    Ask("accounts:second-step-reset-cancel", "POST", _pk("/people/second-step-resets/", "reset", "cancel/")),
    Ask("accounts:audit", "GET", _at("/people/audit/")),
    Ask("accounts:audit-csv", "GET", _at("/people/audit/csv/")),
    Ask("accounts:invitations", "GET", _at("/people/invitations/")),
    Ask("accounts:invitations", "POST", _at("/people/invitations/"), _new_invitation),
    Ask("accounts:staff-list", "GET", _at("/people/invitations/import/")),
    Ask("accounts:staff-list", "POST", _at("/people/invitations/import/"), _staff_list),
    Ask("accounts:staff-list-example", "GET", _at("/people/invitations/import/example/")),
    Ask("accounts:invitation-again", "POST", _pk("/people/invitations/", "invitation", "again/")),
    Ask("accounts:invitation-revoke", "POST", _pk("/people/invitations/", "invitation", "revoke/")),
    Ask("accounts:settings", "GET", _at("/people/settings/")),
    Ask("accounts:settings-types", "GET", _at(f"{SETTINGS}credential-types/")),
    Ask("accounts:settings-type-new", "GET", _at(f"{SETTINGS}credential-types/new/")),
    Ask("accounts:settings-type-new", "POST", _at(f"{SETTINGS}credential-types/new/"), _new_type),
    Ask("accounts:settings-type", "GET", _at(f"{SETTINGS}credential-types/canary-licence/")),
    Ask("accounts:settings-type", "POST", _at(f"{SETTINGS}credential-types/canary-licence/"), _new_type),
    Ask("accounts:settings-type-retire", "POST", _at(f"{SETTINGS}credential-types/canary-licence/retire/")),
    Ask("accounts:settings-skills", "GET", _at(f"{SETTINGS}skills/")),
    Ask("accounts:settings-skill-new", "GET", _at(f"{SETTINGS}skills/new/")),
    Ask("accounts:settings-skill-new", "POST", _at(f"{SETTINGS}skills/new/"), _new_skill),
    Ask("accounts:settings-skill", "GET", _at(f"{SETTINGS}skills/canary-skill/")),
    Ask("accounts:settings-skill", "POST", _at(f"{SETTINGS}skills/canary-skill/"), _new_skill),
    Ask("accounts:settings-clinics", "GET", _at(f"{SETTINGS}clinics/")),
    Ask("accounts:settings-clinic-new", "GET", _at(f"{SETTINGS}clinics/new/")),
    Ask("accounts:settings-clinic-new", "POST", _at(f"{SETTINGS}clinics/new/"), _new_clinic),
    Ask("accounts:settings-clinic", "GET", _at(f"{SETTINGS}clinics/mt-prospect/")),
    Ask("accounts:settings-clinic", "POST", _at(f"{SETTINGS}clinics/mt-prospect/"), _new_clinic),
    Ask("accounts:settings-reminders", "GET", _at(f"{SETTINGS}reminders/")),
    Ask("accounts:settings-reminders-coming", "GET", _at(f"{SETTINGS}reminders/next-7-days/")),
    Ask("accounts:settings-reminder", "GET", _at(f"{SETTINGS}reminders/shift-soon/")),
    Ask("accounts:settings-reminder", "POST", _at(f"{SETTINGS}reminders/shift-soon/"), _later_reminder),
    Ask("accounts:settings-reminder-default", "POST", _at(f"{SETTINGS}reminders/shift-soon/default/")),
    Ask("accounts:to-check", "GET", _at("/people/credentials/to-check/")),
    Ask("accounts:credential-file", "GET", _pk("/people/", "therapist", "credentials/new/")),
    Ask("accounts:credential-file of a type", "GET", _pk("/people/", "therapist", f"credentials/new/{LICENCE}")),
    Ask(
        "accounts:credential-file", "POST", _pk("/people/", "therapist", f"credentials/new/{LICENCE}"), _new_credential
    ),
    Ask("accounts:credential", "GET", _pk("/people/credentials/", "credential")),
    Ask("accounts:credential sent back", "GET", _pk("/people/credentials/", "returned")),
    Ask("accounts:credential verified", "GET", _pk("/people/credentials/", "checked")),
    Ask("accounts:credential-document", "GET", _pk("/people/credentials/", "credential", "document/")),
    Ask("accounts:credential-picture", "GET", _pk("/people/credentials/", "credential", "picture/")),
    Ask("accounts:credential-correct", "GET", _pk("/people/credentials/", "credential", "correct/")),
    Ask("accounts:credential-correct", "POST", _pk("/people/credentials/", "returned", "correct/"), _new_credential),
    Ask("accounts:credential-take-back", "POST", _pk("/people/credentials/", "credential", "take-back/")),
    Ask("accounts:credential-verify", "POST", _pk("/people/credentials/", "credential", "verify/")),
    Ask("accounts:credential-send-back", "POST", _pk("/people/credentials/", "credential", "send-back/"), _reason),
    Ask("accounts:credential-withdraw", "POST", _pk("/people/credentials/", "checked", "withdraw/"), _reason),
    Ask("accounts:qualification", "GET", _pk("/people/", "therapist", "qualifications/canary-qualification/")),
    Ask("accounts:qualification", "POST", _pk("/people/", "therapist", "qualifications/canary-qualification/"), _done),
    Ask("accounts:training-check", "POST", _pk("/people/trainings/", "training", "check/")),
    Ask("accounts:training-strike", "GET", _pk("/people/trainings/", "training", "strike/")),
    Ask("accounts:training-strike", "POST", _pk("/people/trainings/", "training", "strike/"), _because),
    Ask("accounts:training-remove", "POST", _pk("/people/trainings/", "training", "remove/")),
    Ask("accounts:competency-sign-off", "GET", _pk("/people/", "therapist", "competencies/canary-skill/")),
    Ask(
        "accounts:competency-sign-off",
        "POST",
        _pk("/people/", "therapist", "competencies/canary-skill/"),
        lambda world: {"first": "2031-01-01", "last": "2031-12-31"},
    ),
    Ask("accounts:competency-end", "GET", _pk("/people/competencies/", "competency", "end/")),
    Ask("accounts:competency-end", "POST", _pk("/people/competencies/", "competency", "end/"), _because),
    Ask("accounts:settings-part-new", "GET", _at(f"{PARTS}new/")),
    Ask("accounts:settings-part-new", "POST", _at(f"{PARTS}new/"), _new_part),
    Ask("accounts:settings-part", "GET", _pk(PARTS, "part")),
    Ask("accounts:settings-part", "POST", _pk(PARTS, "part"), _new_part),
    Ask("accounts:settings-part-remove", "POST", _pk(PARTS, "part", "remove/")),
    Ask("api:role-list", "GET", _at(f"{API}/roles/")),
    Ask("api:role-list", "POST", _at(f"{API}/roles/"), lambda world: _api_role(world)),
    Ask("api:role-end", "POST", _pk(f"{API}/roles/", "role", "end/"), lambda world: {"last": "2026-12-31"}),
    Ask("api:person-access-leave", "POST", _pk(f"{API}/people/", "assistant", "leave/")),
    Ask("api:person-access-return", "POST", _pk(f"{API}/people/", "leaver", "return/")),
    Ask("api:invitation-list", "GET", _at(f"{API}/invitations/")),
    Ask("api:invitation-list", "POST", _at(f"{API}/invitations/"), lambda world: _api_invitation("therapist")),
    Ask(
        "api:invitation-list of a manager", "POST", _at(f"{API}/invitations/"), lambda world: _api_invitation("manager")
    ),
    Ask("api:invitation-again", "POST", _pk(f"{API}/invitations/", "invitation", "again/")),
    Ask("api:invitation-revoke", "POST", _pk(f"{API}/invitations/", "invitation", "revoke/")),
    Ask("api:session-list", "GET", _at(f"{API}/sessions/")),
    Ask("api:session-detail", "DELETE", _pk(f"{API}/sessions/", "browser")),
    Ask("api:token-list", "GET", _at(f"{API}/tokens/")),
    Ask("api:token-list", "POST", _at(f"{API}/tokens/"), _new_token),
    Ask("api:token-detail", "DELETE", _pk(f"{API}/tokens/", "token")),
    Ask("api:second-step-reset-list", "GET", _at(f"{API}/second-step-resets/")),
    Ask(
        "api:second-step-reset-list",
        "POST",
        _at(f"{API}/second-step-resets/"),
        lambda world: _lost(world) | {"person": world.locked_out.pk},
    ),
    Ask("api:second-step-reset-confirm", "POST", _pk(f"{API}/second-step-resets/", "reset", "confirm/")),
    Ask("api:second-step-reset-cancel", "POST", _pk(f"{API}/second-step-resets/", "reset", "cancel/")),
    Ask("api:api-root", "GET", _at(f"{API}/")),
    Ask("api:clinic-list", "GET", _at(f"{API}/clinics/")),
    Ask("api:clinic-list", "POST", _at(f"{API}/clinics/"), lambda world: _new_clinic(world) | _ELSEWHERE),
    Ask("api:clinic-detail", "GET", _at(f"{API}/clinics/mt-prospect/")),
    Ask("api:clinic-detail", "PATCH", _at(f"{API}/clinics/mt-prospect/"), lambda world: {"phone": "847-555-0100"}),
    Ask("api:skill-list", "GET", _at(f"{API}/skills/")),
    Ask("api:skill-list", "POST", _at(f"{API}/skills/"), _new_skill),
    Ask("api:skill-detail", "GET", _at(f"{API}/skills/canary-skill/")),
    Ask("api:skill-detail", "PATCH", _at(f"{API}/skills/canary-skill/"), lambda world: {"short_name": "Short"}),
    Ask("api:person-list", "GET", _at(f"{API}/people/")),
    Ask("api:person-detail", "GET", _pk(f"{API}/people/", "therapist")),
    Ask("api:competency-list", "GET", _at(f"{API}/competencies/")),
    Ask("api:competency-list", "POST", _at(f"{API}/competencies/"), _sign_off),
    Ask("api:competency-detail", "GET", _pk(f"{API}/competencies/", "competency")),
    Ask("api:competency-end", "POST", _pk(f"{API}/competencies/", "competency", "end/"), _because),
    Ask("api:training-list", "GET", _at(f"{API}/trainings/")),
    Ask(
        "api:training-list",
        "POST",
        _at(f"{API}/trainings/"),
        lambda world: _done(world) | {"user": world.therapist.pk},
    ),
    Ask("api:training-detail", "GET", _pk(f"{API}/trainings/", "training")),
    Ask("api:training-detail", "DELETE", _pk(f"{API}/trainings/", "training")),
    Ask("api:training-verify", "POST", _pk(f"{API}/trainings/", "training", "verify/")),
    Ask("api:training-strike", "POST", _pk(f"{API}/trainings/", "training", "strike/"), _because),
    Ask("api:abilities-detail", "GET", _pk(f"{API}/abilities/", "therapist")),
    Ask("api:person-detail", "PATCH", _pk(f"{API}/people/", "therapist"), lambda world: {"phone": "847-555-0142"}),
    Ask("api:person-me", "GET", _at(f"{API}/people/me/")),
    Ask("api:person-me", "PATCH", _at(f"{API}/people/me/"), lambda world: {"phone": "847-555-0142"}),
    Ask("api:credential-type-list", "GET", _at(f"{API}/credential-types/")),
    Ask("api:credential-type-list", "POST", _at(f"{API}/credential-types/"), _new_type),
    Ask("api:credential-type-detail", "GET", _at(f"{API}/credential-types/plain-type/")),
    Ask("api:credential-type-detail", "PATCH", _at(f"{API}/credential-types/plain-type/"), _new_type),
    Ask("api:credential-type-retire", "POST", _at(f"{API}/credential-types/plain-type/retire/")),
    Ask("api:credential-type-bring-back", "POST", _at(f"{API}/credential-types/plain-type/bring-back/")),
    Ask("api:credential-list", "GET", _at(f"{API}/credentials/")),
    Ask("api:credential-list", "POST", _at(f"{API}/credentials/"), _filed_by_api),
    Ask("api:credential-detail", "GET", _pk(f"{API}/credentials/", "credential")),
    Ask("api:credential-detail", "PUT", _pk(f"{API}/credentials/", "returned"), _new_credential),
    Ask("api:credential-detail", "DELETE", _pk(f"{API}/credentials/", "credential")),
    Ask("api:credential-verify", "POST", _pk(f"{API}/credentials/", "credential", "verify/"), _seen),
    Ask("api:credential-send-back", "POST", _pk(f"{API}/credentials/", "credential", "send-back/"), _seen),
    Ask("api:credential-withdraw", "POST", _pk(f"{API}/credentials/", "checked", "withdraw/"), _seen),
    Ask("api:credential-document", "GET", _pk(f"{API}/credentials/", "credential", "document/")),
    Ask("api:audit-list", "GET", _at(f"{API}/audit/")),
    Ask("api:evidence-detail", "GET", lambda world: f"{API}/evidence/{world.second.protocol.slug}/"),
    Ask("api:evidence-pdf", "GET", lambda world: f"{API}/evidence/{world.second.protocol.slug}/pdf/"),
    Ask("api:draft-list", "GET", _at(f"{API}/drafts/")),
    Ask("api:draft-list", "POST", _at(f"{API}/drafts/"), lambda world: {"title": "New", "category": "safety"}),
    Ask("api:draft-detail", "GET", _draft("draft")),
    Ask("api:draft-detail in review", "GET", _draft("review")),
    Ask("api:draft-detail", "PUT", _draft("draft"), _saved),
    Ask("api:draft-questions", "PUT", _draft("draft", "questions/"), _questions),
    Ask("api:draft-start", "POST", _draft("second", "start/")),
    Ask("api:draft-submit", "POST", _draft("draft", "submit/"), _first),
    Ask(
        "api:draft-approve",
        "POST",
        _draft("review", "approve/"),
        lambda world: {"version": 1, "token": world.review.token},
    ),
    Ask("api:draft-send-back", "POST", _draft("review", "send-back/"), lambda world: {"version": 1, "remark": "More."}),
    Ask("api:draft-discard", "POST", _draft("draft", "discard/"), _seen_draft),
    Ask("api:draft-impact", "POST", _draft("approved", "impact/"), _terms),
    Ask(
        "api:draft-publish",
        "POST",
        _draft("approved", "publish/"),
        lambda world: _terms(world) | {"version": 1, "seen": "x"},
    ),
    Ask("api:draft-comments", "GET", _draft("review", "comments/")),
    Ask("api:draft-comments", "POST", _draft("review", "comments/"), lambda world: {"version": 1, "text": "Why?"}),
    Ask("api:import-list", "GET", _at(f"{API}/imports/")),
    Ask("api:import-list", "POST", _at(f"{API}/imports/"), _new_import),
    Ask("api:import-detail", "GET", _pk(f"{API}/imports/", "preview")),
    Ask("api:import-take-over", "POST", _pk(f"{API}/imports/", "preview", "take-over/"), _taken),
    Ask(
        "api:protocol-settings-detail",
        "GET",
        lambda world: f"{API}/protocol-settings/{world.second.protocol.slug}/",
    ),
    Ask(
        "api:protocol-settings-detail",
        "PUT",
        lambda world: f"{API}/protocol-settings/{world.second.protocol.slug}/",
        _settings,
    ),
    Ask("api:review-list", "GET", _at(f"{API}/reviews/")),
    Ask("api:review-list", "POST", _at(f"{API}/reviews/"), _api_review),
    Ask("api:review-confirm", "POST", _pk(f"{API}/reviews/", "reviewed", "confirm/")),
    Ask("api:bookmark-list", "GET", _at(f"{API}/bookmarks/")),
    Ask("api:bookmark-detail", "PUT", lambda world: f"{API}/bookmarks/{world.second.protocol.slug}/"),
    Ask("api:bookmark-detail", "DELETE", lambda world: f"{API}/bookmarks/{world.second.protocol.slug}/"),
    Ask("api:problem-list", "GET", _at(f"{API}/problems/")),
    Ask("api:problem-list", "POST", _at(f"{API}/problems/"), _api_problem),
    Ask("api:problem-detail", "GET", _pk(f"{API}/problems/", "problem")),
    Ask("api:problem-answer", "POST", _pk(f"{API}/problems/", "problem", "answer/"), lambda world: {"answer": "Done."}),
    Ask("api:comment-resolve", "POST", _pk(f"{API}/comments/", "comment", "resolve/")),
    Ask("api:added-readers-list", "GET", _at(f"{API}/added-readers/")),
    Ask("api:added-readers-list", "POST", _at(f"{API}/added-readers/"), _api_readers),
    Ask("api:suspension-list", "GET", _at(f"{API}/suspensions/")),
    Ask("api:suspension-list", "POST", _at(f"{API}/suspensions/"), _api_suspend),
    Ask(
        "api:suspension-lift",
        "POST",
        _pk(f"{API}/suspensions/", "suspension", "lift/"),
        lambda world: {"because": "Good."},
    ),
    Ask("api:waiver-list", "GET", _at(f"{API}/waivers/")),
    Ask("api:waiver-list", "POST", _at(f"{API}/waivers/"), _api_waive),
    Ask("api:waiver-end", "POST", _pk(f"{API}/waivers/", "waiver", "end/")),
    Ask("api:acknowledgement-report-list", "GET", _at(f"{API}/acknowledgement-report/")),
    Ask(
        "api:protocol-receipts",
        "GET",
        lambda world: f"{API}/protocols/{world.second.protocol.slug}/receipts/?version=2",
    ),
    Ask("api:protocol-list", "GET", _at(f"{API}/protocols/")),
    Ask("api:protocol-due", "GET", _at(f"{API}/protocols/due/")),
    Ask("api:protocol-detail", "GET", lambda world: f"{API}/protocols/{world.second.protocol.slug}/"),
    Ask(
        "api:protocol-detail superseded", "GET", lambda world: f"{API}/protocols/{world.first.protocol.slug}/?version=1"
    ),
    Ask("api:protocol-detail of a draft", "GET", lambda world: f"{API}/protocols/{world.draft.protocol.slug}/"),
    Ask(
        "api:protocol-compare", "GET", lambda world: f"{API}/protocols/{world.first.protocol.slug}/compare/?from=1&to=2"
    ),
    Ask(
        "api:protocol-acknowledge",
        "POST",
        lambda world: f"{API}/protocols/{world.illustrated.protocol.slug}/acknowledge/",
        _opened,
    ),
    Ask(
        "api:protocol-withdraw",
        "POST",
        lambda world: f"{API}/protocols/{world.second.protocol.slug}/withdraw/",
        lambda world: {"version": 2, "reason": "Wrong."},
    ),
    Ask("api:picture-list", "GET", _at(f"{API}/pictures/")),
    Ask("api:picture-list", "POST", _at(f"{API}/pictures/"), _new_picture),
    Ask("api:attachment-list", "GET", _at(f"{API}/attachments/")),
    Ask("api:attachment-list", "POST", _at(f"{API}/attachments/"), _new_attachment),
    Ask("api:attachment-detail", "GET", _pk(f"{API}/attachments/", "handout")),
    Ask("api:attachment-detail of a draft", "GET", _pk(f"{API}/attachments/", "attachment")),
    Ask("api:attachment-detail", "PATCH", _pk(f"{API}/attachments/", "attachment"), lambda world: {"name": "Another"}),
    Ask("api:attachment-detail", "DELETE", _pk(f"{API}/attachments/", "attachment")),
    Ask("api:attachment-content", "GET", _pk(f"{API}/attachments/", "handout", "content/")),
    Ask("api:attachment-content of a draft", "GET", _pk(f"{API}/attachments/", "attachment", "content/")),
    Ask("api:acknowledgement-list", "GET", _at(f"{API}/acknowledgements/")),
    Ask("api:acknowledgement-detail", "GET", _pk(f"{API}/acknowledgements/", "signature")),
    Ask("api:acknowledgement-pdf", "GET", _pk(f"{API}/acknowledgements/", "signature", "pdf/")),
    Ask("api:lost-clearance-list", "GET", _at(f"{API}/lost-clearances/")),
    Ask("api:my-publication-list", "GET", _at(f"{API}/my-publications/")),
    Ask("api:my-publication-seen", "POST", _at(f"{API}/my-publications/seen/"), lambda world: {"up_to": 1}),
    Ask("api:roster-hours-list", "GET", _at(f"{API}/roster-hours/")),
    Ask("api:coverage-gap-list", "GET", _at(f"{API}/coverage-gaps/")),
    Ask("api:roster-history-list", "GET", _at(f"{API}/roster-history/")),
    Ask("api:calendar-address-list", "GET", _at(f"{API}/calendar-address/")),
    Ask("api:calendar-address-list", "POST", _at(f"{API}/calendar-address/")),
    Ask("api:calendar-address-revoke", "POST", _at(f"{API}/calendar-address/revoke/")),
    Ask("api:my-shift-list", "GET", _at(f"{API}/my-shifts/")),
    Ask("api:time-off-list", "GET", _at(f"{API}/time-off/")),
    Ask("api:time-off-list", "POST", _at(f"{API}/time-off/"), lambda world: {"first_day": "2026-12-14"}),
    Ask("api:time-off-check", "POST", _at(f"{API}/time-off/check/"), lambda world: {"first_day": "2026-12-14"}),
    Ask("api:time-off-detail", "GET", _pk(f"{API}/time-off/", "away")),
    Ask("api:time-off-effect", "GET", _pk(f"{API}/time-off/", "away", "effect/")),
    Ask("api:time-off-withdraw", "POST", _pk(f"{API}/time-off/", "away", "withdraw/"), lambda world: {"version": 1}),
    Ask("api:time-off-approve", "POST", _pk(f"{API}/time-off/", "away", "approve/"), lambda world: {"version": 1}),
    Ask("api:time-off-decline", "POST", _pk(f"{API}/time-off/", "away", "decline/"), _decline),
    Ask("api:availability-list", "GET", _at(f"{API}/availability/")),
    Ask("api:availability-list", "POST", _at(f"{API}/availability/"), _line),
    Ask("api:availability-detail", "GET", _pk(f"{API}/availability/", "availability")),
    Ask("api:availability-detail", "PUT", _pk(f"{API}/availability/", "availability"), _line),
    Ask("api:availability-detail", "DELETE", _pk(f"{API}/availability/", "availability")),
    Ask("api:shift-list", "GET", _at(f"{API}/shifts/")),
    Ask("api:shift-detail", "GET", lambda world: f"{API}/shifts/{world.published.shift_id}/"),
    Ask("api:shift-detail of a draft", "GET", _pk(f"{API}/shifts/", "shift")),
    Ask("api:roster-shift-list", "GET", _at(f"{API}/roster-shifts/")),
    Ask("api:roster-shift-list", "POST", _at(f"{API}/roster-shifts/"), _hour),
    Ask("api:roster-shift-check", "POST", _at(f"{API}/roster-shifts/check/"), _hour),
    Ask("api:roster-shift-detail", "GET", _pk(f"{API}/roster-shifts/", "shift")),
    Ask(
        "api:roster-shift-detail",
        "PATCH",
        _pk(f"{API}/roster-shifts/", "shift"),
        lambda world: {"version": 1, "note": "x"},
    ),
    Ask("api:roster-shift-detail", "DELETE", _pk(f"{API}/roster-shifts/", "shift", "?version=1")),
    Ask(
        "api:roster-shift-assign",
        "POST",
        _pk(f"{API}/roster-shifts/", "shift", "assign/"),
        lambda world: {"version": 1, "person": world.therapist.pk},
    ),
    Ask(
        "api:roster-shift-place",
        "POST",
        _pk(f"{API}/roster-shifts/", "shift", "place/"),
        lambda world: {"day": str(scheduling.MONDAY), "person": None, "version": 1},
    ),
    Ask(
        "api:roster-shift-copy",
        "POST",
        _pk(f"{API}/roster-shifts/", "shift", "copy/"),
        lambda world: {"day": str(scheduling.MONDAY), "person": None},
    ),
    Ask("api:roster-shift-candidates", "GET", _pk(f"{API}/roster-shifts/", "shift", "candidates/")),
    Ask("api:roster-shift-fits", "GET", _pk(f"{API}/roster-shifts/", "shift", "fits/")),
    Ask(
        "api:roster-shift-several",
        "POST",
        _at(f"{API}/roster-shifts/several/"),
        lambda world: {"shifts": [{"id": str(world.shift.pk), "version": 1}], "do": "open"},
    ),
    Ask("api:roster-shift-undo", "POST", _at(f"{API}/roster-shifts/undo/"), lambda world: {"ticket": "x"}),
    Ask(
        "api:roster-shift-make-open",
        "POST",
        _pk(f"{API}/roster-shifts/", "shift", "make-open/"),
        lambda world: {"version": 1},
    ),
    Ask("api:roster-shift-tell", "POST", _pk(f"{API}/roster-shifts/", "shift", "tell/"), lambda world: {"version": 1}),
    Ask("api:roster-week-list", "GET", _at(f"{API}/roster-weeks/")),
    Ask("api:roster-week-preview", "GET", _pk(f"{API}/roster-weeks/", "week", "preview/")),
    Ask(
        "api:roster-week-publish",
        "POST",
        _pk(f"{API}/roster-weeks/", "week", "publish/"),
        lambda world: {"version": 0, "fingerprint": "x"},
    ),
    Ask("api:open-shift-list", "GET", _at(f"{API}/open-shifts/")),
    Ask("api:open-shift-claim", "POST", _shift(f"{API}/open-shifts/", "free", "claim/"), lambda world: {"sequence": 0}),
    Ask("api:shift-claim-list", "GET", _at(f"{API}/shift-claims/")),
    Ask("api:shift-claim-waiting", "GET", _at(f"{API}/shift-claims/waiting/")),
    Ask("api:shift-claim-detail", "GET", _pk(f"{API}/shift-claims/", "asked")),
    Ask("api:shift-claim-withdraw", "POST", _pk(f"{API}/shift-claims/", "asked", "withdraw/")),
    Ask(
        "api:shift-claim-grant",
        "POST",
        _pk(f"{API}/shift-claims/", "asked", "grant/"),
        lambda world: {"reason": "Good."},
    ),
    Ask(
        "api:shift-claim-decline",
        "POST",
        _pk(f"{API}/shift-claims/", "asked", "decline/"),
        lambda world: {"answer": "No."},
    ),
    Ask("api:shift-offer-list", "GET", _at(f"{API}/shift-offers/")),
    Ask("api:shift-offer-list", "POST", _at(f"{API}/shift-offers/"), _gift),
    Ask("api:shift-offer-for-me", "GET", _at(f"{API}/shift-offers/for-me/")),
    Ask("api:shift-offer-waiting", "GET", _at(f"{API}/shift-offers/waiting/")),
    Ask(
        "api:shift-offer-receivers",
        "GET",
        lambda world: f"{API}/shift-offers/receivers/?shift={world.published.shift_id}",
    ),
    Ask(
        "api:shift-offer-in-return",
        "GET",
        lambda world: f"{API}/shift-offers/in-return/?shift={world.published.shift_id}&person={world.assistant.pk}",
    ),
    Ask("api:shift-offer-detail", "GET", _pk(f"{API}/shift-offers/", "offered")),
    *(
        Ask(f"api:shift-offer-{what}", "POST", _pk(f"{API}/shift-offers/", "offered", f"{what}/"), _version(1))
        for what in ("take", "decline", "withdraw")
    ),
    Ask("api:shift-offer-agree", "POST", _pk(f"{API}/shift-offers/", "taken", "agree/"), _version(2)),
    Ask("api:shift-offer-refuse", "POST", _pk(f"{API}/shift-offers/", "taken", "refuse/"), _version(2, answer="No.")),
    Ask("api:shift-hands-detail", "GET", _shift(f"{API}/shift-hands/", "offered")),
    Ask("api:shift-policy-list", "GET", _at(f"{API}/shift-policies/")),
    Ask("api:shift-policy-detail", "PUT", _at(f"{API}/shift-policies/mt-prospect/"), _policy),
    Ask("api:announcement-list", "GET", _at(f"{API}/announcements/")),
    Ask("api:announcement-list", "POST", _at(f"{API}/announcements/"), _new_announcement),
    Ask("api:announcement-detail", "GET", _pk(f"{API}/announcements/", "announcement")),
    Ask("api:announcement-detail", "PUT", _pk(f"{API}/announcements/", "scheduled"), _news_kept),
    Ask("api:announcement-take-over", "POST", _pk(f"{API}/announcements/", "held", "take-over/"), _news_seen),
    Ask("api:announcement-editions", "GET", _pk(f"{API}/announcements/", "announcement", "editions/")),
    Ask("api:announcement-correct", "POST", _pk(f"{API}/announcements/", "announcement", "correct/"), _news_corrected),
    Ask("api:announcement-withdraw", "POST", _pk(f"{API}/announcements/", "announcement", "withdraw/")),
    Ask("api:announcement-receipts", "GET", _pk(f"{API}/announcements/", "announcement", "receipts/")),
    Ask("api:announcement-file", "GET", _news_file("announcement", "slip", f"{API}/announcements/")),
    Ask("api:announcement-audiences", "GET", _at(f"{API}/announcements/audiences/")),
    Ask("api:announcement-reach", "GET", _at(f"{API}/announcements/reach/")),
    Ask("api:announcement-draft-list", "GET", _at(NEWS_DRAFTS)),
    Ask("api:announcement-draft-list", "POST", _at(NEWS_DRAFTS), _new_announcement),
    Ask("api:announcement-draft-detail", "GET", _pk(NEWS_DRAFTS, "begun")),
    Ask("api:announcement-draft-detail", "PUT", _pk(NEWS_DRAFTS, "begun"), _news_kept),
    Ask("api:announcement-draft-detail", "DELETE", _pk(NEWS_DRAFTS, "begun", "?token=1")),
    Ask("api:announcement-draft-send", "POST", _pk(NEWS_DRAFTS, "begun", "send/"), _news_seen),
    Ask("api:announcement-draft-files", "POST", _pk(NEWS_DRAFTS, "begun", "files/"), _news_attached),
    Ask("api:announcement-draft-file", "DELETE", _scribble),
    Ask("api:announcement-acknowledge", "POST", _pk(f"{API}/announcements/", "announcement", "acknowledge/")),
    Ask("api:search-list", "GET", _at(f"{API}/search/?q=words")),
    Ask("api:search-alias-list", "GET", _at(f"{API}/search-aliases/")),
    Ask("api:search-alias-list", "POST", _at(f"{API}/search-aliases/"), _new_alias),
    Ask("api:search-alias-detail", "PUT", _pk(f"{API}/search-aliases/", "alias"), _new_alias),
    Ask("api:search-alias-detail", "DELETE", _pk(f"{API}/search-aliases/", "alias", "?token=1")),
    Ask("api:operations-list", "GET", _at(f"{API}/operations/")),
    Ask("api:mail-list", "GET", _at(f"{API}/mails/")),
    Ask("api:mail-detail", "GET", _pk(f"{API}/mails/", "refused_mail")),
    Ask("api:mail-retry", "POST", _at(f"{API}/mails/retry/"), _these_mails),
    Ask("api:mail-write-off", "POST", _at(f"{API}/mails/write-off/"), _write_off_mails),
    Ask("api:address-trouble-list", "GET", _at(f"{API}/address-troubles/")),
    Ask("api:address-trouble-works", "POST", _pk(f"{API}/address-troubles/", "trouble", "works/")),
    Ask("api:coming-up-list", "GET", _at(f"{API}/coming-up/")),
    Ask("api:reminder-times-list", "GET", _at(f"{API}/reminder-times/")),
    Ask("api:reminder-times-detail", "GET", _at(f"{API}/reminder-times/shift-soon/")),
    Ask("api:reminder-times-detail", "PUT", _at(f"{API}/reminder-times/shift-soon/"), _later_reminder_by_api),
    Ask("api:reminders-coming-list", "GET", _at(f"{API}/reminders-coming/")),
    Ask("api:inbox-list", "GET", _at(f"{API}/inbox/")),
    Ask("api:inbox-read-all", "POST", _at(f"{API}/inbox/read/"), lambda world: {"ids": []}),
    Ask("api:inbox-unread-several", "POST", _at(f"{API}/inbox/unread/"), _chosen),
    Ask(
        "api:inbox-snooze-several", "POST", _at(f"{API}/inbox/snooze/"), lambda world: _chosen(world) | _tomorrow(world)
    ),
    Ask("api:inbox-wake-several", "POST", _at(f"{API}/inbox/wake/"), _chosen),
    Ask("api:inbox-detail", "GET", _pk(f"{API}/inbox/", "reminder")),
    Ask("api:inbox-read", "POST", _pk(f"{API}/inbox/", "reminder", "read/")),
    Ask("api:inbox-unread", "POST", _pk(f"{API}/inbox/", "reminder", "unread/")),
    Ask("api:inbox-snooze", "POST", _pk(f"{API}/inbox/", "reminder", "snooze/"), _tomorrow),
    Ask("api:inbox-wake", "POST", _pk(f"{API}/inbox/", "reminder", "wake/")),
    Ask("api:inbox-preferences", "GET", _at(f"{API}/inbox/preferences/")),
    Ask("api:inbox-preferences", "PUT", _at(f"{API}/inbox/preferences/"), lambda world: {"rhythms": {}}),
    Ask("api:inbox-quiet-hours", "GET", _at(f"{API}/inbox/quiet-hours/")),
    Ask("api:inbox-quiet-hours", "PUT", _at(f"{API}/inbox/quiet-hours/"), _quiet),
    Ask("api:own-checklist-list", "GET", _at(f"{API}/starting/")),
    Ask("api:starter-list", "GET", _at(f"{API}/starters/")),
    Ask("api:schema", "GET", _at(f"{API}/schema/")),
    Ask("api:docs", "GET", _at(f"{API}/docs/")),
]
ASKS += [Ask(*one) for one in roster_setup.asks()]
