"""What the OpenAPI document says beside what the serializers say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from intranet.core.rest import scope_of


class Schema(AutoSchema):
    """Each operation says which scope a program's token needs, or that it takes none."""

    def get_auth(self) -> list[dict[str, list[Any]]]:
        ways: list[dict[str, list[Any]]] = super().get_auth()
        return ways if scope_of(self.view, self.method) else [way for way in ways if "token" not in way]

    def get_description(self) -> str:
        scope = scope_of(self.view, self.method)
        takes = f"A token needs the scope `{scope}`." if scope else "No token does this: sign in."
        return f"{super().get_description() or ''}\n\n{takes}".strip()
