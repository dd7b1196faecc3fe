"""The class under every resource of the API, and what a view asks of its request."""

import re
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken, IdempotentAnswer
from accounts.permissions import Rights, rights_of
from spbe_portal.api import idempotency

_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


class ApiView(GenericAPIView):
    """A resource. Who asks is the token's person; nothing here reads a session (default deny: see REST_FRAMEWORK).

    A view does five things, as a page does: find among the visible, check, bind, call one function, answer.
    `present(thing)` says how a view shows what is stored when a stale change is refused. Every POST takes an
    `Idempotency-Key` (see `idempotency`).
    """

    _claim: IdempotentAnswer | None = None
    #: No OPTIONS: what may be sent stands in the OpenAPI document.
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = False  # sessions mean nothing here: the token class decides
        return view

    @property
    def rights(self) -> Rights:
        return rights_of(self.request.user)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and isinstance(request.auth, ApiToken):
            self._claim = idempotency.claim(request)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, idempotency.Replay):
            return exc.response
        try:
            return super().handle_exception(exc)
        except Exception:  # a fault of ours: the next try is another try
            if self._claim:
                idempotency.free(self._claim)
            raise

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        if self._claim:
            idempotency.settle(self._claim, response)
        answer = super().finalize_response(request, response, *args, **kwargs)
        if not answer.has_header("Cache-Control"):
            answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def bound(self, serializer_class: type, **options: Any) -> dict[str, Any]:
        """What was sent, checked for shape. Raises `ValidationError`."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def listed(self, queryset: Any, serializer_class: type, shape: Any = list) -> Response:
        """One page of a list, filtered and ordered as asked. `shape` turns the page's rows into what is shown."""
        page = self.paginate_queryset(self.filter_queryset(queryset))
        return self.get_paginated_response(serializer_class(shape(page), many=True).data)


class FileView(ApiView):
    """An address that answers with a file: whatever a client says it accepts, the file is what it is."""

    serializer_class: Any = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)


def matched_version(request: Request) -> int | None:
    """The version in `If-Match`; None where it was not sent. Raises `ValidationError` for what is no ETag of ours."""
    sent = request.headers.get("If-Match")
    if sent is None:
        return None
    if not (found := _ETAG.fullmatch(sent)):
        raise ValidationError({"If-Match": ['Isi dengan ETag yang Anda baca, misalnya "3".']})
    return int(found[1])


def sent_version(request: Request, data: dict[str, Any]) -> int:
    """The version a change is based on: `version` in the body, or the `ETag` read before, sent as `If-Match`.

    Raises `ValidationError` where neither is there: a change over something unseen is never made silently.
    """
    version, matched = data.pop("version", None), matched_version(request)
    if version is None:
        version = matched
    if version is None:
        raise ValidationError({"version": ["Sertakan versi yang Anda baca, sebagai version atau If-Match."]})
    return int(version)


def with_etag(response: Response, version: int) -> Response:
    response.headers["ETag"] = f'"{version}"'
    return response
