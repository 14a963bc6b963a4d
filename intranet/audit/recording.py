"""How an action leaves its trace. Called inside the action's transaction: no trace, no change; no change, no trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from intranet.audit import origin, vocabulary
from intranet.audit.models import Entry

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class UnknownVerb(ValueError):
    """Nobody could read the entry: its verb has no words."""


def record(
    actor: AbstractBaseUser | None,
    verb: str,
    target: models.Model | None,
    *,
    clinics: Iterable[int] = (),
    **changes: Any,
) -> Entry:
    """Append one entry.

    `verb` is "<thing>.<past tense>", for example "protocol.published". Without a `target` it concerns nothing that is
    known, such as an address that nobody has. `clinics` are the ids of the clinics that it concerns (none: the
    organisation). `changes` are JSON values or things that print well; never secrets, never text that a person wrote
    about somebody.

    Raises UnknownVerb for a verb that no app has registered.
    """
    if not vocabulary.is_known(verb):
        raise UnknownVerb(f"No app has registered the verb “{verb}” (see intranet.audit.vocabulary).")
    return Entry.objects.create(
        at=timezone.now(),
        actor_id=actor.pk if actor is not None else None,
        actor_name=str(actor) if actor is not None else "",
        verb=verb,
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target)[:300] if target else "",
        clinic_ids=sorted(set(clinics)),
        changes=_as_json(changes),
        address=origin.address.get(),
    )


def _as_json(changes: dict[str, Any]) -> dict[str, Any]:
    encoder = DjangoJSONEncoder()
    return {name: _plain(value, encoder) for name, value in changes.items()}


def _plain(value: Any, encoder: DjangoJSONEncoder) -> Any:
    if isinstance(value, models.Model):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, encoder) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, encoder) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    try:
        return encoder.default(value)
    except TypeError:
        return str(value)
