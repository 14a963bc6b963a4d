"""Open shifts, requests, offers and what clinics allow, over the API: the same actions as the pages."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from intranet.core.access import Forbidden, require
from scheduling import claiming, offering, offers
from scheduling.api.acting import Acting
from scheduling.api.roster import REFUSALS
from scheduling.decisions import claims_waiting, may_have_decisions, offers_to_decide, offers_waiting, shifts_to_decide
from scheduling.hands import hands
from scheduling.models import Claim, ClaimState, Offer, OfferKind, OfferState, PublishedShift, Shift
from scheduling.my_schedule import may_have_schedule
from scheduling.my_swaps import SEEN, receivers, shifts_in_return
from scheduling.policies import policies, policy_of, set_policy
from scheduling.rules import may_set_rules
from scheduling.serializers import VersionSerializer
from scheduling.swap_serializers import (
    AgreementSerializer,
    ChoiceSerializer,
    ClaimAnswerSerializer,
    ClaimSerializer,
    GrantSerializer,
    InReturnQuery,
    MomentSerializer,
    OfferedSerializer,
    OfferSerializer,
    OfferToDecideSerializer,
    OpenShiftSerializer,
    OpenToDecideSerializer,
    PolicySerializer,
    ReceiversQuery,
    RefusalSerializer,
    SequenceSerializer,
    WantedSerializer,
)

COPIES = ("shift__published__clinic", "shift__published__staff", "shift__published__skill")


class OpenShiftViewSet(Acting):
    """Open shifts that you may take."""

    serializer_class = OpenShiftSerializer
    lookup_value_converter = "uuid"
    queryset = PublishedShift.objects.none()
    pagination_class = None

    @extend_schema(responses=OpenShiftSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The next one first, with what each would mean for your hours. Those that only others may take are not here."""
        require(may_have_schedule(self.person), Forbidden)
        return Response(self.get_serializer(claiming.open_to(self.person, timezone.now()), many=True).data)

    @extend_schema(request=SequenceSerializer, responses={201: ClaimSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def claim(self, request: Request, pk: UUID) -> Response:
        """Take it, or ask for it where a manager decides: the answer's `state` says which."""
        seen = PublishedShift.objects.visible_to(self.person).select_related("clinic", "skill")
        shift = get_object_or_404(seen, shift=pk)
        require(may_have_schedule(self.person), Forbidden)
        sequence = self.checked(SequenceSerializer).validated_data["sequence"]
        made = claiming.claim(shift, sequence=sequence, by=self.person, at=timezone.now())
        return Response(ClaimSerializer(made).data, status=status.HTTP_201_CREATED)


class ClaimFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=ClaimState.choices)
    person = django_filters.NumberFilter(field_name="person_id", label="The id of a person")


class ClaimViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Acting):
    """Your requests for open shifts, and those at clinics whose roster you make."""

    serializer_class = ClaimSerializer
    filterset_class = ClaimFilter
    lookup_value_converter = "int"
    queryset = Claim.objects.none()

    def get_queryset(self) -> QuerySet[Claim]:
        seen = Claim.objects.visible_to(self.request.user)
        return seen.select_related(*COPIES, "shift__clinic", "person", "ended_by").order_by("-made_at", "-pk")

    @extend_schema(responses=OpenToDecideSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def waiting(self, request: Request) -> Response:
        """What waits for your decision: open shifts with everybody who asked, their hours, and what speaks against it."""
        require(may_have_decisions(self.person), Forbidden)
        found = shifts_to_decide(claims_waiting(self.person).select_related(*COPIES), timezone.now())
        return Response(OpenToDecideSerializer(found, many=True).data)

    @extend_schema(request=None, responses={200: ClaimSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """You do not want it any more."""
        return self._answer(claiming.withdraw(self.get_object(), by=self.person, at=timezone.now()))

    @extend_schema(request=GrantSerializer, responses={200: ClaimSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def grant(self, request: Request, pk: int) -> Response:
        """The person gets the shift."""
        claim, said = self.get_object(), self.checked(GrantSerializer).validated_data
        return self._answer(claiming.grant(claim, by=self.person, at=timezone.now(), **said))

    @extend_schema(request=ClaimAnswerSerializer, responses={200: ClaimSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        """The person does not get it, and reads why."""
        claim = self.get_object()
        require(claiming.may_decide(claim, self.person), Forbidden)
        said = self.checked(ClaimAnswerSerializer).validated_data
        return self._answer(claiming.decline(claim, by=self.person, at=timezone.now(), **said))

    def _answer(self, claim: Claim) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=claim.pk)).data)


class OfferFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=OfferState.choices)
    kind = django_filters.ChoiceFilter(choices=OfferKind.choices)
    by = django_filters.NumberFilter(field_name="by_id", label="The id of whoever offers")
    shift = django_filters.UUIDFilter(field_name="shift_id", label="The id of the shift")


class OfferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Acting):
    """Shifts that are given, swapped and handed back: yours, those for you, and those at clinics whose roster you make."""

    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    lookup_value_converter = "int"
    queryset = Offer.objects.none()

    def get_queryset(self) -> QuerySet[Offer]:
        return with_copies(Offer.objects.visible_to(self.request.user)).order_by("-made_at", "-pk")

    @extend_schema(request=WantedSerializer, responses={201: OfferSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Offer one of your published shifts. It stays yours until the offer is done."""
        require(may_have_schedule(self.person), Forbidden)
        wanted = self.checked(WantedSerializer).wanted
        return self._answer(offering.offer(wanted, by=self.person, at=timezone.now()), status.HTTP_201_CREATED)

    @extend_schema(responses=OfferedSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], url_path="for-me", pagination_class=None)
    def for_me(self, request: Request) -> Response:
        """What colleagues offer you, and what anybody may take and you could."""
        require(may_have_schedule(self.person), Forbidden)
        found = offers.open_to(self.person, timezone.now())
        rows = with_copies(Offer.objects.filter(pk__in=[one.offer.pk for one in found])).in_bulk()
        found = [replace(one, offer=rows[one.offer.pk]) for one in found]
        return Response(OfferedSerializer(found, many=True).data)

    @extend_schema(responses=OfferToDecideSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def waiting(self, request: Request) -> Response:
        """What waits for your decision, with what it would mean for everybody who gets a shift."""
        require(may_have_decisions(self.person), Forbidden)
        found = offers_to_decide(with_copies(offers_waiting(self.person)), timezone.now())
        return Response(OfferToDecideSerializer(found, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("shift", UUID, required=True, description="One of your own published shifts.")],
        responses=ChoiceSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def receivers(self, request: Request) -> Response:
        """Colleagues to whom you could give the shift, and why not to the others."""
        query = self.checked(ReceiversQuery, request.query_params).validated_data
        found = receivers(self._own(query["shift"]), self.person, timezone.now())
        return Response(ChoiceSerializer(found, many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("shift", UUID, required=True, description="One of your own published shifts."),
            OpenApiParameter("person", int, required=True, description="The colleague."),
        ],
        responses=ChoiceSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], url_path="in-return", pagination_class=None)
    def in_return(self, request: Request) -> Response:
        """The colleague's coming shifts that you could have for yours, and why not the others."""
        query = self.checked(InReturnQuery, request.query_params).validated_data
        found = shifts_in_return(self._own(query["shift"]), query["person"], self.person, timezone.now())
        return Response(ChoiceSerializer(found, many=True).data)

    @extend_schema(request=VersionSerializer, responses={200: OfferSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: int) -> Response:
        """You take it: done at once where the clinic allows it, else a manager decides."""
        return self._act(offering.take, VersionSerializer)

    @extend_schema(request=VersionSerializer, responses={200: OfferSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        """You do not want it, or step back from what you took."""
        return self._act(offering.decline, VersionSerializer)

    @extend_schema(request=VersionSerializer, responses={200: OfferSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """You keep your shift after all."""
        return self._act(offering.withdraw, VersionSerializer)

    @extend_schema(request=AgreementSerializer, responses={200: OfferSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: int) -> Response:
        """You agree for your clinic. The shifts change hands once every clinic concerned has agreed."""
        require(offers.may_decide(self.get_object(), self.person), Forbidden)
        return self._act(offering.agree, AgreementSerializer)

    @extend_schema(request=RefusalSerializer, responses={200: OfferSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: int) -> Response:
        """You do not agree, and say why."""
        require(offers.may_decide(self.get_object(), self.person), Forbidden)
        return self._act(offering.refuse, RefusalSerializer)

    def _own(self, shift: PublishedShift) -> PublishedShift:
        require(offers.is_own(shift, self.person), Forbidden)
        return shift

    def _act(self, deed: Any, serializer: type[Any]) -> Response:
        made, said = self.get_object(), self.checked(serializer).validated_data
        return self._answer(deed(made, by=self.person, at=timezone.now(), **said))

    def _answer(self, made: Offer, code: int = status.HTTP_200_OK) -> Response:
        fresh = with_copies(Offer.objects.filter(pk=made.pk)).get()
        return Response(self.get_serializer(fresh).data, status=code)


def with_copies(rows: QuerySet[Offer]) -> QuerySet[Offer]:
    """With everything that an offer says, in two queries."""
    return rows.select_related(*SEEN, *offers.RELATED).prefetch_related("consents__clinic")


class HandsViewSet(Acting):
    """Through whose hands a shift has gone, for the managers of its clinic."""

    serializer_class = MomentSerializer
    lookup_value_converter = "uuid"
    queryset = Shift.objects.none()
    pagination_class = None

    @extend_schema(responses=MomentSerializer(many=True))
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Its publications, offers and requests, the latest first."""
        shift = get_object_or_404(Shift.objects.visible_to(self.person).select_related("clinic"), pk=pk)
        return Response(self.get_serializer(hands(shift), many=True).data)


class PolicyViewSet(Acting):
    """What staff of each clinic may do with published shifts by themselves."""

    serializer_class = PolicySerializer
    lookup_field = "slug"
    lookup_value_converter = "slug"
    queryset = Clinic.objects.none()
    pagination_class = None

    def get_queryset(self) -> QuerySet[Clinic]:
        return Clinic.objects.visible_to(self.request.user)

    @extend_schema(responses=PolicySerializer(many=True))
    def list(self, request: Request) -> Response:
        clinics = list(self.get_queryset())
        held = policies(clinics)
        return Response([self._said(clinic, held[clinic.pk]) for clinic in clinics])

    @extend_schema(responses={200: PolicySerializer, **REFUSALS})
    def update(self, request: Request, slug: str) -> Response:
        """Say what holds from now on. For managers of the clinic, and administrators."""
        clinic = self.get_object()
        require(may_set_rules(clinic, self.person), Forbidden)
        wanted = self.checked(PolicySerializer)
        set_policy(clinic, wanted.policy, seen=wanted.validated_data["seen"], by=self.person)
        return Response(self._said(clinic, policy_of(clinic)))

    def _said(self, clinic: Clinic, policy: Any) -> Any:
        return self.get_serializer({"clinic": clinic, "fingerprint": policy.fingerprint, **asdict(policy)}).data
