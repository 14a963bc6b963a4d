"""What the view sets of rosters share: who acts, and what was sent."""

from __future__ import annotations

from typing import Any

from rest_framework import viewsets

from accounts.models import User


class Acting(viewsets.GenericViewSet[Any]):
    program_area = "schedule"

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 - the permission class lets nobody else in
        return self.request.user

    def checked(self, serializer: type[Any], data: Any = None, **options: Any) -> Any:
        """What was sent, or `data`, by this serializer; what makes no sense is a 400."""
        sent = self.request.data if data is None else data
        found = serializer(data=sent, context=self.get_serializer_context(), **options)
        found.is_valid(raise_exception=True)
        return found
