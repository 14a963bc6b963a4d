"""A pytest plugin (`-p tests.servers`): before the settings are read, have the tests' own servers running.

They run at least as long as this pytest. Where DATABASE_URL and REDIS_URL are given, those are used and nothing starts.
"""

from intranet.dev import environment
from intranet.dev.trouble import Trouble

try:
    environment.apply(start=True, test=True)
except Trouble as trouble:
    raise SystemExit(str(trouble)) from None
