"""What the reminders have to say on pages of others: that they are late, and that one's own mail does not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone

from intranet.core.access import is_staff_member
from intranet.reminders.addresses import trouble_of
from intranet.reminders.models import Run
from intranet.reminders.operating import is_told, may_operate
from intranet.reminders.watching import are_late

register = template.Library()


@register.inclusion_tag("reminders/_late.html", takes_context=True)
def late_reminders(context: dict[str, Any]) -> dict[str, Any]:
    """A banner for whoever answers for others, when reminders are late. One query, and only for them."""
    user = context.get("user")
    if user is None or not is_told(user) or not are_late(timezone.now()):
        return {"late": False}
    return {"late": True, "operates": bool(may_operate(user))}


@register.inclusion_tag("reminders/_address_trouble.html", takes_context=True)
def own_address_trouble(context: dict[str, Any]) -> dict[str, Any]:
    """To the person who looks: that mail to their address does not arrive. One query."""
    user = context.get("user")
    return {"trouble": trouble_of(user) if user is not None and is_staff_member(user) else None}


@register.filter
def age(moment: datetime | None, at: datetime) -> str:
    """How long ago that was, as short as a number on a dial: "12 s", "4 min", "3 h"; nothing for no moment."""
    return "" if moment is None else seconds(max(at - moment, timedelta()))


@register.filter
def seconds(span: timedelta) -> str:
    """`0.4 s`, `12 s`, `4 min`, `3 h`, `2 days`."""
    total = span.total_seconds()
    if total < 10:
        return f"{total:.1f} s"
    if total < 120:
        return f"{total:.0f} s"
    if total < 2 * 3600:
        return f"{total / 60:.0f} min"
    return f"{total / 3600:.0f} h" if total < 48 * 3600 else f"{total / 86400:.0f} days"


@register.filter
def origin_words(origin: str) -> str:
    return str(Run.Origin(origin).label)


@register.filter
def count_words(name: str) -> str:
    """`bounces_hard` as words."""
    return name.replace("_", " ")
