"""The product's settings, with a fast password hasher. PostgreSQL and the broker are real."""

import os

os.environ.setdefault("INTRANET_MODE", "local")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789abcdef" * 3)
os.environ.setdefault("SITE_ORIGIN", "http://localhost")
os.environ.setdefault("EMAIL_HOST", "127.0.0.1")

from intranet.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "testserver", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Most tests are about something else; tests/accounts/test_second_step.py turns it on.
SECOND_STEP_OPTIONAL = True
