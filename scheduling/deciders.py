"""Who decides about somebody's time off: the managers of the clinics at which the person works then.

Who works at no clinic in these days (the clinical lead), or at one whose only manager is the person, has nobody of their
own: then the managers of every clinic may decide. Nobody decides about oneself.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import DateField, DateTimeField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Lower, Upper

from accounts.models import Membership, User
from accounts.models.people import held_on
from accounts.roles import Role
from intranet.core.moments import InZone
from intranet.core.wording import name_list

PERSON, PERIOD = OuterRef("person"), OuterRef("period")  # of the row of time off around the query
AN_INSTANT = timedelta(microseconds=1)
NAMED = 3


def workplaces(person: Any = PERSON, period: Any = PERIOD) -> QuerySet[Membership]:
    """The roles at clinics that a person holds on a day of the period, as the clinic counts its days."""
    last_moment = ExpressionWrapper(Upper(period) - Value(AN_INSTANT), output_field=DateTimeField())
    touched = Membership.objects.filter(user=person, clinic__isnull=False).annotate(
        first_day=_day(Lower(period)), last_day_off=_day(last_moment)
    )
    not_over = Q(period__upper_inf=True) | Q(period__endswith__gt=F("first_day"))
    return touched.filter(not_over, period__startswith__lte=F("last_day_off"))


def own_managers(on: date, person: Any = PERSON, period: Any = PERIOD) -> QuerySet[Any, Any]:
    """Who (`manager`) manages a workplace of the person on the day `on`, without the person."""
    managed = workplaces(person, period).filter(
        held_on(on, of="clinic__memberships__"),
        clinic__memberships__role=Role.MANAGER,
        clinic__memberships__user__is_active=True,
    )
    # Named before anybody is excluded, or Django would join the members of the clinic once more, whatever their role.
    return managed.annotate(manager=F("clinic__memberships__user")).exclude(manager=person)


def every_manager(on: date, person: Any = PERSON) -> QuerySet[Any, Any]:
    """Who (`manager`) manages any clinic on the day `on`, without the person."""
    managing = Membership.objects.on(on).filter(role=Role.MANAGER, user__is_active=True)
    return managing.annotate(manager=F("user")).exclude(manager=person)


def deciders(person: User, period: DateTimeTZRange, on: date) -> list[User]:
    """Who decides about time off of the person in the period, by name. Empty when nobody else manages a clinic."""
    days = Value(period, DateTimeRangeField())
    own = own_managers(on, Value(person.pk), days)
    chosen = own if own.exists() else every_manager(on, Value(person.pk))
    return list(User.objects.filter(pk__in=chosen.values("manager")).by_name())


def who_decides(person: User, period: DateTimeTZRange, on: date) -> str:
    """`Dana Mockridge decides.`: to whoever waits."""
    names = [decider.name for decider in deciders(person, period, on)]
    if not names:
        return "Nobody else manages a clinic now. An administrator has to give somebody that role."
    if len(names) > NAMED:
        return "The managers of the clinics decide."
    return f"{name_list(names)} decide{'s' if len(names) == 1 else ''}."


def _day(moment: Any) -> Cast:
    return Cast(InZone(F("clinic__time_zone"), moment), DateField())
