"""Every fault from many seeds, in the long form, and a table of what it came to. `make soak` runs it.

    make soak                                  every fault, seeds 1 to 20
    make soak FAULTS=frozen,poison SEEDS=3     some faults, seeds 1 to 3
    make soak FAULTS=frozen SEED=17 SEEDS=1    one run again
    make soak WRITE=docs/faults.md             and put the table into a page, between its two marks

Ends with exit code 1 if the promise was broken once; each broken run is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import django

from intranet.core.wording import counted

if TYPE_CHECKING:
    from tests.faults.arena import Fault, Outcome

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
HEAD = "| Fault | Runs | Strikes | Reminders | Mails | Lost | Duplicates | explained | Doubts | Slowest recovery |"


@dataclass
class Line:
    """What all runs of one fault came to."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)

    def total(self, what: str) -> int:
        return sum(getattr(outcome, what) for outcome in self.outcomes)

    def __str__(self) -> str:
        numbers = [
            self.total(what) for what in ("strikes", "reminders", "mails", "lost", "duplicates", "explained", "doubts")
        ]
        ticks = [outcome.ticks for outcome in self.outcomes if outcome.ticks is not None]
        slowest = f"{counted(max(ticks), 'tick')}" if ticks else "–"
        cells = [self.name, len(self.outcomes), *(f"{number:,}" for number in numbers), slowest]
        return f"| {' | '.join(map(str, cells))} |"


def table(lines: Iterable[Line]) -> str:
    lines = list(lines)
    everything = Line("**together**", [outcome for line in lines for outcome in line.outcomes])
    return "\n".join([HEAD, "| --- |" + " ---: |" * 9, *map(str, lines), str(everything)])


def write(page: Path, words: str) -> None:
    """Put the words between the two marks of the page."""
    before, rest = page.read_text().split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{words}\n{END}{after}")


def soak(faults: list[Fault], seeds: range, *, full: bool) -> list[Line]:
    """Every fault with every seed, until Ctrl-C: then what has been seen so far."""
    from tests.faults.arena import Arena

    lines = [Line(fault.name) for fault in faults]
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, Arena(Path(folder), full=full).open() as arena:
        try:
            for fault, line in zip(faults, lines, strict=True):
                for seed in seeds:
                    outcome = arena.run(fault, seed)
                    line.outcomes.append(outcome)
                    mark = "BROKEN" if outcome.violations else "kept"
                    print(f"{fault.name:28} seed {seed:<5} {mark:7} {outcome.seconds:6.1f} s", flush=True)
                    if outcome.violations:
                        print(outcome, flush=True)
        except KeyboardInterrupt:
            print("Stopped.", flush=True)
    return [line for line in lines if line.outcomes]


def in_a_migrated_database(deed: Callable[[], None]) -> None:
    """Run it where the tables can be copied from. The database is kept for the next time, and nothing is written into it."""
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    connection.settings_dict["TEST"]["NAME"] = "test_intranet_soak"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=True)
    try:
        deed()
    finally:
        connection.close()
        teardown_test_environment()


def chosen(names: str) -> list[Fault]:
    from tests.faults.faults import FAULTS

    wanted = [name for name in names.split(",") if name]
    if unknown := [name for name in wanted if name not in FAULTS]:
        sys.exit(f"No such fault: {', '.join(unknown)}. There are: {', '.join(FAULTS)}.")
    return [FAULTS[name] for name in wanted] or list(FAULTS.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="Every fault from many seeds.")
    parser.add_argument("--faults", default="", help="their names, with commas between; all if left away")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--quick", action="store_true", help="the sizes of `make test`")
    parser.add_argument("--write", type=Path, help="a page with the two marks")
    wishes = parser.parse_args()
    broken = 0

    def run() -> None:
        from django.utils import timezone

        nonlocal broken
        begun = time.monotonic()
        lines = soak(chosen(wishes.faults), range(wishes.seed, wishes.seed + wishes.seeds), full=not wishes.quick)
        words = table(lines)
        outcomes = [outcome for line in lines for outcome in line.outcomes]
        broken = sum(bool(outcome.violations) for outcome in outcomes)
        minutes = (time.monotonic() - begun) / 60
        when = f"{timezone.localdate():%B %-d, %Y}"
        summary = f"{len(outcomes)} runs in {minutes:.0f} minutes on {when}: {broken} broke the promise."
        print(f"\n{words}\n\n{summary}", flush=True)
        if wishes.write:
            write(wishes.write, f"{summary}\n\n{words}")

    in_a_migrated_database(run)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
