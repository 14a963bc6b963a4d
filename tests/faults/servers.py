"""A PostgreSQL and a broker that belong to these tests alone, and may be killed; and a line to the broker that may fail."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection, connections
from psycopg import sql

from intranet.dev.backups import Target
from intranet.dev.engine import Engine
from intranet.dev.folder import Folder
from intranet.dev.postgres import Postgres
from intranet.dev.valkey import Valkey
from tests.faults.planted.table import TABLE
from tests.faults.processes import wait_for

ARENA, PRISTINE = "arena", "pristine"


class Server:
    """One engine without a keeper: what is killed stays dead until it is started again, on the same port."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        self.engine.prepare()
        self._process, self.port = self.engine.start()

    @property
    def address(self) -> str:
        return self.engine.address(self.port)

    def send(self, number: signal.Signals) -> None:
        """Any thread may; whoever does leaves the burying to the main thread."""
        assert self._process is not None
        self._process.send_signal(number)

    def bury(self) -> None:
        if self._process is not None:
            self._process.wait(60)
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.engine.stop(self._process)
            self._process = None


class Database(Server):
    """Has a database for each run, made anew from one that holds the product's tables and no rows."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(Postgres(folder))

    def copy_tables(self, dump: Path) -> None:
        """Take over the tables of the database that Django is connected to: the one that the tests have migrated."""
        original = {**connection.get_connection_params()}
        there = Target("postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**original))
        there.run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", f"--dbname={there.name}")
        with self.session("intranet") as session:
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(PRISTINE)))
        Target(self.named(PRISTINE)).run(
            "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={PRISTINE}", str(dump)
        )
        with self.session(PRISTINE) as session:
            session.execute(TABLE)

    def renew(self) -> None:
        """Throw the last run's database away, whoever uses it, and make another."""
        arena, pristine = sql.Identifier(ARENA), sql.Identifier(PRISTINE)
        wait_for(self._thrown_away)
        with self.session("intranet") as session:
            session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(arena, pristine))

    def _thrown_away(self) -> bool:
        """False while the server tidies it up by itself: that work only a superuser may send away, and it ends soon."""
        with self.session("intranet") as session:
            try:
                session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(ARENA)))
            except psycopg.errors.InsufficientPrivilege:
                return False
        return True

    def named(self, name: str) -> str:
        return urlsplit(self.address)._replace(path=f"/{name}").geturl()

    @contextlib.contextmanager
    def session(self, name: str = ARENA, *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
        """A session of the test's own, apart from Django; what it did not commit is rolled back at the end."""
        session = psycopg.connect(self.named(name), autocommit=autocommit)
        try:
            yield session
        finally:
            session.close()

    @contextlib.contextmanager
    def for_django(self) -> Iterator[None]:
        """Within, the models of this process speak to the run's database, in every thread."""
        parts = urlsplit(self.address)
        ours = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username, "PASSWORD": parts.password}
        outside = connections["default"]
        before = {name: outside.settings_dict[name] for name in (*ours, "NAME")}
        outside.settings_dict.update(ours, NAME=ARENA)
        connections["default"] = connections.create_connection("default")
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"] = outside
            outside.settings_dict.update(before)


class Servers:
    """Both servers, in a folder that is thrown away, and the line between the broker and whoever uses it."""

    def __init__(self, path: Path) -> None:
        folder = Folder(path, durable=False)
        folder.prepare()
        self.path = path
        self.database = Database(folder)
        self.broker = Server(Valkey(folder))

    def start(self) -> None:
        self.database.start()
        self.broker.start()
        self.database.copy_tables(self.path / "tables.dump")
        self.line = Line(self.broker.port)

    def stop(self) -> None:
        self.line.end()
        self.broker.stop()
        self.database.stop()


class Line:
    """A TCP relay to the broker. It passes everything on, or swallows everything: connects, listens, never answers."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        self._to = port
        self._swallowing = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def swallow(self) -> None:
        self._swallowing = True

    def pass_on(self) -> None:
        """From now on; what has gone astray does not come back, so its connections end."""
        if self._swallowing:
            self._swallowing = False
            self._do(self._cut())

    def end(self) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            beyond, to_beyond = (None, None)
            if not self._swallowing:
                with contextlib.suppress(OSError):
                    beyond, to_beyond = await asyncio.open_connection("127.0.0.1", self._to)
                if beyond is None:
                    writer.transport.abort()
                    return
            self._open |= {each for each in (writer, to_beyond) if each is not None}
            ways = [self._carry(reader, to_beyond)] + ([self._carry(beyond, writer)] if beyond else [])
            await asyncio.gather(*ways)
        finally:
            for each in (writer, to_beyond):
                if each is not None:
                    each.transport.abort()
                    self._open.discard(each)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter | None) -> None:
        with contextlib.suppress(OSError):
            while content := await source.read(65536):
                if target is not None and not self._swallowing:
                    target.write(content)
        if target is not None and not self._swallowing:
            target.transport.abort()  # one side has hung up: so does the other

    async def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        others = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def environment(servers: Servers, mail_port: int) -> dict[str, str]:
    """What the processes of the product are told: where database, broker (over the line) and mail server are."""
    broker = urlsplit(servers.broker.address)
    over_the_line = broker._replace(netloc=f":{broker.password}@127.0.0.1:{servers.line.port}").geturl()
    return {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "DATABASE_URL": servers.database.named(ARENA),
        "REDIS_URL": over_the_line,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail_port),
        "PYTHONUNBUFFERED": "1",
    }
