"""What the loop's resources share: find among the visible, check; and how common things are shown."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request

from assessments import downloads, permissions, uploads
from assessments.errors import WrongState
from assessments.models import Assessment, DocumentVersion
from assessments.queries.review_queue import barrier
from assessments.services._base import require
from spbe_portal.api.base import ApiView

#: Larger numbers are nobody's key.
KEY_MAX = 2**63 - 1


class LoopView(ApiView):
    """A resource of one assessment."""

    def find(self, pk: int) -> Assessment:
        """The assessment, if this person may know of it (else 404), with `wrote`."""
        return get_object_or_404(Assessment.objects.found_by(self.rights), pk=pk)

    def find_to_read(self, pk: int) -> Assessment:
        """The same, where its answers and evidence may be read (else 403)."""
        found = self.find(pk)
        if not permissions.can_see_answers(self.rights, found):
            raise PermissionDenied("Jawaban dan bukti dapat dibaca setelah penilaian disetujui.")
        return found

    def find_to_write(self, pk: int) -> Assessment:
        """The same for who fills it in, whatever its state (else 403): state and time are the services' to check."""
        found = self.find(pk)
        require(permissions.may_write(self.rights, found))
        return found

    def find_to_review(self, pk: int) -> Assessment:
        """The same for who may review it in some state (else 403 with the reason)."""
        found = self.find(pk)
        if why_not := barrier(self.rights, found, wrote=found.wrote):  # type: ignore[attr-defined]
            raise PermissionDenied(why_not)
        return found


class TooLarge(APIException):
    """A file over the limit, which was not read to its end."""

    status_code = 413


def sent_file(request: Request) -> None:
    """Read what was sent. Raises `TooLarge` where a file was dropped while it arrived."""
    _ = request.data
    for name in getattr(request, "too_large_files", []):
        raise TooLarge(uploads.too_large(name).message)


def file_answer(request: Request, version: DocumentVersion, *, note: downloads.Note) -> HttpResponseBase:
    """The file of a version as an attachment, as pages give it (see `downloads`); refusals as the API words them."""
    if version.is_link:
        raise Http404
    if closed := downloads.why_closed(version):
        raise WrongState(closed[1])
    try:
        return downloads.version_file(request, version, note=note)
    except FileNotFoundError:
        raise NotFound(downloads.MISSING) from None


#: What a file's address may answer beside refusals.
FILE_ANSWERS: dict[int | tuple[int, str], Any] = {
    **{(200, kind): OpenApiTypes.BINARY for kind in uploads.TYPES.values()},
    **{(206, kind): OpenApiResponse(OpenApiTypes.BINARY, "Sebagian, sesuai Range") for kind in uploads.TYPES.values()},
    304: OpenApiResponse(description="Tidak berubah sejak ETag yang disebut"),
    416: OpenApiResponse(description="Range di luar berkas"),
}


class KeyField(forms.IntegerField):
    def __init__(self, **kwargs: Any):
        super().__init__(min_value=1, max_value=KEY_MAX, **kwargs)


@extend_schema_field(OpenApiTypes.INT)
class KeyFilter(django_filters.Filter):
    """By a key; what can be none is refused."""

    field_class = KeyField


class PeriodRef(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    year = serializers.IntegerField()
    status = serializers.CharField(help_text="draft, open, final, cancelled")
    instrument = serializers.CharField(source="instrument.code")


class ProblemShape(serializers.Serializer):
    """One thing that stands in the way; `indicator` is empty where it is of the whole."""

    code = serializers.CharField()
    indicator = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
