"""An installation as docker-compose.yml describes it, with plain processes in place of containers.

The image is a folder with what COPY takes; volumes are folders; the servers are the wheels', started with the compose
file's options; secrets come from deploy/secrets.sh. Paths of containers are rewritten, commands are otherwise verbatim.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from intranet.dev import processes
from intranet.dev.folder import Folder, free_port
from intranet.dev.postgres import Postgres, binary
from intranet.dev.valkey import Valkey
from tests.intranet.deploy import plan

POSTGRES_PROGRAMS = binary("psql").parent
# Distributions that the tests need and the image has not: importing one in production must fail here as well.
HIDE = """
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (the image has no such package)", name=name)
sys.meta_path.insert(0, Hidden())
"""


class Server(Postgres):
    """The postgres service: its options; roles and database come from roles.sql, not from the launcher."""

    def __init__(self, folder: Folder, options: list[str]) -> None:
        super().__init__(folder)
        self.options = options

    def command(self, port: int) -> list[str]:
        return [*super().command(port), *self.options]

    def first_steps(self, port: int) -> None:
        pass


class Broker(Valkey):
    """The redis service: its own command line, with the wheel's program in place of redis-server."""

    def __init__(self, folder: Folder, arguments: list[str], password: str) -> None:
        super().__init__(folder)
        self.arguments, self.password = arguments, password

    def command(self, port: int) -> list[str]:
        program = super().command(port)[0]
        return [program, *self.arguments, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(self.data)]

    def answers(self, port: int) -> bool:
        import redis  # only here: the broker's client is no business of the other tests

        try:
            with redis.Redis(port=port, password=self.password) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@dataclass
class Installation:
    folder: Path
    settings: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.compose = plan.compose(self.settings)
        self.secrets = self.folder / "secrets"
        self.image = self.folder / "image"
        self.web_port = free_port(set())

    # --- Servers ---------------------------------------------------------------------------------------------------

    def start_servers(self) -> None:
        self.ports["postgres"] = self._start("postgres", Server(Folder(self.folder, durable=False), self._options()))
        self._make_secrets()
        self.roles()

    def start_broker(self) -> None:
        arguments = self.rewritten("redis", self.compose["services"]["redis"]["command"])[1:]
        broker = Broker(Folder(self.folder), arguments, (self.secrets / "redis_password").read_text().strip())
        broker.data.mkdir()
        self.ports["redis"] = self._start("redis", broker)
        self._make_secrets()

    def _start(self, name: str, engine: Server | Broker) -> int:
        if isinstance(engine, Server):
            engine.prepare()
        process, port = engine.start()
        self.running[name] = process
        return port

    def _options(self) -> list[str]:
        program, *options = self.compose["services"]["postgres"]["command"]
        assert program == "postgres"
        return options

    def _make_secrets(self) -> None:
        """Run deploy/secrets.sh. Addresses of servers that were not known yet are made anew."""
        for name in ("database_url", "database_owner_url", "redis_url"):
            (self.secrets / name).unlink(missing_ok=True)
        hosts = {f"{key}_HOST": f"127.0.0.1:{self.ports.get(name, 1)}" for key, name in HOSTS.items()}
        script = plan.CHECKOUT / "deploy" / "secrets.sh"
        subprocess.run(["sh", script, self.secrets], env=self.machine() | hosts, check=True, capture_output=True)

    def roles(self) -> None:
        """What the postgres image does with docker-entrypoint-initdb.d at its first start."""
        file = plan.CHECKOUT / "deploy" / "postgres" / "roles.sql"
        password = Folder(self.folder).secret("superuser password")
        environment = {"PGUSER": "postgres", "PGPASSWORD": password, "PGDATABASE": "postgres"} | self._postgres()
        command = [POSTGRES_PROGRAMS / "psql", "--no-psqlrc", "--quiet", f"--file={file}"]
        subprocess.run(command, env=self.machine() | environment | {"SECRETS": str(self.secrets)}, check=True)

    def connect(self, role: str) -> psycopg.Connection[Any]:
        password = (self.secrets / f"database_{role}_password").read_text().strip()
        return psycopg.connect(
            host="127.0.0.1",
            port=self.ports["postgres"],
            dbname="intranet",
            user=f"intranet_{role}",
            password=password,
            autocommit=True,
        )

    # --- The image -------------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """COPY. Beside it, a hook that hides from every Python process the packages that the image would not have."""
        for file in plan.image_files():
            target = self.image / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(plan.CHECKOUT / file, target)
        (self.folder / "hide").mkdir()
        (self.folder / "hide" / "sitecustomize.py").write_text(HIDE.format(names=hidden_packages()))

    def build(self) -> None:
        """The image's last RUN: compile, and collect the static files."""
        environment = self.machine() | self.rewritten("web", plan.image_environment())
        command = ["sh", "-c", plan.image_instructions("RUN")[-1]]
        done = subprocess.run(command, cwd=self.image, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.build_log = done.stdout

    # --- Services --------------------------------------------------------------------------------------------------

    def start(self, service: str, name: str = "", **changes: str) -> subprocess.Popen[bytes]:
        """Start a service's command; `name` tells replicas apart, `changes` are to its environment."""
        name = name or service
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.command(service),
                cwd=self.image if self.image.exists() else self.folder,
                env=self.environment(service) | changes,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.with_parent(signal.SIGKILL),
            )
        return self.running[name]

    def once(self, service: str, *arguments: str, **changes: str) -> tuple[int, str]:
        """Run a one-shot, or `arguments` in place of its command: (exit code, everything it said)."""
        done = subprocess.run(
            self.rewritten(service, list(arguments)) if arguments else self.command(service),
            cwd=self.image if self.image.exists() else self.folder,
            env=self.environment(service) | changes,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,  # for what hangs: loading the demo takes minutes on a busy machine
            check=False,
        )
        return done.returncode, done.stdout

    def healthcheck(self, service: str) -> tuple[int, str]:
        """Run the service's healthcheck in its environment."""
        kind, *words = self.compose["services"][service]["healthcheck"]["test"]
        return self.once(service, *(["sh", "-c", *words] if kind == "CMD-SHELL" else words))

    def stop(self, name: str, seconds: float = 30) -> int:
        """What an engine does: SIGTERM, then patience. Returns the exit code."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(seconds)

    def stop_all(self) -> None:
        for name, process in reversed(list(self.running.items())):
            number = signal.SIGINT if name == "postgres" else signal.SIGTERM
            processes.stop(process, [(number, 20), (signal.SIGKILL, 5)])
            self.running.pop(name)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def command(self, service: str) -> list[str]:
        return self.rewritten(service, self.compose["services"][service]["command"])

    def environment(self, service: str) -> dict[str, str]:
        given = {name: str(value) for name, value in self.compose["services"][service]["environment"].items()}
        of_the_image = plan.image_environment() if "build" in self.compose["services"][service] else {}
        addresses = self._postgres()
        if service == "web":
            addresses |= {"GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{self.web_port}", "PROBE_PORT": str(self.web_port)}
        return self.machine() | self.rewritten(service, of_the_image | given) | addresses

    def rewritten(self, service: str, words: Any) -> Any:
        """Paths inside the container become paths here."""
        places = {"/run/secrets": self.secrets, "/srv/static": self.folder / "static"}
        for volume in self.compose["services"][service].get("volumes", []):
            source, target = volume.split(":")[:2]
            places[target] = plan.CHECKOUT / source if source.startswith("./deploy") else self.volume(source)
        places.setdefault("/srv/media", self.volume("media"))

        inside = re.compile(r"(?<![\w/.-])(" + "|".join(map(re.escape, places)) + r")(?![\w-])")

        def rewrite(word: str) -> str:
            return inside.sub(lambda found: str(places[found[1]]), word)

        if isinstance(words, dict):
            return {name: rewrite(word) for name, word in words.items() if name != "PATH"}
        return [rewrite(word) for word in words]

    def volume(self, name: str) -> Path:
        path = self.folder / "volumes" / name.removeprefix("./")
        path.mkdir(parents=True, exist_ok=True)
        return path

    def machine(self) -> dict[str, str]:
        """What is there in every container: programs, and nothing of the tests' own environment."""
        path = [str(POSTGRES_PROGRAMS), str(Path(sys.executable).parent), os.environ["PATH"]]
        words = {"PATH": ":".join(path), "HOME": str(self.folder), "HOSTNAME": socket.gethostname()}
        return words | {"PYTHONPATH": str(self.folder / "hide")}

    def _postgres(self) -> dict[str, str]:
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["postgres"])}


HOSTS = {"DATABASE": "postgres", "REDIS": "redis"}


def hidden_packages() -> list[str]:
    """Top-level modules of every installed distribution that requirements/production.txt does not name."""
    from importlib.metadata import packages_distributions

    lock = (plan.CHECKOUT / "requirements" / "production.txt").read_text()
    shipped = {line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not any(owner.lower().replace("_", "-").replace(".", "-") in shipped for owner in owners)
    )
