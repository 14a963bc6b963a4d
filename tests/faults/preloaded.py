"""Imported by the process that bears all others (`tests/faults/processes.py`), so that none of them has to.

It does not outlive the tests, nor do the others outlive it.
"""

import signal

import celery.bin.celery
import celery.bin.worker
import django
import gunicorn.app.wsgiapp

from intranet.dev.processes import end_with_parent

end_with_parent(signal.SIGKILL)
django.setup()

from intranet.celery import app  # noqa: E402

app.loader.import_default_modules()

import intranet.wsgi  # noqa: E402
import tests.faults.lives  # noqa: E402

__all__ = ["celery", "gunicorn", "intranet", "tests"]
