"""Where applications overlap, and which are candidates for consolidation."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Refused
from accounts.views._base import explain
from inventory import permissions, queries, services
from inventory.forms import CandidateForm
from inventory.models import Category
from inventory.views._base import allow, find_application, rights

GROUPS_A_PAGE = 20


@require_safe
def application_overlaps(request: HttpRequest) -> HttpResponse:
    """Groups of likely overlaps, idle applications, and running ones that nobody answers for."""
    mine = rights(request)
    allow(permissions.can_see_all(mine))
    chosen = request.GET.get("kategori", "")
    chosen = chosen if chosen in Category.values else ""
    found = queries.overlaps_of(mine, chosen)
    context = {
        "found": found,
        "page": Paginator(found.groups, GROUPS_A_PAGE).get_page(request.GET.get("halaman")),
        "categories": Category.choices,
        "chosen": chosen,
        "can_mark": permissions.can_mark(mine),
    }
    return render(request, "inventory/application_overlaps.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def application_mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a candidate, change its note, or take the mark away (`act=unmark`)."""
    shown = find_application(request, pk)
    allow(permissions.can_mark(rights(request)))
    unmark = request.POST.get("act") == "unmark"
    form = CandidateForm(request.POST if request.method == "POST" else None, initial={"note": shown.candidate_note})
    if request.method == "POST" and (unmark or form.is_valid()):
        try:
            services.mark_candidate(
                actor=request.user,
                application_id=pk,
                is_candidate=not unmark,
                note="" if unmark else form.cleaned_data["note"],
            )
        except Refused as refused:
            explain(form, refused)
        else:
            said = "tidak lagi ditandai" if unmark else "ditandai"
            messages.success(request, f"{shown.name} {said} sebagai calon konsolidasi.")
            return redirect("application", pk)
    return render(request, "inventory/application_mark.html", {"application": shown, "form": form})
