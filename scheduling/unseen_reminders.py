"""What a publication changed and somebody has not seen: the person after two days, then whoever published it.

Seen is what has a receipt (`seen`). Only what is still ahead is reminded of, and nobody of what they did themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat, Greatest, Least
from django.urls import reverse

from accounts.models import Membership, User
from accounts.roles import Role
from intranet.core.moments import InZone
from intranet.core.time import minutes_between, organisation_day
from intranet.core.wording import clock_time, counted, duration, long_day, week_label
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import HOUR, Group, Kind, Message, Step
from scheduling.decision_reminders import ForManagers, managers_of
from scheduling.models import Publication, PublicationChange, PublicationRecipient
from scheduling.reminders import changes_for
from scheduling.swap_reminders import later, words

PUBLISHED = "after it was published"
# Whose first shift begins earlier after the publication has an occasion of its own day. Also when the times are changed:
# nobody moves from one occasion to another, and is told of twice, because of that.
OF_ITS_OWN_DAY = timedelta(hours=96)
AT_LEAST = timedelta(hours=4)  # what is published late leaves nobody time to look at it at once
BACK = timedelta(days=14)  # no shift of a week is ahead any more when it began so long ago
OF_WAITING = "72 hours"
OF_A_DAY = "day before "


class RosterUnseen(Kind):
    """To whoever has not seen after two days what a publication changed of their shifts, as long as it is ahead."""

    code: ClassVar[str] = "roster-unseen"
    label: ClassVar[str] = "Roster changes that you have not seen"
    subject: ClassVar[str] = "scheduling.Publication"
    group: ClassVar[Group] = Group.SHIFT_CHANGES
    icon: ClassVar[str] = "eye"
    tone: ClassVar[str] = "caution"
    cause = "Somebody has not opened their schedule since a publication changed their shifts."
    who = "The person"
    steps = (Step("48 hours", PUBLISHED, 48 * HOUR, 12 * HOUR, 168 * HOUR),)
    related = ("week__clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            unseen(at).annotate(
                recipient_id=F("person_id"),
                subject_id=F("publication_id"),
                occasion=words(code),
                due_at=later("publication__at", after),
                not_after=F("last"),
            )
            for code, after in steps_of(self)
        ]

    def about(self, subject: Publication) -> str:
        return of_week(subject)

    def write(self, subject: Publication, recipient: User, occasion: str, at: datetime) -> Message:
        changes = changes_for(subject, recipient)
        return Message(
            title=f"Not seen yet: roster of {subject.week.clinic}, {week_label(subject.week.monday)}",
            paragraphs=[
                f"{counted(len(changes), 'change')} to your shifts, published on {_moment(subject)}:",
                *changes,
                "Once you have opened your schedule, your managers know that you have seen it.",
            ],
            path=reverse("scheduling:my-schedule"),
            action="See your schedule",
            why="You get this because your shifts changed and you have not opened your schedule since.",
        )


class StaffRosterUnseen(ForManagers):
    """To whoever published it, when somebody has not seen it after three days, or one day before the first shift that it
    changed. One message for all who had so much time; to the managers of the clinic where no manager published it."""

    code: ClassVar[str] = "staff-roster-unseen"
    label: ClassVar[str] = "Roster changes that staff have not seen"
    subject: ClassVar[str] = "scheduling.Publication"
    group: ClassVar[Group] = Group.GAPS
    icon: ClassVar[str] = "eye"
    cause = "Staff have not opened their schedule since a publication changed their shifts. The earlier step counts."
    who = "Whoever published it; the managers of the clinic where that is no manager"
    steps = (
        Step("72 hours", PUBLISHED, 72 * HOUR, 12 * HOUR, 240 * HOUR, needed=True, escalation=True),
        Step(
            *("day before", "before the first shift that it changed", 24 * HOUR, 4 * HOUR, 96 * HOUR),
            before=True,
            escalation=True,
            group="Before the first shift",
        ),
    )
    related = ("week__clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        here = {"user": OuterRef("publication__by"), "clinic": OuterRef("publication__week__clinic")}
        publishes = Exists(Membership.objects.on(organisation_day(at)).filter(role=Role.MANAGER, **here))
        waiting = self.with_occasion(unseen(at))
        own = waiting.filter(publishes).annotate(recipient_id=F("publication__by"))
        others = managers_of(waiting.filter(~publishes), "publication__week__clinic", at)
        over = ExpressionWrapper(F("publication__week__monday") + Value(BACK), output_field=DateTimeField())
        return [
            rows.exclude(recipient_id=F("person_id")).annotate(
                subject_id=F("publication_id"), not_after=InZone(F("publication__week__clinic__time_zone"), over)
            )
            for rows in (own, others)
        ]

    def write(self, subject: Publication, recipient: User, occasion: str, at: datetime) -> Message:
        rows = self.with_occasion(unseen(at)).filter(publication=subject, occasion=occasion).exclude(person=recipient)
        waiting = list(rows.select_related("person").order_by("first", "person__name"))
        clinic = subject.week.clinic
        return Message(
            title=f"Not seen yet by {counted(len(waiting), 'person', 'people')}: roster of {clinic}, "
            f"{week_label(subject.week.monday)}",
            paragraphs=[
                f"Published on {_moment(subject)}. Who has not opened their schedule since, as of {_spoken(at, subject)}:",
                *(
                    f"{row.person}: the first shift that changed is on {_spoken(row.first, subject)}."
                    for row in waiting
                ),
                "Call them, or tell them when you meet.",
            ],
            path=f"{reverse('scheduling:history-report')}?clinic={clinic.slug}&week={subject.week.monday.isoformat()}",
            action="See what was changed",
            why=f"You get this because you {'published it' if subject.by_id == recipient.pk else 'make this roster'}, and "
            f"they have not seen it for {duration(minutes_between(subject.at, at))}.",
        )

    def about(self, subject: Publication) -> str:
        return of_week(subject)

    def with_occasion(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """With when whoever published hears of it, and the occasion that all with so much time share."""
        first_day = Cast(InZone(F("publication__week__clinic__time_zone"), F("first")), DateField())
        return rows.annotate(
            due_at=Greatest(self._told(), later("publication__at", AT_LEAST)),
            occasion=Case(
                When(first__lt=later("publication__at", OF_ITS_OWN_DAY), then=_day_before(first_day)),
                default=words(OF_WAITING),
            ),
        )

    def _told(self) -> Any:
        """After some days, or some hours before the first shift that changed: what comes first."""
        waited = [later("publication__at", after) for _, after in steps_of(self)]
        before = [later("first", offset) for _, offset in steps_of(self, "Before the first shift")]
        both = [*waited, *before]
        return Least(*both) if len(both) > 1 else both[0]


def unseen(at: datetime) -> QuerySet[Any, Any]:
    """Notices without a receipt, of people who still work here, with `first` and `last`: the starts of the changed shifts
    that were to come then, before and after the change. Something of it is ahead."""
    still_here = Membership.objects.on(organisation_day(at)).filter(user=OuterRef("person"))
    notices = PublicationRecipient.objects.filter(
        Exists(still_here),
        receipt=None,
        person__is_active=True,
        publication__week__monday__gt=organisation_day(at) - BACK,
    )
    notices = notices.exclude(person=F("publication__by"))
    return notices.annotate(first=_of_changes(Min, Least), last=_of_changes(Max, Greatest)).filter(last__gt=at)


def _of_changes(aggregate: type[Min | Max], function: type[Least | Greatest]) -> Subquery:
    """The first or last start of what the publication changed for the person, after it was published."""
    sides = [_start("before"), _start("after")]
    later = [aggregate(side, filter=Q(publication__at__lt=side)) for side in sides]
    own = Q(staff_before=OuterRef("person")) | Q(staff_after=OuterRef("person"))
    changes = PublicationChange.objects.filter(own, publication=OuterRef("publication")).order_by()
    return Subquery(changes.values("publication").annotate(found=function(*later)).values("found"))


def _start(side: str) -> Case:
    """When the shift starts as it was before or is after the change, where it was or is the person's."""
    start = Cast(KT(f"{side}__start"), DateTimeField())
    return Case(When(**{f"staff_{side}": OuterRef("person")}, then=start), output_field=DateTimeField())


def of_week(publication: Publication) -> str:
    return f"Roster of {publication.week.clinic}, {week_label(publication.week.monday)}"


def _day_before(day: Any) -> Concat:
    return Concat(Value(OF_A_DAY), Cast(day, CharField()), output_field=CharField())


def _moment(publication: Publication) -> str:
    return _spoken(publication.at, publication)


def _spoken(moment: datetime, publication: Publication) -> str:
    """`Wednesday, November 25, 2026, 10:00 AM CST`, by the clinic's clocks."""
    local = moment.astimezone(publication.week.clinic.zone)
    return f"{long_day(local)}, {local.year}, {clock_time(local)} {local:%Z}"


def register() -> None:
    registry.register(RosterUnseen())
    registry.register(StaffRosterUnseen())
