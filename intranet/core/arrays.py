"""Columns that hold lists, in queries."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, Func, QuerySet


class Each(Func):
    """`unnest(array)`: a row for each of its members."""

    function = "unnest"
    set_returning = True


def each_of(people: QuerySet[Any, Any]) -> Each:
    """A column with which a row becomes one for each of the people, found in the same query."""
    return Each(ArraySubquery(people.order_by().values("pk")), output_field=BigIntegerField())


class ListOf(Func):
    """`ARRAY[...]`: a list made of expressions."""

    template = "ARRAY[%(expressions)s]::varchar[]"
    output_field: Any = ArrayField(CharField())
