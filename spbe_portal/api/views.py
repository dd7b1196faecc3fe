"""The API's front door: its resources by name, its OpenAPI document, and that document to read in a browser."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from spbe_portal.api.base import ApiView


class Schema(SpectacularAPIView):
    """The OpenAPI document, JSON unless YAML is asked for. Open to everybody: it says nothing of anybody."""

    permission_classes = [AllowAny]
    authentication_classes = []
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = False
        return view

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@cache
def document() -> dict[str, Any]:
    """Put together once a process: it is the same for everybody and takes a second."""
    return spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(request=None, public=True)


@extend_schema(tags=["Masuk"])
class Root(ApiView):
    """The resources by name. Open to everybody, as the document is."""

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []
    pagination_class = None
    filter_backends: list[type] = []

    @extend_schema(
        summary="Daftar sumber daya",
        operation_id="root_retrieve",
        auth=[],
        responses={200: {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}},
    )
    def get(self, request: Request) -> Response:
        return Response({name: request.build_absolute_uri(reverse(f"api_{name}")) for name in _readable()})


@cache
def _readable() -> tuple[str, ...]:
    """Addresses that need nothing else to be read, without `api_`."""
    found = (
        pattern.name.removeprefix("api_")
        for pattern in _patterns(get_resolver())
        if pattern.name
        and pattern.name.startswith("api_")
        and not pattern.pattern.converters
        and hasattr(getattr(pattern.callback, "view_class", None), "get")
        and getattr(pattern.callback, "view_class", None) is not Root
    )
    return tuple(sorted(found))


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _patterns(each)
        else:
            yield each


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The document to read, and to try with a token of one's own. Nothing is loaded from elsewhere."""
    return render(request, "api_docs.html")
