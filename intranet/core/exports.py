"""Files for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse

LINES_AT_ONCE = 500


def csv_response(name: str, header: Sequence[str], lines: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Lines under a header as a file to keep, sent as they are made: it needs no more memory when there are many.

    The mark at the beginning tells a spreadsheet that it is UTF-8.
    """
    content = chain(["\ufeff"], _written(chain([header], lines)))
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _written(lines: Iterator[Iterable[Any]]) -> Iterator[str]:
    while some := list(islice(lines, LINES_AT_ONCE)):
        out = StringIO()
        csv.writer(out).writerows([harmless(value) for value in line] for line in some)
        yield out.getvalue()


def harmless(value: Any) -> str:
    """A cell that no spreadsheet runs: text that starts like a formula gets an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r", "\n"} else text
