"""The Celery application. Tasks carry nothing and decide nothing: they ring the bell, the database holds the work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")

app = Celery("intranet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="heavy")  # the long ones: `<app>/heavy.py`, routed by that name in the settings
