"""The first two steps of every view: find among the visible, check. And the files that came with a request."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.permissions import Rights, rights_of
from assessments import permissions, uploads
from assessments.models import Assessment
from assessments.services import uploads as upload_services
from assessments.services.uploads import Whole


def rights(request: HttpRequest) -> Rights:
    return rights_of(request.user)


def find_assessment(request: HttpRequest, pk: int) -> Assessment:
    """The assessment, if this person may know of it (else 404), with `wrote` (see `with_wrote`)."""
    return get_object_or_404(Assessment.objects.found_by(rights(request)), pk=pk)


def is_writer(mine: Rights, assessment: Assessment) -> bool:
    """Whether this person fills in the assessment at all, whatever its state."""
    return permissions.may_write(mine, assessment)


def number(text: str | None) -> int:
    """A number that came as text, of reasonable length; 0 for anything else, which is nobody's key."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def allow(allowed: bool) -> None:
    """Visible but not allowed is 403."""
    if not allowed:
        raise PermissionDenied


def files_of(request: HttpRequest, agency_id: int) -> Iterator[AbstractContextManager[Whole]]:
    """The files of a POST, then those that arrived in parts before (`upload`), each to be opened by `with`.

    What opening and refusing one of the latter does is told at `services.uploads.take`.
    """
    for file in request.FILES.getlist("file"):
        yield nullcontext(Whole(file, file.name or ""))
    for key in request.POST.getlist("upload")[: uploads.FILES_PER_REQUEST]:
        yield upload_services.take(key=key, user=request.user, agency_id=agency_id)
