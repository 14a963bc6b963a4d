"""`make run`: the whole product on one machine, step by step, until somebody stops it."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from intranet.dev import environment
from intranet.dev.folder import Folder, port_is_free
from intranet.dev.keeper import Use
from intranet.dev.processes import last_words
from intranet.dev.supervisor import Child, Program, Supervisor
from intranet.dev.trouble import Trouble

PYTHON = sys.executable
CELERY = [PYTHON, "-m", "celery", "-A", "intranet.celery:app"]
READY_SECONDS = 180


def run(folder: Folder) -> int:
    """Start everything, say where it is, stay until asked to stop. Returns the exit code."""
    port = wished_port(os.environ.get("PORT", ""))
    folder.prepare()
    with ExitStack() as cleanup:
        lock = cleanup.enter_context(folder.lock("run"))
        if not lock.exclusive():
            raise Trouble(_already_running(folder))
        supervisor = Supervisor(folder, say)
        supervisor.listen()
        supervisor.clear_leftovers()
        if not port_is_free(port):
            raise Trouble(
                f"Port {port} is taken by another program. Stop that one, or choose another port: "
                f"PORT={port + 1} make run"
            )
        uses = environment.begin(folder, say)
        cleanup.callback(_let_go, uses)
        mail_port = settle_environment(folder, port)
        cleanup.callback(supervisor.stop)
        folder.write("run", {"pid": os.getpid(), "port": port, "mail_port": mail_port})
        cleanup.callback(folder.forget, "run")
        _bring_up(supervisor, port, mail_port)
        _stay(supervisor, uses)
        say("\nStopping ...")
    say("Stopped. Nothing is left running.")
    return 0


def say(text: str) -> None:
    """A terminal that has been closed hears nothing, and that must not stop the stopping."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (until the end of this process)


def wished_port(text: str) -> int:
    if not text:
        return environment.DEFAULT_PORT
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Trouble(f"PORT is {text!r}; use a number from 1024 to 65535, for example: PORT=8123 make run")
    if int(text) < 1024 and os.geteuid() != 0:
        raise Trouble(f"PORT is {text}; ports below 1024 need root. For example: PORT=8123 make run")
    return int(text)


def programs(port: int, smtp_port: int, mail_port: int) -> list[Program]:
    """Every process of the product, the web server first."""
    web = [PYTHON, "-m", "gunicorn", "intranet.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    web += ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]
    web += ["--graceful-timeout", "5", "--timeout", "60", "--limit-request-line", "8190"]
    worker = [*CELERY, "worker", "--without-gossip", "--without-mingle", "--concurrency", "1", "--loglevel", "INFO"]
    beat = [*CELERY, "beat", "-S", "celery.beat:Scheduler", "--loglevel", "WARNING", "--pidfile="]
    return [
        Program("web", web),
        Program("mail", [PYTHON, "-m", "intranet.dev.mail", str(smtp_port), str(mail_port)]),
        # If the supervisor is killed the broker goes as well, and a worker that is asked politely waits for it.
        # The worker's own child sees that its parent has gone and ends too.
        Program("worker-tick", [*worker, "-Q", "tick", "-n", "tick@%h"], if_orphaned=signal.SIGKILL),
        Program("worker-heavy", [*worker, "-Q", "heavy", "-n", "heavy@%h"], if_orphaned=signal.SIGKILL),
        Program("beat-1", beat),
        Program("beat-2", beat),
        Program("watchdog", [PYTHON, "manage.py", "tick", "--watch", "60"]),
    ]


def _already_running(folder: Folder) -> str:
    facts = folder.read("run")
    if "port" not in facts:
        return "The intranet of this checkout is just being started or stopped by another `make run`."
    return (
        f"The intranet of this checkout is running already: http://localhost:{facts['port']}/ "
        f"(process {facts['pid']}). Stop it there with Ctrl-C, or from here with `make stop`."
    )


def settle_environment(folder: Folder, port: int) -> int:
    """Put into os.environ what the children need; return the port of the page with caught mail.

    Address and mail are ours whatever the environment says: nothing that runs here may write to a real person.
    """
    smtp_port, mail_port = folder.port("smtp"), folder.port("mail page")
    basics = environment.basics(folder, port)
    ours = {name: basics[name] for name in ("SITE_ORIGIN", "EMAIL_HOST")}
    ours |= {"EMAIL_PORT": str(smtp_port), "EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": "", "EMAIL_USE_TLS": "0"}
    for name in ours:
        os.environ.pop(f"{name}_FILE", None)
    os.environ |= {**ours, "PORT": str(port)}
    environment.fill(basics)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return mail_port


def _bring_up(supervisor: Supervisor, port: int, mail_port: int) -> None:
    _prepare_database(supervisor)
    if supervisor.asked_to_stop:
        return
    say("Starting web, workers, beats, watchdog and mail catcher ...")
    for program in programs(port, int(os.environ["EMAIL_PORT"]), mail_port):
        supervisor.add(program)
    address = f"http://localhost:{port}"
    web, mail = supervisor.children[:2]
    _await(supervisor, mail, lambda: answer(f"http://localhost:{mail_port}/") == 200)
    _await(supervisor, web, lambda: answer(f"{address}/health/ready") == 200)
    _await(supervisor, supervisor.children[2], lambda: answer(f"{address}/health/reminders") == 200)
    if not supervisor.asked_to_stop:
        say(_welcome(supervisor.folder, address, mail_port))


def _prepare_database(supervisor: Supervisor) -> None:
    log = supervisor.folder.log("database")
    filling = [PYTHON, "-m", "intranet.dev.fill", str(supervisor.folder.path)]
    code = supervisor.once(Program("database", filling, tells=True))
    if code == 2:
        raise Trouble(last_words(log).strip())
    if code:
        raise Trouble(
            f"The database could not be prepared. The last words (all of them: {log}):\n{last_words(log, 12)}"
        )


def _await(supervisor: Supervisor, child: Child, answers: Callable[[], bool]) -> None:
    """Tend the children until `answers`; give up when the child in question keeps dying."""
    until = time.monotonic() + READY_SECONDS
    while not supervisor.asked_to_stop and not answers():
        supervisor.tend()
        if child.failures >= 3 or time.monotonic() > until:
            raise Trouble(
                f"{child.program.name} does not get ready. Its last words (all of them: {child.log}):\n"
                f"{last_words(child.log)}"
            )
        time.sleep(0.2)


def answer(url: str) -> int:
    """The status with which the address answers; 0 if it does not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  (our own address)
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return 0


def _welcome(folder: Folder, address: str, mail_port: int) -> str:
    lines = [
        "",
        f"The intranet:  {address}/",
        f"Caught mail:   http://localhost:{mail_port}/  (files in {folder.path}/mail)",
    ]
    lines += [f"Logs:          {folder.path}/log", ""]
    logins = _one_per_role(folder.read("logins").get("logins", []))
    if logins:
        lines.append("Demo logins:")
        width = max(len(login["role"]) for login in logins)
        lines += [
            f"  {login['role']:{width}}  {login['email']}  {login['password']}"
            f"  ({login.get('clinic') or 'both clinics'})"
            for login in logins
        ]
    lines += ["", "Ctrl-C stops everything.", f"Ready: {address}/"]
    return "\n".join(lines)


def _one_per_role(logins: list[dict[str, str]]) -> list[dict[str, str]]:
    first: dict[str, dict[str, str]] = {}
    for login in logins:
        first.setdefault(login["role"], login)
    return list(first.values())


def _stay(supervisor: Supervisor, uses: list[Use]) -> None:
    rounds = 0
    while not supervisor.asked_to_stop:
        supervisor.tend()
        rounds += 1
        if rounds % 10 == 0:
            _look_after(uses)
        time.sleep(0.2)


def _look_after(uses: list[Use]) -> None:
    """Keepers start their servers again; if a keeper itself was killed, start another."""
    for use in uses:
        try:
            use.revive(say)
        except Trouble as trouble:
            say(str(trouble))


def _let_go(uses: list[Use]) -> None:
    for use in uses:
        use.release()
    for use in uses:
        use.wait_until_stopped()
