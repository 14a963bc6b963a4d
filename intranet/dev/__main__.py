"""python -m intranet.dev run | exec | stop | backup | restore

run                             everything, until Ctrl-C: servers, web, workers, beats, watchdog, caught mail
exec [--test] -- COMMAND        COMMAND with the embedded servers running for as long as it runs
stop                            end what runs in this checkout
backup                          write the database into backups/
restore FILE                    replace the database by a backup
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from intranet.dev import environment, processes
from intranet.dev.folder import Folder, local_folder, test_folder
from intranet.dev.trouble import Trouble, explain


def main(words: list[str]) -> int:
    arguments = _parser().parse_args(words)
    try:
        if arguments.end_with_parent:
            processes.end_with_parent()
        return int(arguments.call(arguments))
    except Trouble as trouble:
        print(trouble, file=sys.stderr, flush=True)
        return 2
    except OSError as error:
        print(explain(error, local_folder().path), file=sys.stderr, flush=True)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m intranet.dev", usage=__doc__)
    parser.set_defaults(end_with_parent=False)
    commands = parser.add_subparsers(required=True)

    run = commands.add_parser("run")
    run.add_argument("--end-with-parent", action="store_true", help="stop when the calling process ends")
    run.set_defaults(call=_run)

    execute = commands.add_parser("exec")
    execute.add_argument("--test", action="store_true", help="use the tests' own servers")
    execute.add_argument("--end-with-parent", action="store_true", help="stop when the calling process ends")
    execute.add_argument("command", nargs="+")
    execute.set_defaults(call=_exec)

    commands.add_parser("stop").set_defaults(call=_stop)
    commands.add_parser("backup").set_defaults(call=_backup)

    restore = commands.add_parser("restore")
    restore.add_argument("file", type=Path)
    restore.set_defaults(call=_restore)

    keep = commands.add_parser("keep")
    keep.add_argument("engine")
    keep.add_argument("folder", type=Path)
    keep.add_argument("tell", type=int)
    keep.add_argument("--fast", action="store_true")
    keep.set_defaults(call=_keep)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from intranet.dev.running import run  # each command loads only what it needs

    return run(local_folder())


def _exec(arguments: argparse.Namespace) -> int:
    """Become COMMAND: it inherits the shares in the servers, which end with it."""
    folder = test_folder() if arguments.test else local_folder()
    folder.prepare()
    for use in environment.begin(folder, _say_to_stderr):
        use.survive_exec()
    environment.fill(environment.basics(folder, environment.DEFAULT_PORT))
    command = arguments.command
    try:
        os.execvp(command[0], command)  # noqa: S606  (the person's own command)
    except FileNotFoundError:
        raise Trouble(f"There is no program called {command[0]}.") from None


def _stop(arguments: argparse.Namespace) -> int:
    from intranet.dev.stopping import stop_all

    stop_all([local_folder(), test_folder()])
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from intranet.dev.backups import backup

    environment.apply(start=True, say=_say_to_stderr)
    backup()
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from intranet.dev.backups import restore

    environment.apply(start=True, say=_say_to_stderr)
    restore(arguments.file, local_folder())
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    from intranet.dev.keeper import ENGINES, Keeper

    if os.fork():
        return 0  # whoever started this waits for no keeper
    folder = Folder(arguments.folder, durable=not arguments.fast)
    return Keeper(ENGINES[arguments.engine](folder)).keep(arguments.tell)


def _say_to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
