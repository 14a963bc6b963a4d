"""What goes wrong outside the program becomes one plain sentence and exit code 2."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from intranet.dev.folder import Folder
from intranet.dev.running import settle_environment, wished_port
from intranet.dev.trouble import Trouble, explain
from tests.intranet.dev.conftest import eventually, everything_of, python


def run(folder: Folder, *words: str, **environment: str) -> tuple[int, str]:
    process = python("-m", "intranet.dev", *words, INTRANET_FOLDER=str(folder.path), **environment)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def test_taken_port_is_a_sentence(folder: Folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert run(folder, "run", PORT=str(port)) == (
            2,
            f"Port {port} is taken by another program. Stop that one, or choose another port: PORT={port + 1} make run\n",
        )
    assert everything_of(folder) == []


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1", "80.5"])
def test_port_that_is_none_is_a_sentence(folder: Folder, port: str):
    assert run(folder, "run", PORT=port) == (
        2,
        f"PORT is {port!r}; use a number from 1024 to 65535, for example: PORT=8123 make run\n",
    )


def test_port_is_8000_unless_wished_otherwise():
    assert (wished_port(""), wished_port("8123")) == (8000, 8123)


def test_mail_is_caught_whatever_the_environment_says(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    environment = {
        "SECRET_KEY": "chosen",
        "SITE_ORIGIN": "https://intranet.example.org",
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_HOST_PASSWORD_FILE": "/run/secrets/mail",
        "EMAIL_USE_TLS": "1",
    }
    monkeypatch.setattr(os, "environ", environment)

    settle_environment(folder, 8123)

    assert environment == {
        "SECRET_KEY": "chosen",
        "SITE_ORIGIN": "http://localhost:8123",
        "EXTRA_HOSTS": "127.0.0.1",
        "PORT": "8123",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(folder.remembered_port("smtp")),
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": "0",
        "INTRANET_MODE": "local",
        "DEMO": "1",
        "SECOND_STEP_OPTIONAL": "1",
        "PYTHONUNBUFFERED": "1",
    }


def test_second_run_is_a_sentence_that_names_the_first(folder: Folder):
    with folder.lock("run") as lock:
        assert lock.exclusive()
        folder.write("run", {"pid": 4711, "port": 8123})

        assert run(folder, "run", PORT="8124") == (
            2,
            "The intranet of this checkout is running already: http://localhost:8123/ (process 4711). "
            "Stop it there with Ctrl-C, or from here with `make stop`.\n",
        )


def test_unusable_folder_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")

    code, said = run(Folder(tmp_path / "file" / "folder"), "run")

    assert (code, said) == (
        2,
        f"{tmp_path}/file/folder: Not a directory. Put that right and run the same command again.\n",
    )


def test_unwritable_folder_is_a_sentence(tmp_path: Path):
    code, said = run(Folder(Path("/proc/self/folder")), "exec", "--", "true")

    assert code == 2
    assert "Traceback" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "The disk that holds /place is full. Free about 1 GB and run the same command again."),
        (
            errno.EROFS,
            "/place/file cannot be written. Give your user the right to write in /place, or move the checkout "
            "to a folder of your own, and run the same command again.",
        ),
    ],
)
def test_refusals_of_the_system_are_explained(number: int, sentence: str):
    error = OSError(number, os.strerror(number), "/place/file")

    assert str(explain(error, Path("/place"))) == sentence


def test_too_little_space_is_a_sentence(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("intranet.dev.folder.NEEDED_BYTES", 10**18)

    with pytest.raises(Trouble, match=r"has only \d+ MB left\. Free about 1 GB and run the same command again\.$"):
        folder.prepare()


def test_exec_gives_the_command_its_servers_and_nothing_stays(folder: Folder):
    environment = dict.fromkeys(("DATABASE_URL", "REDIS_URL"), "")

    code, said = run(
        folder,
        "exec",
        "--",
        "sh",
        "-c",
        'echo "${DATABASE_URL%%:*} ${REDIS_URL%%:*} $INTRANET_MODE"; exit 7',
        **environment,
    )

    assert code == 7
    assert said.splitlines() == [
        f"Starting PostgreSQL in {folder.path}/postgres ...",
        f"Starting Valkey (the message broker) in {folder.path}/valkey ...",
        "postgresql redis local",
    ]
    assert eventually(lambda: everything_of(folder) == [])


def test_exec_with_given_addresses_starts_nothing(folder: Folder):
    given = {"DATABASE_URL": "postgresql://given", "REDIS_URL": "redis://given"}

    assert run(folder, "exec", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL", **given) == (
        0,
        "postgresql://given redis://given\n",
    )
    assert [path.name for path in folder.path.iterdir() if path.name.startswith(("postgres", "valkey"))] == []


def test_exec_of_an_unknown_command_is_a_sentence(folder: Folder):
    given = {"DATABASE_URL": "postgresql://given", "REDIS_URL": "redis://given"}

    assert run(folder, "exec", "--", "no-such-program", **given) == (2, "There is no program called no-such-program.\n")


def test_exec_ends_with_the_process_that_called_it(folder: Folder):
    """As when a script kills `make` and not what make has started."""
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'intranet.dev', 'exec', '--end-with-parent', '--',"
        " 'sh', '-c', 'echo up; exec sleep 600'])\n"
        "time.sleep(600)"
    )
    caller = python("-c", script, INTRANET_FOLDER=str(folder.path), DATABASE_URL="", REDIS_URL="redis://given")
    assert caller.stdout is not None
    assert eventually(lambda: caller.stdout.readline() == "up\n")

    caller.send_signal(signal.SIGKILL)
    caller.stdout.close()
    caller.wait()

    assert eventually(lambda: everything_of(folder) == [])


def test_stop_ends_what_runs_in_the_folder(folder: Folder):
    user = python(
        "-m", "intranet.dev", "exec", "--", "sleep", "600",
        INTRANET_FOLDER=str(folder.path), DATABASE_URL="", REDIS_URL="",
    )  # fmt: skip
    assert eventually(lambda: "port" in folder.read("valkey"))

    code, said = run(folder, "stop")

    assert (code, said) == (0, "Stopping postgres ...\nStopping valkey ...\n")
    assert eventually(lambda: everything_of(folder) == [])
    user.kill()
    user.communicate()


def test_too_old_python_is_a_sentence(tmp_path: Path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 3.9.2 old\n")
    old.chmod(0o755)

    done = subprocess.run(["make", "setup-local", f"PYTHON={old}"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        f"Python 3.11 or newer with its venv module is needed. {old} is 3.9.2. Install one "
        "(Debian, Ubuntu: apt install python3 python3-venv), "
        "or name yours: PYTHON=/path/to/python3.11 make setup-local"
    )
