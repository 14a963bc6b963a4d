"""Is it alive, is it ready, do reminders leave? For supervisors and monitoring, which have no account.

Numbers and yes or no; nothing about people or what they do. `ready` and `reminders` answer 503 when something is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection

from intranet.core.migrated import is_migrated
from intranet.reminders.models import Run
from intranet.reminders.watching import due_is_old, last_good_tick, oldest_due, tick_is_old

BROKER_SECONDS = 2

View = Callable[[HttpRequest], JsonResponse]


def open_to_probes(view: View) -> View:
    """Without sign-in, read only, and never out of a cache."""
    return login_not_required(never_cache(require_safe(view)))


@open_to_probes
def live(request: HttpRequest) -> JsonResponse:
    """This process answers. Asks nothing of anybody else: a dead database is no reason to restart the web server."""
    return JsonResponse({"status": "ok"})


@open_to_probes
def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served. The broker is told but not required: pages and login work without it."""
    checks = {"database": works(_database), "migrations": works(is_migrated), "cache": works(_cache)}
    return answer(all(checks.values()), checks=checks, broker=works(_broker))


@open_to_probes
def reminders(request: HttpRequest) -> JsonResponse:
    """Reminders leave in time: somebody ticks without errors, and nothing that is due has waited for long."""
    now = timezone.now()
    try:
        tick, due = last_good_tick(now), oldest_due(now)
    except (DatabaseError, InterfaceError):
        return answer(False, tick_age_seconds=None, oldest_due_age_seconds=None)
    request.first_beat_awaited = tick is None and not Run.objects.exists()  # type: ignore[attr-defined]  # for the log
    good = not tick_is_old(tick, now) and not due_is_old(due, now)
    return answer(good, tick_age_seconds=age(tick, now), oldest_due_age_seconds=age(due, now))


def answer(good: bool, **facts: Any) -> JsonResponse:
    return JsonResponse({"status": "ok" if good else "failing", **facts}, status=200 if good else 503)


def age(moment: datetime | None, now: datetime) -> int | None:
    """In whole seconds."""
    return None if moment is None else int((now - moment).total_seconds())


def works(check: Callable[[], bool]) -> bool:
    """A check that raises has failed; what it said is for the log of the part that broke, not for strangers."""
    try:
        return check()
    except Exception:  # whatever a driver raises, the answer to a probe is no
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _cache() -> bool:
    cache.get("health")
    return True


def _broker() -> bool:
    patience = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    with Connection(settings.CELERY_BROKER_URL, transport_options=patience) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        return bool(broker.default_channel.client.ping())


app_name = "health"
urlpatterns = [
    path("live", live, name="live"),
    path("ready", ready, name="ready"),
    path("reminders", reminders, name="reminders"),
]
