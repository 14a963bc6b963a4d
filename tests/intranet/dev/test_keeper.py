"""The embedded servers run exactly as long as somebody uses them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from intranet.dev import environment, processes
from intranet.dev import postgres as postgres_module
from intranet.dev.folder import CHECKOUT, Folder
from intranet.dev.keeper import ENGINES, Use, engines_needed, running
from intranet.dev.postgres import AsUser, Postgres, into_namespace
from intranet.dev.trouble import Trouble
from tests.intranet.dev.conftest import emptied, eventually, everything_of, keepers_of, servers_in

USER = """
import sys, time
from pathlib import Path
from intranet.dev.folder import Folder
from intranet.dev.keeper import Use
from intranet.dev.postgres import Postgres
Use(Postgres(Folder(Path(sys.argv[1]), durable=False))).begin()
print("using", flush=True)
time.sleep(600)
"""


def ask(address: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def ping(address: str) -> bool:
    with redis.Redis.from_url(address) as broker:
        return broker.ping()


def postmaster(engine: Postgres) -> int:
    return int(engine.folder.read("postgres")["pid"])


def test_server_answers_while_used_and_is_gone_afterwards(use: Use, postgres: Postgres):
    address = use.begin()

    assert ask(address, "SELECT current_database(), current_user") == [("intranet", "intranet")]
    use.release()
    use.wait_until_stopped()

    assert servers_in(postgres.folder) == []
    assert running(postgres) is None
    assert eventually(lambda: everything_of(postgres.folder) == [])


def test_broker_answers_while_used_and_is_gone_afterwards(folder: Folder):
    use = Use(ENGINES["valkey"](folder))
    address = use.begin()

    assert ping(address) is True
    with pytest.raises(redis.AuthenticationError):
        ping(address.replace(address.split("@")[0], "redis://:wrong"))
    use.release()
    use.wait_until_stopped()

    assert servers_in(folder) == []
    assert eventually(lambda: everything_of(folder) == [])


def test_role_is_no_superuser_and_may_make_the_extensions(use: Use):
    address = use.begin()

    assert ask(address, "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == [(False, True)]
    ask(address, "CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")


def test_server_listens_on_the_loopback_address_only(use: Use, postgres: Postgres):
    use.begin()
    port = postgres.folder.read("postgres")["port"]
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]

    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{port:04X}")]

    assert listening == [f"0100007F:{port:04X}"]


def test_secrets_are_for_their_owner_only(use: Use, postgres: Postgres):
    use.begin()

    files = [postgres.folder.path / "secrets.json", postgres.folder.path / "postgres.json"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    commands = [
        Path(f"/proc/{pid}/cmdline").read_text() for pid in (postmaster(postgres), *keepers_of(postgres.folder))
    ]
    secrets = postgres.folder.read("secrets").values()
    assert [secret for secret in secrets for command in commands if secret in command] == []


def test_second_user_shares_the_server_and_keeps_it(use: Use, postgres: Postgres):
    first = Use(postgres)
    address = first.begin()
    pid = postmaster(postgres)

    assert use.begin() == address
    first.release()
    first.wait_until_stopped()

    assert ask(address, "SELECT 1") == [(1,)]
    assert postmaster(postgres) == pid


def test_killed_user_leaves_no_server(postgres: Postgres):
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(postgres.folder.path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "using\n"
    assert len(keepers_of(postgres.folder)) == 1

    user.kill()
    user.communicate()

    assert eventually(lambda: everything_of(postgres.folder) == [])


def test_killed_keeper_leaves_no_server_and_the_next_one_finds_the_data(use: Use, postgres: Postgres):
    ask(use.begin(), "CREATE TABLE kept AS SELECT 42 AS answer")

    for pid in keepers_of(postgres.folder):
        os.kill(pid, signal.SIGKILL)

    assert eventually(lambda: servers_in(postgres.folder) == [])
    assert ask(use.revive(), "SELECT answer FROM kept") == [(42,)]


def test_killed_server_is_started_again_with_its_data_at_its_address(use: Use, postgres: Postgres):
    address = use.begin()
    ask(address, "CREATE TABLE survived AS SELECT 42 AS answer")
    killed = postmaster(postgres)

    os.kill(killed, signal.SIGKILL)

    assert eventually(lambda: running(postgres) is not None and postmaster(postgres) != killed)
    assert running(postgres) == address
    assert ask(address, "SELECT answer FROM survived") == [(42,)]


def test_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(use: Use, postgres: Postgres):
    use.begin()
    emptied(postgres.folder)
    assert eventually(lambda: servers_in(postgres.folder) == [])
    stranger = subprocess.Popen(["sleep", "600"])
    (postgres.data / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n1\n{1}\n\n127.0.0.1\n\n")

    address = use.revive()

    assert ask(address, "SELECT 1") == [(1,)]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_leftover_server_without_a_keeper_is_ended_before_the_next_starts(use: Use, postgres: Postgres):
    """As after a kill that the kernel's notice did not reach."""
    use.begin()
    use.release()
    use.wait_until_stopped()
    postgres.prepare()
    process, _ = postgres.start()
    leftover = process.pid

    again = Use(postgres)
    address = again.begin()

    process.wait()
    assert ask(address, "SELECT 1") == [(1,)]
    assert postmaster(postgres) != leftover
    again.release()


def test_taken_port_is_exchanged(use: Use, postgres: Postgres):
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        remembered = somebody_else.getsockname()[1]
        postgres.folder.write("ports", {"postgres": remembered})
        address = use.begin()

        assert f":{remembered}/" not in address
        assert ask(address, "SELECT 1") == [(1,)]
    use.release()


def test_interrupted_initdb_is_begun_again(folder: Folder):
    (folder.path / "postgres.new" / "base").mkdir(parents=True)
    (folder.path / "postgres.new" / "PG_VERSION").write_text("18\n")
    use = Use(Postgres(folder))

    assert ask(use.begin(), "SELECT 1") == [(1,)]
    assert not (folder.path / "postgres.new").exists()
    use.release()


def test_folder_with_something_else_in_it_is_refused_in_a_sentence(folder: Folder):
    (folder.path / "postgres").mkdir()

    with pytest.raises(Trouble) as trouble:
        Use(Postgres(folder)).begin()

    assert str(trouble.value) == (
        f"{folder.path}/postgres holds no data of PostgreSQL 18 (no version). "
        "If nothing in it is worth keeping, `make clean` and start again."
    )
    assert eventually(lambda: everything_of(folder) == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as its user unless that is root")
@pytest.mark.parametrize("way", [into_namespace, AsUser(65534, 65534)], ids=["namespace", "another user"])
def test_root_gives_its_rights_up_for_postgres(way: Callable[[], None]):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Folder(Path(name) / "folder", durable=False)
        folder.prepare()
        engine = Postgres(folder, way)
        if not postgres_module.works(way, folder.path):
            pytest.skip("this machine does not allow it")
        engine.prepare()
        process, port = engine.start()

        assert ask(engine.address(port), "SELECT 1") == [(1,)]
        engine.stop(process)
        assert processes.working_in(engine.data, "postgres") == []


def test_given_addresses_start_nothing(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@db.example.org/intranet")
    monkeypatch.delenv("REDIS_URL")

    assert [engine.name for engine in engines_needed(folder)] == ["valkey"]
    monkeypatch.setenv("REDIS_URL", "redis://broker.example.org")
    assert environment.begin(folder, print) == []
    assert everything_of(folder) == []
    assert os.environ["DATABASE_URL"] == "postgresql://somebody@db.example.org/intranet"


def test_a_missing_address_is_filled_in(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@db.example.org/intranet")
    monkeypatch.setenv("REDIS_URL", "")

    uses = environment.begin(folder, print)

    assert [use.engine.name for use in uses] == ["valkey"]
    assert ping(os.environ["REDIS_URL"]) is True
    assert servers_in(folder) == processes.working_in(folder.path / "valkey", "valkey-server")
    for use in uses:
        use.release()
