"""A process of its own that looks through a Word or Excel file to be kept: `python -I intranet/core/office_reader.py
DOCUMENT PROGRAM TEXT < file`.

DOCUMENT is the path of its main part, TEXT a pattern of the paths whose words are searched. Run by `intranet.core.confined`,
with the limits of `intranet.core.file_reader`. Out comes a line of JSON, then the words.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the process is started without the project's path

from intranet.core import file_reader, office_files
from intranet.core.office_files import Package, Unfit


def require_harmless(package: Package) -> None:
    """A file that others will open does nothing by itself, and is the same to every program. Raises Unfit."""
    if package.is_broken:
        raise Unfit("is damaged: open it, save it again, and try again.")
    if package.has_macros:
        raise Unfit("holds macros: save it without them and try again.")
    if package.reaches_out:
        raise Unfit("refers to files outside of it: remove linked pictures, data and templates and try again.")
    if package.holds_objects:
        raise Unfit("holds other files within it: take them out and attach each by itself.")


def main(document: str, program: str, text: str) -> None:
    file_reader.limit()
    try:
        package = office_files.looked_through(sys.stdin.buffer.read(), document, program, words=True)
        require_harmless(package)
        facts, words = {}, package.words(text, file_reader.PAPER_WORDS)
    except Unfit as unfit:
        facts, words = {"unfit": f"This file {unfit}"}, ""
    except MemoryError:
        facts, words = {"unfit": "This file holds far more than a document: it was not opened."}, ""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + words.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
