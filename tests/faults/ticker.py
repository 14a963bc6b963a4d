"""A dispatcher whose clock the test sets: for each moment on stdin it does `manage.py tick --at`, and prints the counts."""

from __future__ import annotations

import io
import json
import sys

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import Error, connection

    from intranet.reminders.runs import RunLost

    sys.stderr.write("ready\n")
    for line in sys.stdin:
        said = io.StringIO()
        try:
            call_command("tick", at=line.strip(), stdout=said)
        except (Error, RunLost) as error:  # as the process would end with: its next life begins with a new session
            sys.stderr.write(f"The tick ended with {error!r}.\n")
            said.write(json.dumps(None))
        finally:
            connection.close()
        sys.stdout.write(said.getvalue().strip() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
