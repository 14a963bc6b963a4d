"""Files for spreadsheets run nothing."""

from __future__ import annotations

import pytest

from intranet.core.exports import harmless


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("Plain = text", "Plain = text"),
        (None, ""),
        (4, "4"),
    ],
)
def test_no_cell_is_a_formula(value, cell):
    assert harmless(value) == cell
