"""Which worker gets which task."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Service
from django.apps import AppConfig, apps
from django.conf import settings

from intranet.celery import app


def queue_of(task: str) -> str:
    return app.amqp.router.route({}, task)["queue"].name


def test_long_computations_go_past_the_queue_of_the_tick():
    assert queue_of("intranet.reminders.tasks.tick") == "tick"
    assert queue_of("scheduling.heavy.fill") == "heavy"
    assert queue_of("intranet.home.heavy.count") == "heavy"
    assert queue_of("scheduling.heavyweights.fill") == "tick"


def test_every_module_that_a_route_names_is_there():
    """Routes by pattern name no module; one that names a module must not outlive it."""
    named = [pattern.removesuffix(".*") for pattern in settings.CELERY_TASK_ROUTES if not pattern.startswith("*")]
    assert [module for module in named if find_spec(module) is None] == []


def test_tasks_of_a_module_called_heavy_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "longrunning"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "heavy.py").write_text("from celery import shared_task\n\n\n@shared_task\ndef count(): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    config = AppConfig("longrunning", importlib.import_module("longrunning"))
    config.apps, config.models = apps, {}
    monkeypatch.setitem(apps.app_configs, "longrunning", config)
    app.loader.import_default_modules()
    assert queue_of(app.tasks["longrunning.heavy.count"].name) == "heavy"
    app.tasks.unregister("longrunning.heavy.count")


class SignalsWhenItGoes:
    """What Python raises while it cleans an object up, it reports and forgets."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


class Ringing:
    """A scheduler that is asked to end at its second ring, at the worst moment."""

    max_interval = 0.0
    rings = 0

    def tick(self) -> float:
        self.rings += 1
        assert self.rings < 5, "it rings on"
        if self.rings == 2:
            SignalsWhenItGoes()
        return 0.0

    def should_sync(self) -> bool:
        return False

    def close(self) -> None:
        pass


def test_a_beat_ends_when_it_is_asked_at_the_worst_moment(monkeypatch: pytest.MonkeyPatch):
    forgotten: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", forgotten.append)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    beat, scheduler = Service(app), Ringing()
    monkeypatch.setattr(beat, "scheduler", scheduler, raising=False)
    try:
        beat.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert scheduler.rings == 2
    assert [type(one.exc_value) for one in forgotten] == [SystemExit]
