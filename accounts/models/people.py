from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Prefetch, Q, Value, prefetch_related_objects
from django.db.models.functions import Cast, Coalesce, Lower
from django.urls import reverse
from django.utils import timezone

from accounts.finding import Folded, contact_words
from accounts.models import frozen
from accounts.roles import ORGANISATION_ROLES, Capability, Role
from accounts.standing import Standing, standing_of
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.frozen import no_truncate, written_once
from intranet.core.moments import InZone
from intranet.core.time import organisation_day, organisation_zone


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Choose a time zone by its full name, for example America/Chicago.")


class ClinicQuerySet(AccessQuerySet["Clinic"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Every member of staff knows every clinic; a person without a role knows none."""
        return self if isinstance(user, User) and user.standing.holds(Capability.SEE_DIRECTORY) else self.none()

    def where(self, user: User, capability: Capability) -> Self:
        """The clinics for which the person holds the capability."""
        scope = user.standing.scope(capability)
        return self if scope.everywhere else self.filter(pk__in=scope.clinic_ids)


# What the style sheets have for clinics: shape and colour, by the clinic's number.
MARKS = {
    1: "square, blue",
    2: "round, plum",
    3: "lozenge, olive",
    4: "arch, brown",
    5: "bowl, violet",
    6: "drop, steel blue",
    7: "lozenge to the right, grey",
    8: "round to the left, rust",
}


class Clinic(models.Model):
    """A place where staff work, with its own time zone. Letter and number fix its mark and colour everywhere."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    letter = models.CharField(max_length=1, unique=True)
    number = models.PositiveSmallIntegerField(unique=True)
    time_zone = models.CharField(max_length=64, default="America/Chicago", validators=[validate_zone])
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    county = models.CharField(max_length=60, blank=True)

    objects: ClassVar[ClinicQuerySet] = ClinicQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__range=(1, len(MARKS))),
                name="clinic_number_has_a_colour",
                violation_error_message=f"The design has marks for clinics 1 to {len(MARKS)}.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Profession(models.TextChoices):
    PT = "pt", "PT"
    PTA = "pta", "PTA"
    OT = "ot", "OT"
    COTA = "cota", "COTA"
    AT = "at", "AT"
    AIDE = "aide", "Aide"
    DESK = "desk", "Front desk"
    OTHER = "other", "Other"


class UserQuerySet(AccessQuerySet["User"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Staff see the staff. People who left stay visible to those who may deactivate."""
        if not isinstance(user, User) or not user.standing.holds(Capability.SEE_DIRECTORY):
            return self.none()
        return self if user.standing.holds(Capability.INVITE) else self.active()

    def with_file_visible_to(self, viewer: AnyUser) -> Self:
        """Those whose credentials and competencies the viewer sees: oneself, people of own clinics, or everybody."""
        if not isinstance(viewer, User) or not viewer.standing.holds(Capability.SEE_CREDENTIALS):
            return self.none()
        scope = viewer.standing.scope(Capability.SEE_CREDENTIALS)
        if scope.everywhere:
            return self
        today = organisation_day(viewer.standing.at)
        belongs = Membership.objects.belonging(today).filter(user=models.OuterRef("pk"), clinic__in=scope.clinic_ids)
        return self.filter(Q(pk=viewer.pk) | models.Exists(belongs))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def members(
        self,
        on: date,
        *,
        clinics: Any = None,
        roles: Any = None,
        organisation_wide: bool = True,
    ) -> Self:
        """Active people with a membership on a day, at one of `clinics` and with one of `roles` (None: any).

        With `organisation_wide`, people whose membership is of the whole organisation count at every clinic.
        """
        held = held_on(on)
        if roles is not None:
            held &= Q(role__in=roles)
        if clinics is not None:
            at_clinic = Q(clinic__in=clinics)
            held &= (at_clinic | Q(clinic__isnull=True)) if organisation_wide else at_clinic
        memberships = Membership.objects.filter(held, user=models.OuterRef("pk"))
        return self.active().filter(models.Exists(memberships))

    def by_name(self) -> Self:
        return self.order_by(Folded("name"), "pk")


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who signs in with an address. Without a password nobody can sign in until a reset."""
        user: User = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user


StaffManager = UserManager.from_queryset(UserQuerySet)


class User(AbstractBaseUser):
    """A member of staff, present or former. People are deactivated, never deleted: their signatures stay evidence."""

    email = models.EmailField("email", unique=True)
    name = models.CharField(max_length=120)
    profession = models.CharField(max_length=8, choices=Profession, default=Profession.OTHER)
    title = models.CharField(max_length=80, blank=True, help_text="For example “PT, DPT”.")
    phone = models.CharField("work phone", max_length=40, blank=True)
    languages = ArrayField(models.CharField(max_length=40), default=list, blank=True, size=12)
    weekly_hours = models.PositiveSmallIntegerField("target hours a week", default=40)
    hired_on = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    objects = StaffManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = [Lower("name"), "pk"]
        indexes = [
            models.Index(Folded("name"), F("id"), name="user_by_name"),
            GinIndex(OpClass(contact_words(), name="gin_trgm_ops"), name="user_by_contact_words"),
            GinIndex(fields=["languages"], name="user_by_language"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_unique_in_any_case",
                violation_error_message="Somebody already signs in with this address.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:person-detail", args=[self.pk])

    @property
    def initials(self) -> str:
        parts = self.name.split()
        return "".join(part[0] for part in (parts[0], parts[-1])).upper() if len(parts) > 1 else self.name[:2].upper()

    @property
    def given_name(self) -> str:
        return self.name.split()[0] if self.name else ""

    @property
    def profession_label(self) -> str:
        """What stands beside the name: the title if there is one, else the profession."""
        return self.title or self.get_profession_display()

    @cached_property
    def standing(self) -> Standing:
        """What this person may do now. Read afresh with each request, because each request loads its own user."""
        return standing_of(self, timezone.now())

    @classmethod
    def know_standing(cls, people: Iterable[User]) -> None:
        """Find out for many at once what each would ask for by itself: `standing` and `zone`. One query."""
        people, now = list(people), timezone.now()
        memberships = Membership.objects.select_related("clinic")
        prefetch_related_objects(people, Prefetch("memberships", memberships, to_attr="known_memberships"))
        for person in people:
            person.standing = standing_of(person, now)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which to speak to this person: that of the clinic, when there is one, else the organisation's."""
        clinics = sorted(self.standing.clinic_ids)
        if not clinics:
            return organisation_zone()
        known = {held.clinic_id: held.clinic for held in getattr(self, "known_memberships", ()) if held.clinic}
        return (known.get(clinics[0]) or Clinic.objects.get(pk=clinics[0])).zone


def role_fits_its_place(name: str) -> models.CheckConstraint:
    """Of a model with `role` and `clinic`: whether the role is held in the organisation or at a clinic."""
    roles = sorted(ORGANISATION_ROLES)
    return models.CheckConstraint(
        condition=Q(role__in=roles, clinic__isnull=True) | (~Q(role__in=roles) & Q(clinic__isnull=False)),
        name=name,
        violation_error_message="Clinical lead, administrator and approver belong to the organisation; "
        "every other role belongs to a clinic.",
    )


class MembershipQuerySet(models.QuerySet["Membership"]):
    def on(self, day: date) -> Self:
        return self.filter(held_on(day))

    def in_force_at(self, moment: models.OuterRef) -> Self:
        """In force at a moment of an outer query, past or to come, whatever was ended later: until a role is ended it holds.

        `on` speaks of whole days, from what is known now.
        """
        zone = Coalesce(F("clinic__time_zone"), Value(organisation_zone().key))
        day = Cast(InZone(zone, moment), models.DateField())
        ended_later = RoleEnd.objects.filter(membership=models.OuterRef("pk"), at__gt=models.OuterRef("moment"))
        found = self.annotate(moment=models.ExpressionWrapper(moment, models.DateTimeField()), day_then=day)
        goes_on = Q(ended_at=None) & (Q(period__upper_inf=True) | Q(period__endswith__gt=F("day_then")))
        return found.filter(goes_on | models.Exists(ended_later), period__startswith__lte=F("day_then"))

    def not_over(self, day: date | models.OuterRef) -> Self:
        """In force on the day (or a day of the outer query) or to come."""
        return self.filter(_not_over(day))

    def belonging(self, day: date) -> Self:
        """Those that say to which clinics a person belongs: begun and not over; for a starter, who holds nothing yet, those
        to come; for somebody who left altogether, those that ended last.

        Who moved to another clinic is no longer the business of the managers of the first. And nobody makes a person
        theirs by giving them a role that begins some day.
        """
        of_the_person = Membership.objects.filter(user=models.OuterRef("user"))
        begun = _not_over(day) & Q(period__startswith__lte=day)
        to_come = _not_over(day) & ~models.Exists(of_the_person.on(day))
        later = of_the_person.filter(period__endswith__gt=models.OuterRef("period__endswith"))
        last = ~models.Exists(of_the_person.not_over(day)) & ~models.Exists(later)
        return self.filter(begun | to_come | last)


def held_on(day: date | models.OuterRef, of: str = "") -> Q:
    """In the period, and not cut off on that day, its last; `of` is the path to the membership: `clinic__memberships__`.

    A path to many is one membership only within one `filter()`.
    """
    goes_on = Q(**{f"{of}ended_at": None}) | Q(**{f"{of}period__endswith__gt": day + timedelta(days=1)})
    return Q(**{f"{of}period__contains": day}) & goes_on


def _not_over(day: date | models.OuterRef) -> Q:
    return Q(period__upper_inf=True) | Q(period__endswith__gt=day)


class Membership(models.Model):
    """A person holds a role at a clinic, or in the whole organisation (no clinic), for a period of days.

    Who held which role on a past day is evidence: a row only ends, as its last `RoleEnd` says.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    clinic = models.ForeignKey(Clinic, models.PROTECT, null=True, blank=True, related_name="memberships")
    period = DateRangeField(
        help_text="First day to the day after the last; open at the end means until further notice."
    )

    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was cut off on its last day, which stays on record."
    )

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="membership_periods_do_not_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce(F("clinic"), Value(0)), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(ended_at=None),
                violation_error_message="This person already holds that role there in that period.",
            ),
            role_fits_its_place("membership_role_fits_its_place"),
            models.CheckConstraint(
                condition=Q(period__isempty=False) & Q(period__startswith__isnull=False),
                name="membership_has_a_first_day",
                violation_error_message="A membership starts on a day and lasts at least one.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(period__upper_inf=False),
                name="membership_cut_off_has_a_last_day",
                violation_error_message="What was cut off has a last day.",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="a_role_is_only_ended",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.MEMBERSHIP,
            ),
            no_truncate("Who held which role is evidence."),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} at {self.clinic or 'the whole organisation'}"

    @property
    def last_day(self) -> date | None:
        """The last day with the role; None until further notice."""
        upper: date | None = self.period.upper
        return upper and upper - timedelta(days=1)

    def in_force_on(self, day: date) -> bool:
        if self.ended_at is not None and day == self.last_day:
            return False
        return self.period.lower <= day and (self.period.upper is None or day < self.period.upper)


class RoleEnd(models.Model):
    """At the moment `at` somebody ended a role: `until` is the first day without it. The last row holds.

    `cut_off` ended it at that very moment, the day before `until` stays on record. A role that had not begun is removed;
    this row stays, which is why its key has no constraint.
    """

    membership = models.ForeignKey(Membership, models.DO_NOTHING, db_constraint=False, related_name="ends")
    until = models.DateField()
    cut_off = models.BooleanField(default=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="None: the system.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *written_once("When a role ended is evidence; an earlier end is one more row."),
            pgtrigger.Trigger(
                name="a_role_ends_from_today_on",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("today", "date")],
                func=frozen.ROLE_END,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: until {self.until}"
