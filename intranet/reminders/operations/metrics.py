"""GET /metrics: the same figures for Prometheus, read from the database at that moment, so that all processes say the same.

Open to whoever has the token; without that setting there is no such address.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from intranet.reminders.models import Attempt, Delivery, Reminder, Run
from intranet.reminders.operations.figures import HOUR, flagged_addresses, unsettled
from intranet.reminders.watching import last_good_tick, oldest_due


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    if not may_scrape(request.headers.get("Authorization", "")):
        answer = HttpResponse("Send the token: Authorization: Bearer ...\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    registry = CollectorRegistry()
    registry.register(Figures(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_scrape(header: str) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return hmac.compare_digest(header.encode("utf-8", "replace"), expected.encode())


class Figures(Collector):
    """Each metric is one query."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def describe(self) -> list[Metric]:
        return []  # registering asks the database nothing

    def collect(self) -> Iterator[Metric]:
        yield self.age("tick_age", "Since the end of the last tick without an error.", last_good_tick(self.at))
        yield self.age(
            "oldest_due_age", "Since when the longest-waiting thing waits; 0 when nothing does.", oldest_due(self.at), 0
        )
        yield counted(
            "deliveries",
            "Mails of the ledger by state.",
            "state",
            dict.fromkeys(Delivery.State.values, 0) | by_state(Delivery),
        )
        yield counted(
            "reminders", "Reminders by state.", "state", dict.fromkeys(Reminder.State.values, 0) | by_state(Reminder)
        )
        yield doubts()
        yield smtp_codes()
        yield counted("runs_last_hour", "Ticks that began in the last hour, by who rang.", "origin", self.runs())
        dead, doubtful = unsettled()
        yield GaugeMetricFamily("intranet_dead_letters_waiting", "Refused mails that wait for a decision.", dead)
        yield GaugeMetricFamily("intranet_doubts_waiting", "Mails in doubt that wait for a decision.", doubtful)
        yield GaugeMetricFamily(
            "intranet_addresses_flagged", "Addresses to which mail does not arrive.", flagged_addresses()
        )

    def age(self, name: str, words: str, moment: datetime | None, otherwise: float = float("nan")) -> Metric:
        seconds = otherwise if moment is None else (self.at - moment).total_seconds()
        return GaugeMetricFamily(f"intranet_{name}_seconds", words, seconds)

    def runs(self) -> dict[str, int]:
        lately = Run.objects.filter(started_at__gt=self.at - HOUR, started_at__lte=self.at).order_by()
        found = dict(lately.values_list("origin").annotate(number=Count("*")))
        return dict.fromkeys(Run.Origin.values, 0) | found


def by_state(model: type[Delivery] | type[Reminder]) -> dict[str, int]:
    """How many rows in each state; the index on it is read, and no row."""
    return dict(model._default_manager.order_by().values_list("state").annotate(number=Count("*")))


def doubts() -> Metric:
    """Every attempt of which nobody knows, whatever was decided about its mail."""
    number = Attempt.objects.filter(outcome=Attempt.Outcome.DOUBT).count()
    return CounterMetricFamily(
        "intranet_doubts", "Attempts of which nobody knows whether the server took the mail.", number
    )


def smtp_codes() -> Metric:
    family = CounterMetricFamily("intranet_smtp_codes", "Answers of the mail server to attempts.", labels=["code"])
    answered = Attempt.objects.filter(code__isnull=False).order_by()
    for code, number in sorted(answered.values_list("code").annotate(number=Count("*"))):
        family.add_metric([str(code)], number)
    return family


def counted(name: str, words: str, label: str, numbers: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"intranet_{name}", words, labels=[label])
    for value, number in sorted(numbers.items()):
        family.add_metric([value], number)
    return family
