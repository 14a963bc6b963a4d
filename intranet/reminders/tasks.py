"""The doorbell. The message carries nothing; losing it loses nothing."""

from celery import shared_task
from django.utils import timezone

from intranet.reminders import ticking


@shared_task
def tick() -> None:
    ticking.tick(timezone.now(), "beat")
