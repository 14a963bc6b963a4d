"""What a person's file says to working at all: a licence that has ended bars every shift, a late training is a warning.

What one procedure needs on top of it is `protocols.clearance`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from accounts.credentials import last_day
from accounts.models import Credential, CredentialType, Gate, User
from intranet.core.access import Reason, Verdict
from intranet.core.time import day_span, organisation_zone
from intranet.core.wording import full_day


def gate(person: User, on: date) -> Verdict:
    """What the person's file says to a shift on the day: reasons by types that block, warnings by the others."""
    return gates([(person, on)])[person.pk, on]


def gates(asked: Iterable[tuple[User, date]]) -> dict[tuple[int, date], Verdict]:
    """{(person, day): the verdict of `gate`}. Two queries, however many people and days."""
    asked = list(asked)
    people = {person.pk: person for person, _ in asked}
    files = _Files.of(list(people.values()))
    return {(person.pk, on): files.verdict(person, on) for person, on in asked}


@dataclass(frozen=True)
class _Files:
    """The types that somebody must have, and what some people have filed of them, oldest first."""

    types: Sequence[CredentialType]
    filed: dict[tuple[int, int], list[Credential]] = field(default_factory=dict)

    @classmethod
    def of(cls, people: Sequence[User]) -> _Files:
        types = list(CredentialType.objects.in_use().filter(required=True))
        filed: dict[tuple[int, int], list[Credential]] = defaultdict(list)
        for credential in Credential.objects.counting().filter(user__in=people, type__in=types).order_by("valid"):
            filed[credential.user_id, credential.type_id].append(credential)
        return cls(types, filed)

    def verdict(self, person: User, on: date) -> Verdict:
        lacking = [
            (type, reason) for type in self.types if type.is_for(person) and (reason := self._against(person, type, on))
        ]
        return Verdict.of(
            (reason for type, reason in lacking if type.gate == Gate.BLOCKS),
            (reason for type, reason in lacking if type.gate != Gate.BLOCKS),
        )

    def _against(self, person: User, type: CredentialType, on: date) -> Reason | None:
        begun = [one for one in self.filed.get((person.pk, type.pk), []) if one.valid.lower <= on]
        checked_by = day_span(on, organisation_zone())[1]
        if any(
            one.verified_at and one.verified_at < checked_by and (one.valid.upper is None or on < one.valid.upper)
            for one in begun
        ):
            return None
        return credential_reason(person, type, begun[-1] if begun else None, on)


def credential_reason(person: User, type: CredentialType, latest: Credential | None, on: date) -> Reason:
    """Why somebody does not have what counts on the day; `latest` is the last that had begun by then."""
    name = person.given_name
    if latest is None:
        return Reason("credential-missing", f"{name} has no {type} on file for {full_day(on)}.")
    last = last_day(latest)
    if last is not None and last < on:
        return Reason("credential-expired", f"{name}’s {type} ends on {full_day(last)}.")
    return Reason("credential-not-verified", f"{name}’s {type} has not been verified.")
