"""The words in which every part of the product says yes or no.

A rule answers with a :class:`Verdict` that carries *all* its reasons; an action whose rule says no raises
:class:`Refused`; a queryset answers `visible_to(user)`. Pages, API and jobs translate these and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

# Whoever asks, signed in or not. A forward reference: this module loads before the app registry is ready.
AnyUser: TypeAlias = "AbstractBaseUser | AnonymousUser"

Row = TypeVar("Row", bound=models.Model, covariant=True)


def is_staff_member(user: AnyUser) -> bool:
    """Signed in, active and with a membership in force: whose roles have all ended sees nothing, on pages and over the API."""
    return user.is_authenticated and user.is_active and bool(user.standing.grants)  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, as a stable code for programs and one sentence for people. `field` names a form field, if one."""

    code: str
    message: str
    field: str = ""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no, with every reason against and every warning beside. Truthy when allowed."""

    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()

    def __bool__(self) -> bool:
        return not self.reasons

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(self.reasons + other.reasons, self.warnings + other.warnings)

    @classmethod
    def of(cls, reasons: Iterable[Reason], warnings: Iterable[Reason] = ()) -> Verdict:
        return cls(tuple(reasons), tuple(warnings))

    @classmethod
    def no(cls, code: str, message: str, field: str = "") -> Verdict:
        return cls((Reason(code, message, field),))


YES = Verdict()


class Refused(Exception):
    """An action was refused. `verdict.reasons` holds every reason, never an empty list."""

    status = 422

    def __init__(self, verdict: Verdict) -> None:
        if verdict:
            raise ValueError("A refusal needs at least one reason.")
        self.verdict = verdict
        super().__init__(" ".join(str(reason) for reason in verdict.reasons))

    @classmethod
    def because(cls, code: str, message: str, field: str = "") -> Self:
        return cls(Verdict.no(code, message, field))


class Forbidden(Refused):
    """The person may see the thing but may not do this to it: HTTP 403."""

    status = 403


class Gone(Refused):
    """It was there for the person and is not any more: HTTP 410."""

    status = 410


class Conflict(Refused):
    """Somebody else was quicker, or the thing has changed meanwhile: HTTP 409."""

    status = 409


def require(verdict: Verdict, error: type[Refused] = Refused) -> None:
    """Raise `error` with the verdict's reasons unless it says yes."""
    if not verdict:
        raise error(verdict)


class AccessQuerySet(models.QuerySet[Row]):
    """A queryset that knows who may see its rows. Every model with private rows has one."""

    def visible_to(self, user: AnyUser) -> Self:
        raise NotImplementedError(f"{type(self).__name__} must say who sees its rows.")

    def sees(self, user: AnyUser, obj: models.Model) -> bool:
        """The object check, derived from the list filter so that the two cannot drift apart."""
        return self.visible_to(user).filter(pk=obj.pk).exists()


def add_refusal(form: Any, refused: Refused) -> None:
    """Show a refusal in a form: each reason at its field, or above the form when it names none."""
    for reason in refused.verdict.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, reason.message)
