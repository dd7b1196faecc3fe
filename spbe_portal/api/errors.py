"""Every refusal of the API as JSON: `{detail}` or `{field: [..]}`, in Indonesian, with the status that fits.

400 for values, 403 for rights, 404 for what the person may not know of, 409 for state, time, versions and what is
not ready. The functions underneath raise the same exceptions for pages and API.
"""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts import errors as people
from assessments import errors as loop

NOT_FOUND = "Tidak ditemukan."
FORBIDDEN = "Anda tidak berhak melakukan ini."


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to `exc`; None for a fault of ours, which the server's own handler answers."""
    if isinstance(exc, loop.Invalid | people.Invalid):
        return Response({field: [message] for field, message in exc.errors.items()}, status=400)
    if isinstance(exc, loop.Stale | people.Stale):
        present = getattr(context.get("view"), "present", None)
        current = present(exc.current) if present and exc.current is not None else None
        return Response({"detail": exc.message, "current": current}, status=409)
    if isinstance(exc, loop.NotReady):
        problems = [{"code": p.code, "indicator": p.indicator, "message": p.message} for p in exc.problems]
        return Response({"detail": exc.message, "problems": problems}, status=409)
    if isinstance(exc, people.InTheWay):
        problems = [{"code": "in_the_way", "indicator": "", "message": each.text} for each in exc.obstacles]
        return Response({"detail": exc.message, "problems": problems}, status=409)
    if isinstance(exc, loop.Refused | people.Refused):
        return Response({"detail": exc.message}, status=409)
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        exc = exceptions.NotFound(NOT_FOUND)
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied(str(exc) or FORBIDDEN)
    return exception_handler(exc, context)
