"""Shifts ahead whose holder may not work them any more, as the daily look found them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets

from scheduling.models import LostClearance
from scheduling.serializers import HolderSerializer, ReasonSerializer


class LostClearanceSerializer(serializers.ModelSerializer[LostClearance]):
    """Whoever holds the shift may not work it as things stand, for these reasons."""

    person = HolderSerializer()
    reasons = ReasonSerializer(many=True)

    class Meta:
        model = LostClearance
        fields = ("id", "shift", "person", "reasons", "found_at")


class LostClearanceViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[LostClearance]):
    """What has been found and is not right again: your own shifts, and those of clinics whose roster you make."""

    program_area = "schedule"
    serializer_class = LostClearanceSerializer
    queryset = LostClearance.objects.none()

    def get_queryset(self) -> QuerySet[LostClearance]:
        seen = LostClearance.objects.visible_to(self.request.user).standing(timezone.now())
        return seen.select_related("person").order_by("shift__period", "pk")
