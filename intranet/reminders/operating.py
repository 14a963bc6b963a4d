"""Who runs the reminders, and who is told when they are late. The app that knows people's rights says so when it is ready."""

from __future__ import annotations

from collections.abc import Callable

from intranet.core.access import YES, AnyUser, Verdict

Rule = Callable[[AnyUser], bool]

NOT_YOURS = Verdict.no("not-administrator", "Administrators see how the reminders are doing.")
_rules: dict[str, Rule] = {}


def operated_by(rule: Rule) -> None:
    """Say who sees the machinery and decides about mails that did not go."""
    _rules["operate"] = rule


def watched_by(rule: Rule) -> None:
    """Say who is told on every page that reminders are late."""
    _rules["watch"] = rule


def may_operate(user: AnyUser) -> Verdict:
    return YES if _answers("operate", user) else NOT_YOURS


def is_told(user: AnyUser) -> bool:
    return _answers("watch", user)


def _answers(name: str, user: AnyUser) -> bool:
    rule = _rules.get(name)
    return bool(user.is_authenticated and rule and rule(user))
