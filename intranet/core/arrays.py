"""Columns that hold lists, in queries."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Func


class Each(Func):
    """`unnest(array)`: a row for each of its members."""

    function = "unnest"
    set_returning = True


class ListOf(Func):
    """`ARRAY[...]`: a list made of expressions."""

    template = "ARRAY[%(expressions)s]::varchar[]"
    output_field: Any = ArrayField(CharField())
