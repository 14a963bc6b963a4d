"""Search over the API: the same hits, counts and suggestions as the page, by the same rules."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from intranet.core.access import Forbidden, require
from intranet.core.forms import whole_number
from intranet.search.aliases import Words, add, change, may_edit, remove
from intranet.search.forms import SearchForm
from intranet.search.models import Alias
from intranet.search.searching import Hit, Search, Stage, Tab

PAGE_SIZE = 20


class HitSerializer(serializers.Serializer[Hit]):
    """`title` and `excerpt` are plain text; in the two with `html` the rest is escaped and what was found is in `<mark>`."""

    kind = serializers.CharField(source="source.kind")
    title = serializers.CharField(source="highlight.plain_title")
    excerpt = serializers.CharField(source="highlight.plain_excerpt")
    title_html = serializers.CharField(source="highlight.title")
    excerpt_html = serializers.CharField(source="highlight.excerpt")
    path = serializers.CharField(source="shown.url")
    facts = serializers.ListField(source="shown.facts", child=serializers.CharField())


class KindSerializer(serializers.Serializer[Tab]):
    kind = serializers.CharField(help_text="Empty for all kinds together.")
    label = serializers.CharField()
    count = serializers.IntegerField()


class FoundSerializer(serializers.Serializer[Any]):
    """`answered`: whether the hits have the whole query, its last word only begun, some of its words, or nothing."""

    query = serializers.CharField()
    corrected = serializers.CharField(help_text="What was meant, when nothing has the words as they were typed.")
    answered = serializers.ChoiceField(choices=[stage.value for stage in Stage])
    count = serializers.IntegerField()
    kinds = KindSerializer(many=True)
    page = serializers.IntegerField()
    results = HitSerializer(many=True)


class SearchViewSet(viewsets.ViewSet):
    """Everything that you may find. It reaches across areas, so that no token opens it."""

    serializer_class = FoundSerializer

    @extend_schema(
        summary="Search protocols, people, announcements and attachments",
        operation_id="search_retrieve",
        parameters=[
            OpenApiParameter("q", str, required=True, description="What somebody types."),
            OpenApiParameter("kind", str, enum=["protocol", "person", "announcement", "attachment"]),
            OpenApiParameter("literally", bool, description="Without correcting slips."),
            OpenApiParameter("page", int, description=f"Of {PAGE_SIZE} hits."),
        ],
        responses=FoundSerializer(many=False),
    )
    def list(self, request: Request) -> Response:
        form = SearchForm(request.query_params).strictly()
        number = whole_number(request.query_params.get("page", "1")) or 1
        found = Search(
            request.user,
            form.cleaned_data["q"],
            timezone.now(),
            kind=form.cleaned_data["kind"],
            literally=form.cleaned_data["literally"],
        )
        first = (number - 1) * PAGE_SIZE
        answer = {
            "query": found.understood.question.text,
            "corrected": found.understood.corrected,
            "answered": found.understood.stage,
            "count": found.count,
            "kinds": found.tabs,
            "page": number,
            "results": found.hits(first, first + PAGE_SIZE) if first < found.count else [],
        }
        return Response(FoundSerializer(answer).data)


class AliasSerializer(serializers.ModelSerializer[Alias]):
    """`token` names the state that you have before you: a change with an old one is refused."""

    token = serializers.IntegerField(required=False, min_value=1, max_value=10**9)

    class Meta:
        model = Alias
        fields = ("id", "term", "means", "token")
        validators: list[Any] = []


class AliasViewSet(viewsets.GenericViewSet[Alias]):
    """What people mean by what they type. Kept by the clinical lead."""

    serializer_class = AliasSerializer
    queryset = Alias.objects.none()

    def get_queryset(self) -> QuerySet[Alias]:
        require(may_edit(self.request.user), Forbidden)
        return Alias.objects.all()

    def list(self, request: Request) -> Response:
        """Every alias, by term."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        """Keep a new alias."""
        require(may_edit(request.user), Forbidden)
        alias = add(self._words(request), by=request.user, at=timezone.now())
        return Response(self.get_serializer(alias).data, status=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: str) -> Response:
        """Change an alias that has the `token` still."""
        alias = self.get_object()
        words = self._words(request)
        alias = change(alias, words, token=_number(request.data.get("token")), by=request.user, at=timezone.now())
        return Response(self.get_serializer(alias).data)

    @extend_schema(parameters=[OpenApiParameter("token", int, required=True)])
    def destroy(self, request: Request, pk: str) -> Response:
        """Give an alias up that has the `token` still."""
        remove(self.get_object(), token=_number(request.query_params.get("token")), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _words(self, request: Request) -> Words:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Words(asked.validated_data["term"], asked.validated_data["means"])


def _number(given: Any) -> int:
    """A token as it was sent; 0, which no alias has, when there is none."""
    return whole_number(str(given)) or 0


def register(router: BaseRouter) -> None:
    router.register("search", SearchViewSet, basename="search")
    router.register("search-aliases", AliasViewSet, basename="search-alias")
