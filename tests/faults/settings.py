"""The settings of worker processes that tests start, kill and stop: the tests' own, with a kind of reminders planted."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as PRODUCT

INSTALLED_APPS = [*PRODUCT, "tests.faults.planted"]
EMAIL_USE_TLS = False
