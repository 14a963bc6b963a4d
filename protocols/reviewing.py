"""The review cycle: a version in force stays so when one person has found nothing to change and another one agrees."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day
from protocols.drafting import clinics_of, lock
from protocols.models import ProtocolVersion, Review, Status


def may_review(by: User) -> Verdict:
    """The clinical lead says first that nothing has to change."""
    if by.standing.may(Capability.PUBLISH_PROTOCOL):
        return YES
    return Verdict.no("not-the-lead", "The clinical lead reviews protocols.")


def may_confirm(review: Review, *, by: User) -> Verdict:
    """The lead or a delegated approver, never the person who reviewed it."""
    if not by.standing.holds(Capability.APPROVE_PROTOCOL):
        return Verdict.no("not-an-approver", "The clinical lead or a delegated approver agrees.")
    if review.by_id == by.pk:
        return Verdict.no("own-review", "You reviewed it. Somebody else has to agree.")
    return YES


def waiting(version: ProtocolVersion) -> Review | None:
    """The review that waits for a second person."""
    return version.reviews.filter(confirmed_at__isnull=True).select_related("by").first()


def to_confirm(by: User, at: datetime) -> QuerySet[Review]:
    """Reviews that wait for the person's agreement: those that `may_confirm` leaves to them, the longest waiting first."""
    if not by.standing.holds(Capability.APPROVE_PROTOCOL):
        return Review.objects.none()
    versions = ProtocolVersion.objects.visible_to(by).in_force(at)
    found = Review.objects.filter(confirmed_at__isnull=True, version__in=versions.values("pk")).exclude(by=by)
    return found.select_related("by", "version__protocol").order_by("at", "pk")


@transaction.atomic
def review(version: ProtocolVersion, *, note: str = "", by: User, at: datetime) -> Review:
    """Say that nothing has to change. It counts once another person agrees."""
    version = lock(version)
    require(may_review(by), Forbidden)
    if version.status(at) != Status.IN_FORCE:
        raise Refused.because("not-in-force", "Only a version in force is reviewed.")
    if waiting(version):
        raise Conflict.because("waits", "A review of this version waits for a second person already.")
    found = Review.objects.create(version=version, note=" ".join(note.split()), by=by, at=at)
    record(by, "protocol.reviewed", version, clinics=clinics_of(version))
    return found


@transaction.atomic
def confirm(review: Review, *, by: User, at: datetime) -> Review:
    """Agree. The next review is counted from today. Raises Conflict when somebody has agreed meanwhile."""
    version = lock(review.version)
    review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    require(may_confirm(review, by=by), Forbidden)
    if review.confirmed_at is not None:
        raise Conflict.because("confirmed", "Somebody has agreed meanwhile.")
    if version.status(at) != Status.IN_FORCE:
        raise Refused.because("not-in-force", "This version is not in force any more.")
    review.confirmed_by, review.confirmed_at = by, at
    review.save(update_fields=["confirmed_by", "confirmed_at"])
    version.reviewed_on = organisation_day(at)
    version.save(update_fields=["reviewed_on"])
    record(by, "protocol.review-confirmed", version, clinics=clinics_of(version), reviewed_by=review.by)
    return review
