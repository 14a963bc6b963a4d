"""The Celery application. Tasks carry nothing and decide nothing: they ring the bell, the database holds the work."""

import os
import signal
from typing import Any, NoReturn

from celery import Celery
from celery.beat import Service
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")

app = Celery("intranet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="heavy")  # the long ones: `<app>/heavy.py`, routed by that name in the settings


@beat_init.connect
def leave_when_asked(sender: Service, **_: Any) -> None:
    """Have a beat end when it is asked to, whatever it does at that moment.

    Celery's own handler raises SystemExit and no more. Where Python swallows that, as in the clean-up of an object, the
    beat would ring on until it is killed; told to stop as well, it ends after the ring it is at.
    """

    def leave(*_: Any) -> NoReturn:
        sender.stop()
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
