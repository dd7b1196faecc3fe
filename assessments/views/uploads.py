"""Files that arrive in parts. Spoken by a script only; without one a form brings the file whole."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Agency
from assessments import permissions
from assessments.errors import Invalid, Refused, Stale
from assessments.models import Answer, Upload
from assessments.services import evidence
from assessments.services import uploads as services
from assessments.views._base import allow, find_assessment, is_writer, number, rights
from assessments.views.fill import other_person


@require_POST
def upload_begin(request: HttpRequest) -> HttpResponse:
    """Announce a file: `name`, `size`, and `agency`, or `assessment` and `code`. 201 with where its parts go."""
    if (other := other_person(request)) is not None:
        return other
    try:
        upload = services.begin(
            user=request.user,
            agency_id=_agency_id(request),
            name=request.POST.get("name", ""),
            size=number(request.POST.get("size")),
        )
    except Refused as refusal:
        return _refused(refusal)
    return JsonResponse(_described(upload), status=201)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """GET: how much is there. POST: the part that begins at `?offset=`, as the whole body.

    409 says in `received` where to go on.
    """
    if (other := other_person(request)) is not None:
        return other
    try:
        if request.method != "POST":
            return JsonResponse(_described(services.find(key=key, user=request.user)))
        announced = number(request.META.get("CONTENT_LENGTH"))
        if announced > services.PART_MAX_BYTES:
            return JsonResponse({"detail": "Bagian berkas ini terlalu besar."}, status=413)
        part = request.body
        if len(part) != announced:
            return JsonResponse({"detail": "Bagian berkas ini tidak sampai dengan utuh. Kirim lagi."}, status=400)
        done = services.add_part(key=key, user=request.user, offset=_offset(request), part=part)
    except Upload.DoesNotExist:
        return _gone()
    except Refused as refusal:
        return _refused(refusal)
    return JsonResponse(_described(done))


@require_POST
def upload_cancel(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Give it up; what had arrived is removed."""
    if (other := other_person(request)) is not None:
        return other
    try:
        services.give_up(key=key, user=request.user)
    except Upload.DoesNotExist:
        return _gone()
    return HttpResponse(status=204)


def _agency_id(request: HttpRequest) -> int:
    """For whom the file is: 404 where this person may not see it, 403 where they may not write there."""
    if "assessment" in request.POST:
        assessment = find_assessment(request, number(request.POST["assessment"]))
        allow(is_writer(rights(request), assessment))
        try:
            evidence.require_room(assessment_id=assessment.pk, code=request.POST.get("code", ""), user=request.user)
        except Answer.DoesNotExist:
            raise Http404 from None
        return assessment.agency_id
    agency = Agency.objects.filter(pk=number(request.POST.get("agency"))).first()
    if agency is None or not permissions.can_see_library(rights(request), agency.pk):
        raise Http404
    return agency.pk


def _offset(request: HttpRequest) -> int:
    """Where the part begins; a value that is none is after every end."""
    text = request.GET.get("offset", "")
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        raise Invalid({"part": "Letak bagian berkas ini tidak dikenal."})
    return int(text)


def _described(upload: Upload) -> dict[str, Any]:
    return {
        "key": str(upload.key),
        "url": reverse("upload", args=[upload.key]),
        "name": upload.name,
        "size": upload.size,
        "received": upload.received,
        "part_size": services.PART_BYTES,
    }


def _gone() -> JsonResponse:
    return JsonResponse({"detail": services.GONE, "code": "gone"}, status=404)


def _refused(refusal: Refused) -> JsonResponse:
    if isinstance(refusal, Stale):
        return JsonResponse({**_described(refusal.current), "detail": refusal.message, "code": "offset"}, status=409)
    return JsonResponse({"detail": refusal.message}, status=400 if isinstance(refusal, Invalid) else 409)
