"""Who may read which version: the lines "Read ..." of the product's role table, as one condition for the database."""

from __future__ import annotations

from datetime import date, datetime

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership, User
from accounts.roles import TABLE, Capability, Reach, Role
from accounts.standing import Scope, Standing
from protocols.models.content import Audience, Contributor

NONE = Q(pk__in=[])
ALL = ~NONE  # an empty Q() would vanish from `a | Q()`


def readable_versions(user: User, at: datetime) -> Q:
    """Versions that the person may read at the moment: current ones, past ones and drafts have a rule each."""
    released = Q(state__in=["published", "superseded", "withdrawn"])
    past = released & ~current(at)
    standing = user.standing
    return (current(at) & _current(standing)) | (past & _past(user)) | (~released & _drafts(user))


def current(at: datetime) -> Q:
    """Versions in force at the moment, or published by then to come into force, whatever became of them since.

    Never unknown, so that it can be turned round.
    """
    coming = Q(in_force__isempty=False, in_force__startswith__gt=at)
    withdrawn_later = Q(in_force__isempty=True, withdrawn_at__isnull=False, withdrawn_at__gt=at)
    known = Q(in_force__isnull=False, published_at__isnull=False, published_at__lte=at)
    return known & (Q(in_force__contains=at) | coming | withdrawn_later)


def _current(standing: Standing) -> Q:
    """Whom the audience addresses, and those who read whatever their role: managers at their clinics, the lead."""
    grants = [grant for grant in standing.grants if Capability.READ_PROTOCOL in TABLE[grant.role]]
    addressed = Q(Exists(Audience.objects.of(grants).filter(version=OuterRef("pk")))) if grants else NONE
    return addressed | _within(standing.scope(Capability.READ_ANY_PROTOCOL))


def read_current(person: str, version: str, on: date) -> Q:
    """The same of many people on a day: that a person reads a current version, both named as fields of the outer query."""
    readership = apps.get_model("protocols", "Readership").objects
    addressed = readership.on(on).filter(user=OuterRef(person), version=OuterRef(version))
    meant_there = Audience.objects.filter(Q(clinic__isnull=True) | Q(clinic=OuterRef("clinic")))
    meant_there = meant_there.filter(version=OuterRef(OuterRef(version)))
    anyway = Q(role__in=_reaching(Reach.ALL)) | Q(role__in=_reaching(Reach.OWN)) & Q(Exists(meant_there))
    return Q(Exists(addressed)) | Q(Exists(Membership.objects.on(on).filter(anyway, user=OuterRef(person))))


def _reaching(reach: Reach) -> list[Role]:
    """The roles that read whatever the audience, and how far."""
    return [role for role, capabilities in TABLE.items() if capabilities.get(Capability.READ_ANY_PROTOCOL) == reach]


def _past(user: User) -> Q:
    """What the person signed, or what was for the own clinics, or all."""
    if not user.standing.holds(Capability.READ_SUPERSEDED):
        return NONE
    acknowledgements = apps.get_model("protocols", "Acknowledgement").objects
    signed = Q(Exists(acknowledgements.filter(version=OuterRef("pk"), user=user)))
    return signed | _within(user.standing.scope(Capability.READ_SUPERSEDED))


def _drafts(user: User) -> Q:
    """What the person writes, what waits for the person's review, or all."""
    standing = user.standing
    if standing.holds(Capability.READ_DRAFT):
        return ALL
    may_read = own_versions(user)
    if standing.holds(Capability.APPROVE_PROTOCOL):
        may_read |= Q(state__in=["in_review", "approved"])
    return may_read


def own_versions(user: User) -> Q:
    """What the person wrote on, as long as writing is part of the person's work."""
    if not user.standing.holds(Capability.WRITE_PROTOCOL):
        return NONE
    return Q(Exists(Contributor.objects.filter(version=OuterRef("pk"), user=user)))


def _within(scope: Scope) -> Q:
    if scope.everywhere:
        return ALL
    if not scope.clinic_ids:
        return NONE
    return Q(Exists(Audience.objects.at(scope.clinic_ids).filter(version=OuterRef("pk"))))
