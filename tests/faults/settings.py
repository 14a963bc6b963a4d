"""The settings of processes that tests start, kill and stop: the tests' own, with kinds of reminders planted.

Whatever production waits for by the clock is shorter here, so that a test that has to see it happen need not wait long.
"""

from tests.settings import *  # noqa: F403
from tests.settings import CELERY_BEAT_SCHEDULE, CELERY_BROKER_TRANSPORT_OPTIONS
from tests.settings import INSTALLED_APPS as PRODUCT

INSTALLED_APPS = [*PRODUCT, "tests.faults.planted"]
EMAIL_USE_TLS = False
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = "intranet", "a password for the mail server"
CELERY_BEAT_SCHEDULE = {**CELERY_BEAT_SCHEDULE, "tick": {**CELERY_BEAT_SCHEDULE["tick"], "schedule": 1.0}}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "health_check_interval": 5,
}
