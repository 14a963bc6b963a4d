"""`manage.py check` finds an action that would write a verb that no app has registered."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error

from intranet.audit import vocabulary

IMPORT = "from intranet.audit.recording import record"
UNKNOWN = "audit.E001"


def verbs_are_registered(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """An error for each call of `record` whose verb nobody has registered. Verbs that are put together are left to it."""
    configs = apps.get_app_configs() if app_configs is None else app_configs
    ours = [Path(config.path) for config in configs if Path(config.path).is_relative_to(settings.BASE_DIR)]
    return [
        Error(
            f"{path.relative_to(settings.BASE_DIR)}:{line} records “{verb}”, which no app has registered.",
            hint="Add the verb and its words to the module `verbs` of the app.",
            id=UNKNOWN,
        )
        for folder in ours
        for path in sorted(folder.rglob("*.py"))
        for line, verb in recorded_in(path.read_text(encoding="utf-8"))
        if not vocabulary.is_known(verb)
    ]


def recorded_in(code: str) -> Iterator[tuple[int, str]]:
    """The line and the verb of each call of `record` that names its verb."""
    if IMPORT not in code:
        return
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
            for verb in node.args[1:2]:
                if isinstance(verb, ast.Constant) and isinstance(verb.value, str):
                    yield node.lineno, verb.value
