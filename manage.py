#!/usr/bin/env python
"""Django's command line for the intranet."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")
    if os.environ.get("INTRANET_MODE", "local") == "local":
        # A checkout on a developer's machine: find the embedded servers that `make run` or `make test` keep.
        # Production images set INTRANET_MODE=production and do not contain this package.
        from intranet.dev import environment

        environment.apply()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
