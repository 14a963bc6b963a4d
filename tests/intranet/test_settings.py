"""Production starts only with secrets of its own and servers of its own. Each case is a real `manage.py check`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from intranet.dev.folder import Folder

KEY = "x7Q-" * 4 + "9fK2mZpL0wRtYb5NcVd8HsJ3gUa6EoTi"
GOOD = {
    "INTRANET_MODE": "production",
    "SECRET_KEY": KEY + "0123456789",
    "SITE_ORIGIN": "https://intranet.clinic.test",
    "DATABASE_URL": "postgresql://intranet_app:8c1f0d5e2b7a4936@postgres/intranet",
    "REDIS_URL": "redis://:0f9e8d7c6b5a4321@redis:6379/0",
    "EMAIL_HOST": "smtp.clinic.test",
}
EMBEDDED = "belongs to a checkout's embedded servers, which production refuses."


def check(*words: str, **changes: str | None) -> tuple[int, str]:
    """`manage.py check` in a process of its own: (exit code, the last line that it says)."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= GOOD | {name: value for name, value in changes.items() if value is not None}
    for name in [name for name, value in changes.items() if value is None]:
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "manage.py", "check", *words],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return done.returncode, lines[-1].removeprefix("django.core.exceptions.ImproperlyConfigured: ")


def test_production_accepts_a_complete_environment() -> None:
    assert check("--deploy", "--fail-level", "WARNING") == (0, "System check identified no issues (0 silenced).")


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_ORIGIN", "DATABASE_URL", "REDIS_URL", "EMAIL_HOST"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_production_refuses_what_is_not_set(name: str, value: str | None) -> None:
    assert check(**{name: value}) == (1, f"Set the environment variable {name} (or {name}_FILE).")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", KEY[:49], "SECRET_KEY must be a random value of at least 50 characters."),
        ("SECRET_KEY", "ab" * 30, "SECRET_KEY must be a random value of at least 50 characters."),
        ("MAIL_WEBHOOK_SECRET", KEY[:31], "MAIL_WEBHOOK_SECRET must be a random value of at least 32 characters."),
        ("METRICS_TOKEN", "change-me" * 4, "METRICS_TOKEN must be a random value of at least 32 characters."),
        ("SECRET_KEY", f"django-insecure-{KEY}", "SECRET_KEY must be a random value of at least 50 characters."),
        ("SECRET_KEY", f"change-me-{KEY}", "SECRET_KEY must be a random value of at least 50 characters."),
        ("SECRET_KEY_FALLBACKS", "old", "SECRET_KEY must be a random value of at least 50 characters."),
        ("SITE_ORIGIN", "http://intranet.clinic.test", "SITE_ORIGIN must start with https:// in production."),
        ("SITE_ORIGIN", "intranet.clinic.test", "SITE_ORIGIN must look like https://intranet.example.org."),
        ("DEBUG", "1", "DEBUG, DEMO and SECOND_STEP_OPTIONAL are for local use; production refuses them."),
        ("DEMO", "1", "DEBUG, DEMO and SECOND_STEP_OPTIONAL are for local use; production refuses them."),
        (
            "SECOND_STEP_OPTIONAL",
            "1",
            "DEBUG, DEMO and SECOND_STEP_OPTIONAL are for local use; production refuses them.",
        ),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'; use 1 or 0."),
        ("EMAIL_PORT", "smtp", "EMAIL_PORT is 'smtp'; use a whole number."),
        ("INTRANET_MODE", "prod", "INTRANET_MODE is 'prod'; use production or local."),
        ("DATABASE_URL", "sqlite:///db", "DATABASE_URL must look like postgresql://user:password@host:port/name."),
        ("REDIS_URL", "amqp://guest@queue", "REDIS_URL must look like redis://:password@host:port/0."),
    ],
)
def test_production_refuses_what_is_wrong(name: str, value: str, sentence: str) -> None:
    assert check(**{name: value}) == (1, sentence)


@pytest.mark.parametrize("password", ["", ":postgres", ":intranet", ":change-me-please-now", ":" + "a" * 20])
@pytest.mark.parametrize(
    ("name", "address"),
    [("DATABASE_URL", "postgresql://intranet{}@postgres/intranet"), ("REDIS_URL", "redis://{}@redis:6379/0")],
)
def test_production_refuses_servers_with_default_passwords(name: str, address: str, password: str) -> None:
    sentence = f"The password in {name} must be a random value of at least 16 characters."
    assert check(**{name: address.format(password)}) == (1, sentence)


def test_production_refuses_the_embedded_servers_and_their_secrets(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    secret = folder.secret("as of make run")
    assert check(SECRET_KEY=secret) == (1, f"SECRET_KEY {EMBEDDED}")
    database = f"postgresql://intranet:{secret}@127.0.0.1:5432/intranet"
    assert check(DATABASE_URL=database) == (1, f"The password in DATABASE_URL {EMBEDDED}")
    assert check(REDIS_URL=f"redis://:{secret}@127.0.0.1:6379/0") == (1, f"The password in REDIS_URL {EMBEDDED}")


def test_a_secret_may_be_the_content_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.write_text(GOOD["SECRET_KEY"] + "\n")
    assert check(SECRET_KEY=None, SECRET_KEY_FILE=str(file)) == (0, "System check identified no issues (0 silenced).")
    assert check(SECRET_KEY_FILE=str(file)) == (1, "Set SECRET_KEY or SECRET_KEY_FILE, not both.")
    missing = tmp_path / "missing"
    assert check(SECRET_KEY=None, SECRET_KEY_FILE=str(missing)) == (
        1,
        f"SECRET_KEY_FILE names {missing}, which cannot be read: [Errno 2] No such file or directory: '{missing}'.",
    )
