"""Aliases: what people mean by DN, TKA or "dizzy". Kept by whoever the house says, without overwriting each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction

from intranet.audit.recording import record
from intranet.core.access import YES, AnyUser, Conflict, Forbidden, Refused, Verdict, require
from intranet.search.models import Alias, Miss

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

MOST = 500
NOT_YOURS = Verdict.no("not-clinical-lead", "The clinical lead keeps the search words.")
_rules: list[Callable[[AnyUser], bool]] = []


def kept_by(rule: Callable[[AnyUser], bool]) -> None:
    """Say who keeps the aliases. Called once, by the app that knows people's rights, when it is ready."""
    _rules[:] = [rule]


def may_edit(user: AnyUser) -> Verdict:
    return YES if user.is_authenticated and any(rule(user) for rule in _rules) else NOT_YOURS


@dataclass(frozen=True, slots=True)
class Words:
    """What an alias is to say."""

    term: str
    means: str


@transaction.atomic
def add(words: Words, *, by: AbstractBaseUser, at: datetime) -> Alias:
    """Keep a new alias. What people looked for in vain is settled by it."""
    require(may_edit(by), Forbidden)
    words = _tidy(words)
    require(_sayable(words))
    if Alias.objects.count() >= MOST:
        raise Refused.because("too-many", f"There are {MOST} already. Remove one that nobody needs.")
    alias = Alias(term=words.term, means=words.means, edited_by_id=by.pk, edited_at=at)
    _save(alias)
    Miss.objects.filter(text=words.term.casefold()).delete()
    record(by, "search_alias.added", alias, means=alias.means)
    return alias


@transaction.atomic
def change(alias: Alias, words: Words, *, token: int, by: AbstractBaseUser, at: datetime) -> Alias:
    """Change an alias that was opened with `token`. Raises Conflict when somebody changed or removed it since."""
    require(may_edit(by), Forbidden)
    words = _tidy(words)
    require(_sayable(words))
    alias = _locked(alias, token)
    if (alias.term, alias.means) == (words.term, words.means):
        return alias
    before: dict[str, Any] = {"term": alias.term, "means": alias.means}
    alias.term, alias.means, alias.token = words.term, words.means, token + 1
    alias.edited_by_id, alias.edited_at = by.pk, at
    _save(alias)
    changes: dict[str, Any] = {
        name: {"before": old, "after": new} for name, old in before.items() if old != (new := getattr(alias, name))
    }
    record(by, "search_alias.changed", alias, **changes)
    return alias


@transaction.atomic
def remove(alias: Alias, *, token: int, by: AbstractBaseUser) -> None:
    """Give an alias up, as it was when it was opened."""
    require(may_edit(by), Forbidden)
    alias = _locked(alias, token)
    record(by, "search_alias.removed", alias, means=alias.means)
    alias.delete()


def forget(miss: Miss, *, by: AbstractBaseUser) -> None:
    """Strike what somebody looked for in vain from the list. Nothing is recorded: it was no decision about anything."""
    require(may_edit(by), Forbidden)
    miss.delete()


def _save(alias: Alias) -> None:
    """Raises ValidationError with the sentence of the constraint, also when somebody keeps the same term just now."""
    alias.full_clean()
    try:
        with transaction.atomic():
            alias.save()
    except IntegrityError:
        alias.validate_constraints()
        raise


def _locked(alias: Alias, token: int) -> Alias:
    found = Alias.objects.select_for_update().filter(pk=alias.pk).first()
    if found is None:
        raise Conflict.because("gone", "Somebody removed this alias meanwhile.")
    if found.token != token:
        words = f"{found.edited_by} changed this after you opened it: “{found.term}” now also finds {found.means}."
        raise Conflict.because("changed", f"{words} Save again to replace that with yours.")
    return found


def _tidy(words: Words) -> Words:
    means = ", ".join(dict.fromkeys(part for text in words.means.split(",") if (part := " ".join(text.split()))))
    return Words(" ".join(words.term.split()), means)


def _sayable(words: Words) -> Verdict:
    """Both have to hold a word that can be searched for; English search leaves out words such as "the"."""
    one = "numnode(plainto_tsquery('public.search_stems', translate(public.search_plain(%s), '-', ' ')))"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {one}, {one}", [words.term, words.means])
        term, means = cursor.fetchone()
    verdict = YES
    if not term:
        verdict += Verdict.no("too-common", "Search leaves such a word out. Choose one that says more.", "term")
    if not means:
        verdict += Verdict.no("too-common", "Search leaves such words out. Choose some that say more.", "means")
    return verdict
