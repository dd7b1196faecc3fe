"""The first steps of every page of applications: find among the visible, check."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.permissions import Rights, rights_of
from inventory.models import Application


def rights(request: HttpRequest) -> Rights:
    return rights_of(request.user)


def find_application(request: HttpRequest, pk: int) -> Application:
    """The application, if this person may know of it (else 404), with its agency."""
    visible = Application.objects.visible_to(rights(request))
    return get_object_or_404(visible.select_related("agency", "changed_by", "candidate_by"), pk=pk)


def allow(allowed: bool) -> None:
    """Visible but not allowed is 403."""
    if not allowed:
        raise PermissionDenied
