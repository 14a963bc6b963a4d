"""Every way to an act that a stolen session must not be capable of asks for the password or the second step again.

Read from the code, so that a new view or operation cannot forget it: whatever calls such an act carries `@step_up` or
calls `confirm_first`. What the product does is then tried at each address below.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from intranet.core.access import Forbidden
from tests.policies.world import API, ASKS, Ask, build

ROOT = Path(__file__).resolve().parents[2]
# By the name under which views and operations call it, with its module.
ACTS = {
    "hiring.give_role",
    "hiring.take_role",
    "leaving.let_go",
    "leaving.bring_back",
    "inviting.invite",  # for a role with power
    "inviting.send_again",
    "staff_list.invite_everybody",
    "lost_factor.start",
    "lost_factor.confirm",
    "tokens.make",
    "calendar_addresses.new_address",
    "publishing.approve",
    "reviewing.confirm",
    "exports.csv_response",
    "evidence_paper.evidence_pdf",
    "certificates.export",  # of what somebody else acknowledged
}
# Files that tell nothing about people or what they did.
EXEMPT = {"example": "a staff list to start from, with two people who do not exist"}
GUARDS = {"step_up", "step_up_before", "step_up_from", "confirm_first"}


@dataclass
class Function:
    """What a function of a view or API module calls, by last name and by module.name, and its decorators."""

    name: str
    calls: set[str] = field(default_factory=set)
    guarded: bool = False


def modules() -> list[Path]:
    """Everything that answers requests: `views.py`, `views/`, `api.py`, `api/` of every app."""
    found = [path for app in ("accounts", "protocols", "scheduling", "intranet") for path in (ROOT / app).rglob("*.py")]
    return [path for path in found if {"views", "api"} & {*path.parent.parts[-1:], path.stem}]


def functions(path: Path) -> dict[str, Function]:
    """The functions and methods of a module by name."""
    tree = ast.parse(path.read_text())
    names = dict(_imports(tree))
    found: dict[str, Function] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            function = found.setdefault(node.name, Function(node.name))
            function.calls |= set(_calls(node, names))
            decorators = {_name(part, names).split(".")[-1] for part in node.decorator_list}
            function.guarded |= bool(GUARDS & (decorators | {call.split(".")[-1] for call in function.calls}))
    return found


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What a name in the module stands for, as the last two parts of its path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module.split('.')[-1]}.{alias.name}"


def _calls(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            yield _name(part.func, names)


def _name(node: ast.AST, names: dict[str, str]) -> str:
    """`module.function` for what is called, as far as the module itself tells."""
    if isinstance(node, ast.Call):
        return _name(node.func, names)
    if isinstance(node, ast.Attribute):
        owner = _name(node.value, names)
        return f"{owner.split('.')[-1]}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def reached(
    function: Function, among: dict[str, Function], seen: frozenset[str] = frozenset()
) -> tuple[set[str], bool]:
    """The acts that a function comes to, also through others of its module, and whether something on the way asks."""
    acts, guarded = function.calls & ACTS, function.guarded
    for name in {call.split(".")[-1] for call in function.calls} & set(among) - seen - {function.name}:
        further, asks = reached(among[name], among, seen | {function.name})
        acts, guarded = acts | further, guarded or (asks and bool(further))
    return acts, guarded


def unguarded(path: Path) -> dict[str, set[str]]:
    """The functions that nobody in the module calls and that come to an act without asking."""
    among = functions(path)
    called = {call.split(".")[-1] for function in among.values() for call in function.calls}
    wrong = {}
    for function in among.values():
        acts, asks = reached(function, among)
        if acts and not asks and function.name not in called and function.name not in EXEMPT:
            wrong[function.name] = acts
    return wrong


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_view_and_no_operation_forgets_to_ask(path: Path):
    assert unguarded(path) == {}


def test_every_act_is_called_somewhere():
    """A name that is called nowhere has been renamed: then the check above checks nothing."""
    called = {call for path in modules() for function in functions(path).values() for call in function.calls}
    assert ACTS - called == set()


def test_one_that_forgets_is_found(tmp_path: Path):
    file = tmp_path / "views.py"
    file.write_text(
        "from accounts import hiring\n"
        "def forgets(request):\n    return helper(request)\n"
        "def helper(request):\n    hiring.give_role(request)\n"
        "@step_up\ndef asks(request):\n    return hiring.take_role(request)\n"
    )
    assert unguarded(file) == {"forgets": {"hiring.give_role"}}


# Who may, at each address that changes or hands out what matters; with data by which it would be done.
AS_ADMINISTRATOR = {
    "POST accounts:roles",
    "POST accounts:role-end",
    "POST accounts:leave",
    "POST accounts:return",
    "POST accounts:tokens",
    "POST accounts:second-step-reset",
    "POST accounts:second-step-reset-confirm",
    "GET accounts:audit-csv",
    "POST api:role-list",
    "POST api:role-end",
    "POST api:person-access-leave",
    "POST api:person-access-return",
    "POST api:token-list",
    "POST api:second-step-reset-list",
    "POST api:second-step-reset-confirm",
    "POST api:invitation-list of a manager",
}
AS_CLINICAL_LEAD = {
    "POST scheduling:calendar-address",
    "POST api:calendar-address-list",
    "POST protocols:draft-approve",
    "POST protocols:version-review-confirm",
    "POST api:review-confirm",
    "GET protocols:report-csv",
    "GET announcements:receipts-csv",
    "GET protocols:receipts-csv",
    "GET protocols:certificate-pdf",
    "GET api:acknowledgement-pdf",
    "GET home:evidence-csv",
    "GET home:evidence-pdf",
    "GET api:evidence-pdf",
}


AS_MANAGER = {
    "GET scheduling:hours-report-csv",
    "GET scheduling:gaps-report-csv",
    "GET scheduling:history-report-csv",
}
EVERYWHERE = AS_ADMINISTRATOR | AS_CLINICAL_LEAD | AS_MANAGER


def who(ask: Ask) -> str:
    if ask.id in AS_MANAGER:
        return "manager"
    return "clinical_lead" if ask.id in AS_CLINICAL_LEAD else "administrator"


@pytest.mark.django_db
@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask.id in EVERYWHERE], ids=lambda ask: ask.id)
def test_it_asks(ask: Ask, cast: dict[str, User], mt_prospect: Any, at: Any, sign_in: Callable[..., Any]):
    with time_machine.travel(at, tick=False) as clock:
        world = build(cast, mt_prospect, at)
        browser = sign_in(cast[who(ask)])
        clock.shift(timedelta(minutes=5, seconds=1))
        send, sent = getattr(browser, ask.method.lower()), ask.data(world)
        address = ask.address(world)
        if address.startswith(API):
            answer = send(address, sent, content_type="application/json")
            assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (Forbidden.status, "confirm-first")
        else:
            answer = send(address, sent)
            assert answer.url.split("?")[0] == reverse("account_reauthenticate")


def test_each_of_them_is_asked():
    assert {ask.id for ask in ASKS} >= EVERYWHERE
