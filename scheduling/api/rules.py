"""The rules of a clinic over the API, as on their page. Amounts are minutes or days."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from scheduling.api.clinics import OfOneClinic
from scheduling.api.roster import REFUSALS
from scheduling.models import RuleCode, RuleLevel
from scheduling.rules import Rule, back_to_usual, may_set_rules, rules_of, set_rule

MOST = 2**31 - 1


class UsualSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=RuleLevel.choices)
    amount = serializers.IntegerField()
    threshold = serializers.IntegerField(allow_null=True)
    source = serializers.CharField()


class SeenRuleSerializer(serializers.Serializer[Any]):
    seen = serializers.CharField(max_length=64, help_text="That of the rule that you looked at.")


class WantedRuleSerializer(SeenRuleSerializer):
    """A rule as somebody wants it."""

    level = serializers.ChoiceField(choices=RuleLevel.choices)
    amount = serializers.IntegerField(min_value=0, max_value=MOST, help_text="In the unit of the rule.")
    threshold = serializers.IntegerField(min_value=0, max_value=MOST, allow_null=True, default=None)
    source = serializers.CharField(max_length=200)
    checked_on = serializers.DateField(validators=[in_this_century])

    def wanted(self, now: Rule) -> Rule:
        """Without a threshold, that of the rule stays."""
        said = {name: value for name, value in self.validated_data.items() if name != "seen"}
        threshold = now.threshold if said["threshold"] is None or now.threshold is None else said["threshold"]
        return Rule(now.code, **(said | {"level": RuleLevel(said["level"]), "threshold": threshold}))


class RuleSerializer(serializers.Serializer[Rule]):
    """A rule as it holds at a clinic, and what is usual."""

    code = serializers.ChoiceField(choices=RuleCode.choices)
    label = serializers.CharField(source="usual.label")
    words = serializers.CharField(source="usual.words")
    unit = serializers.CharField(source="usual.unit")
    level = serializers.ChoiceField(choices=RuleLevel.choices)
    amount = serializers.IntegerField()
    threshold = serializers.IntegerField(allow_null=True, help_text="Minutes of a shift from which it counts.")
    source = serializers.CharField()
    checked_on = serializers.DateField()
    is_usual = serializers.BooleanField()
    seen = serializers.CharField(source="fingerprint", help_text="What a change has to hand back.")
    usual = UsualSerializer()


class RosterRuleViewSet(OfOneClinic):
    """What the roster of a clinic warns of or refuses."""

    serializer_class = RuleSerializer

    @extend_schema(responses=RuleSerializer(many=True))
    def retrieve(self, request: Request, clinic: str) -> Response:
        """Every rule of a clinic."""
        return Response(RuleSerializer(list(rules_of(self._own_clinic)), many=True).data)

    @extend_schema(request=WantedRuleSerializer, responses={200: RuleSerializer, **REFUSALS})
    @action(detail=True, methods=["put"], url_path=r"(?P<code>[a-z-]+)", url_name="set")
    def set_rule(self, request: Request, clinic: str, code: str) -> Response:
        """Say what holds from now on."""
        place, now = self._own_rule(code)
        asked = WantedRuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = set_rule(place, asked.wanted(now), seen=asked.validated_data["seen"], by=request.user)  # type: ignore[arg-type]
        return Response(RuleSerializer(rule).data)

    @extend_schema(request=SeenRuleSerializer, responses={200: RuleSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path=r"(?P<code>[a-z-]+)/usual", url_name="usual")
    def usual(self, request: Request, clinic: str, code: str) -> Response:
        """Let the usual rule hold again."""
        place, now = self._own_rule(code)
        asked = SeenRuleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rule = back_to_usual(place, now.code, seen=asked.validated_data["seen"], by=request.user)  # type: ignore[arg-type]
        return Response(RuleSerializer(rule).data)

    @property
    def _own_clinic(self) -> Clinic:
        clinic = self.clinic
        require(may_set_rules(clinic, self.request.user), Forbidden)  # type: ignore[arg-type]
        return clinic

    def _own_rule(self, code: str) -> tuple[Clinic, Rule]:
        clinic = self._own_clinic
        if code not in RuleCode.values:
            raise Http404("There is no such rule.")
        return clinic, rules_of(clinic)[RuleCode(code)]
