"""The very commands of docker-compose.yml, run as plain processes with production settings and throw-away secrets."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from tests.intranet.deploy import plan
from tests.intranet.deploy.installation import Installation

SITE = f"https://{plan.example_settings()['SITE_HOST']}/"
PROXIED = {"Host": plan.example_settings()["SITE_HOST"], "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def built(new_installation: Callable[..., Installation]) -> Installation:
    """The image is built, and the database brought to its version as `docker compose up` does."""
    # No mail leaves this machine, whatever a tick may find to send.
    installation = new_installation(EMAIL_HOST="127.0.0.1", EMAIL_PORT="1", EMAIL_USE_TLS="0")
    installation.start_broker()
    installation.copy()
    installation.build()
    for service in ("migrate", "rights"):
        code, said = installation.once(service)
        assert code == 0, said
    return installation


@pytest.fixture(scope="module")
def web(built: Installation) -> Installation:
    built.start("web")
    wait(lambda: built.healthcheck("web")[0] == 0, built.log("web"))
    return built


def wait(true: Callable[[], object], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)


Answer = tuple[int, http.client.HTTPMessage, str]


def get(installation: Installation, path: str, **headers: str) -> Answer:
    return ask(installation, "GET", path, "", headers)


def send(installation: Installation, path: str, fields: dict[str, str], **headers: str) -> Answer:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(installation, "POST", path, urlencode(fields), headers | form)


def ask(installation: Installation, method: str, path: str, body: str, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", installation.web_port, timeout=20)
    connection.request(method, path, body, PROXIED | headers)
    response = connection.getresponse()
    said = response.read().decode(errors="replace")
    connection.close()
    return response.status, response.headers, said


class Browser:
    """Keeps cookies, and nothing else."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._keep(get(self.installation, path, Cookie=self._cookie()))

    def sign_in(self, email: str, password: str) -> int:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/accounts/login/")[2])[1]
        fields = {"csrfmiddlewaretoken": token, "login": email, "password": password}
        answer = send(self.installation, "/accounts/login/", fields, Cookie=self._cookie(), Referer=SITE)
        return self._keep(answer)[0]

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep(self, answer: Answer) -> Answer:
        for header in answer[1].get_all("Set-Cookie", []):
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def origins(installation: Installation) -> set[str]:
    """Who has begun a tick so far."""
    with installation.connect("app") as database:
        return {origin for (origin,) in database.execute("SELECT DISTINCT origin FROM reminders_run").fetchall()}


# --- The image ------------------------------------------------------------------------------------------------------


def test_the_image_holds_the_product_and_nothing_else(built: Installation) -> None:
    assert sorted(path.name for path in built.image.iterdir()) == [
        "BUILD",
        "accounts",
        "deploy",
        "intranet",
        "manage.py",
        "protocols",
        "requirements",
        "scheduling",
    ]
    assert not (built.image / "intranet" / "dev").exists()
    assert sorted(path.name for path in (built.image / "deploy").iterdir()) == ["probe.py", "release.sh"]
    assert [path for path in built.image.rglob("*") if path.name.startswith((".env", ".git", "test_"))] == []


def test_every_static_file_that_a_template_or_script_names_is_shipped(built: Installation) -> None:
    manifest = json.loads((built.folder / "static" / "staticfiles.json").read_text())["paths"]
    templates = list(built.image.rglob("*.html"))
    named = {name for file in templates for name in re.findall(r"{% static [\"']([^\"']+)[\"']", file.read_text())}
    assert named
    assert sorted(name for name in named if name not in manifest) == []
    assert [name for name in manifest if name.endswith(".map")] == []
    for hashed in manifest.values():
        assert (built.folder / "static" / hashed).exists()


def test_the_static_files_are_few_enough_to_build_in_seconds(built: Installation) -> None:
    number = int(re.search(r"^(\d+) static files copied", built.build_log, re.MULTILINE)[1])
    size = sum(file.stat().st_size for file in (built.folder / "static").rglob("*") if file.is_file())
    assert number < 150
    assert size < 15_000_000


# --- The database's roles -------------------------------------------------------------------------------------------


def test_the_application_can_neither_change_tables_nor_what_is_append_only(built: Installation) -> None:
    refused = [
        "CREATE TABLE extra (id int)",
        "ALTER TABLE accounts_user ADD COLUMN extra int",
        "DROP TABLE audit_entry",
        "UPDATE audit_entry SET verb = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
        "SET ROLE intranet_owner",
    ]
    said = {}
    with built.connect("app") as database:
        for statement in refused:
            try:
                database.execute(statement)
            except psycopg.Error as error:
                said[statement] = type(error).__name__
    assert said == dict.fromkeys(refused, "InsufficientPrivilege")


def test_the_rows_that_the_application_may_only_add_are_these(built: Installation) -> None:
    with built.connect("app") as database:
        tables = database.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND has_table_privilege(oid, 'INSERT') AND NOT has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in tables] == [
        "accounts_roleend",
        "announcements_correction",
        "audit_entry",
        "audit_seal",
        "protocols_acknowledgement",
        "protocols_answered",
        "protocols_contributor",
        "protocols_governedskill",
        "protocols_signinginterval",
        "scheduling_offerconsent",
        "scheduling_publication",
        "scheduling_publicationchange",
        "scheduling_publicationreceipt",
        "scheduling_publicationrecipient",
    ]


def test_the_backup_role_reads_everything_and_writes_nothing(built: Installation) -> None:
    with built.connect("backup") as database:
        assert database.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("DELETE FROM django_session")


# --- The processes --------------------------------------------------------------------------------------------------


def test_the_servers_are_well_by_their_own_healthchecks(built: Installation) -> None:
    assert built.healthcheck("postgres") == (0, "")


def test_web_answers_only_as_the_proxy_asks(web: Installation) -> None:
    assert web.healthcheck("web") == (0, "")
    assert get(web, "/health/live")[0] == 200
    assert get(web, "/health/ready")[0] == 200
    status, headers, _ = get(web, "/accounts/login/", **{"X-Forwarded-Proto": "http"})
    assert (status, headers["Location"]) == (301, "https://intranet.example.org/accounts/login/")
    assert get(web, "/accounts/login/", Host="elsewhere.example.org")[0] == 400


def test_web_serves_the_sign_in_page_with_everything_that_it_names(web: Installation) -> None:
    status, headers, body = get(web, "/accounts/login/")
    assert status == 200
    assert "max-age=31536000" in headers["Strict-Transport-Security"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Set-Cookie"].startswith("__Host-csrf=")
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', body)))
    assert [file for file in files if file.endswith(".css")]
    assert [file for file in files if file.endswith(".js")]
    for file in files:
        status, headers, _ = get(web, file)
        assert (status, headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable"), file


def test_attempts_are_counted_by_the_address_that_the_proxy_noted(web: Installation) -> None:
    def attempt(number: int, address: str) -> bool:
        """Whether a wrong password was looked at. What stands before the last comma is what a client made up."""
        noted = {"X-Forwarded-For": f"203.0.113.{number}, {address}"}
        _, headers, body = get(web, "/accounts/login/", **noted)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body)[1]
        cookie = headers["Set-Cookie"].split(";")[0]
        fields = {"csrfmiddlewaretoken": token, "login": f"nobody{number}@clinic.example", "password": "wrong" * 4}
        status, _, body = send(web, "/accounts/login/", fields, Cookie=cookie, Referer=SITE, **noted)
        assert status in {200, 429}
        return "Too many" not in body

    assert [attempt(number, "198.51.100.7") for number in range(12)] == [True] * 10 + [False] * 2
    assert attempt(12, "198.51.100.8")


@pytest.fixture(scope="module")
def peopled(web: Installation) -> dict[str, dict[str, str]]:
    """The demo, made by the domain's actions with no more than the application's rights; its logins by role."""
    local = {"INTRANET_MODE": "local", "DEMO": "1"}
    code, said = web.once("watchdog", "python", "-m", "django", "demo", **local)
    assert code == 0, said
    code, said = web.once("watchdog", "python", "-m", "django", "demo_logins", **local)
    assert code == 0, said
    return {login["role"]: login for login in json.loads(said)}


def set_up_a_second_step(web: Installation, email: str) -> None:
    """As the person would with an app; production demands it of roles that change much."""
    with web.connect("app") as database:
        database.execute(
            "INSERT INTO mfa_authenticator (type, data, created_at, user_id) "
            "SELECT 'totp', '{\"secret\": \"none\"}', now(), id FROM accounts_user WHERE email = %s",
            [email],
        )


@pytest.mark.parametrize("role", ["Therapist", "Clinic manager", "Clinical lead", "Administrator"])
def test_every_page_that_a_person_can_walk_to_is_served(
    web: Installation, peopled: dict[str, dict[str, str]], role: str
) -> None:
    """From the home page along the links: each kind of page once, with every file that it names."""
    browser = Browser(web)
    assert browser.sign_in(peopled[role]["email"], peopled[role]["password"]) == 302
    if role != "Therapist":
        assert browser.get("/")[1]["Location"] == "/accounts/2fa/"
        set_up_a_second_step(web, peopled[role]["email"])
    waiting, seen, failed, files = ["/"], set(), {}, set()
    while waiting:
        path = waiting.pop()
        kind = re.sub(r"[0-9]+|(?<=/)[a-z0-9]+(-[a-z0-9]+)+(?=/)", "0", path.split("?")[0])
        if kind in seen or kind.startswith(("/accounts/logout", "/api/")):
            continue
        seen.add(kind)
        status, headers, body = browser.get(path)
        if status != 200 and not (status == 302 and headers["Location"].startswith("/")):
            failed[path] = status
        files |= set(re.findall(r'(?:href|src)="(/static/[^"#]+)', body))
        waiting += [unescape(link) for link in re.findall(r'<a [^>]*href="(/[^"#]*)', body) if "/static/" not in link]
    assert failed == {}
    assert len(seen) > 8
    assert [file for file in sorted(files) if not (web.folder / file.lstrip("/")).exists()] == []


@pytest.fixture(scope="module")
def beats(built: Installation) -> list[str]:
    """As many as there are replicas. They ring after 15 seconds for the first time, whether somebody listens or not."""
    names = [f"beat-{number}" for number in range(built.compose["services"]["beat"]["deploy"]["replicas"])]
    for name in names:
        built.start("beat", name)
    return names


def test_the_watchdog_ticks_when_nobody_listens_to_the_beats(built: Installation, beats: list[str]) -> None:
    watchdog = built.start("watchdog")
    wait(lambda: "watchdog" in origins(built), built.log("watchdog"))
    assert watchdog.poll() is None
    assert built.stop("watchdog") == 0


def test_beats_ring_and_a_worker_ticks(built: Installation, beats: list[str]) -> None:
    built.start("worker-tick")
    wait(lambda: "beat" in origins(built), built.log("worker-tick"))
    assert built.healthcheck("worker-tick") == (0, "")
    with built.connect("app") as database:
        assert database.execute("SELECT DISTINCT error FROM reminders_run").fetchall() == [("",)]
    assert [built.stop(name) for name in ("worker-tick", *beats)] == [0] * (1 + len(beats))


def test_the_worker_for_long_work_starts_and_ends(built: Installation) -> None:
    built.start("worker-heavy")
    wait(lambda: "ready." in built.log("worker-heavy").read_text(), built.log("worker-heavy"))
    assert built.stop("worker-heavy") == 0


def test_web_ends_when_asked_and_no_process_has_written_into_the_image(web: Installation) -> None:
    copied = {str(file) for file in plan.image_files()} | {"BUILD"}
    there = {str(file.relative_to(web.image)) for file in web.image.rglob("*") if file.is_file()}
    assert {file for file in there - copied if "__pycache__" not in file} == set()
    assert web.stop("web") == 0
