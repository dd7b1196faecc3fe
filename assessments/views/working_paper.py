"""Kertas kerja: out as a workbook, back in with every row shown before anything is written."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.views._base import SignedIn, posted
from assessments import permissions
from assessments.errors import Refused
from assessments.export_files import xlsx_file
from assessments.models import Assessment, SheetDraft
from assessments.queries import working_paper as queries
from assessments.services import working_paper as services
from assessments.services.answers import TEXT_MAX
from assessments.views._base import allow, find_assessment, is_writer, rights
from assessments.working_paper import reading
from assessments.working_paper.writing import write
from spbe_portal import lists, sheets
from spbe_portal.formatting import count_id

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def working_paper(request: SignedIn, pk: int) -> HttpResponse:
    """Where the paper is fetched, and brought back: the file is looked at, nothing is written yet."""
    assessment = find_assessment(request, pk)
    mine = rights(request)
    allow(permissions.can_see_answers(mine, assessment))
    writes = is_writer(mine, assessment)
    if request.method == "POST":
        allow(writes)
    form = lists.SheetForm(posted(request), request.FILES if request.method == "POST" else None)
    if getattr(request, "too_large_files", []):  # dropped while it arrived
        form.fields["file"].error_messages["required"] = sheets.TOO_LARGE
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            brought = reading.read(file, file.name or "", file.size or 0)
            draft = services.keep(
                brought=brought, file_name=file.name or "kertas kerja", assessment=assessment, user=request.user
            )
        except sheets.Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("working_paper_review", assessment.pk, draft.pk)
    now = timezone.now()
    context = {
        "assessment": assessment,
        "form": form,
        "lock": queries.whole_lock(assessment, now),
        "is_writer": writes,
        "takes_files": writes and assessment.status in permissions.EDITABLE,
        "on_behalf": writes and permissions.acts_on_behalf(mine, assessment),
        "draft": services.draft_of(request.user, assessment) if writes else None,
    }
    return render(request, "assessments/working_paper.html", context)


@require_safe
def working_paper_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of this moment."""
    assessment = find_assessment(request, pk)
    mine = rights(request)
    allow(permissions.can_see_answers(mine, assessment))
    paper = queries.paper_of(assessment, mine, timezone.now(), TEXT_MAX)
    return xlsx_file(write(paper), queries.file_name(assessment))


@get_or_post
def working_paper_review(request: SignedIn, pk: int, draft_pk: int) -> HttpResponse:
    """Row by row what the paper would change; the button does exactly that. Of one that is gone it says so."""
    assessment = find_assessment(request, pk)
    mine = rights(request)
    allow(is_writer(mine, assessment))
    draft = _draft(request, assessment, draft_pk)
    if draft is None:
        messages.info(request, "Kertas kerja itu tidak ada lagi: sudah diterapkan, atau digantikan unggahan lain.")
        return redirect("working_paper", assessment.pk)
    status, taken = 200, set[str]()
    if request.method == "POST":
        taken = {name.removeprefix("ambil-") for name, value in request.POST.items() if value == "kertas"}
        try:
            applied = services.apply(
                draft=draft, user=request.user, seen=services.unpacked(request.POST.get("dilihat", "")), taken=taken
            )
        except Refused as refused:
            messages.error(request, refused.message)
            if not SheetDraft.objects.filter(pk=draft.pk).exists():
                return redirect("working_paper", assessment.pk)
            assessment.refresh_from_db()
            status = 409
        else:
            messages.success(request, told(applied))
            return redirect("sheet", assessment.pk)
    found = services.plan(draft, assessment, timezone.now())
    context = {
        "assessment": assessment,
        "draft": draft,
        "plan": found,
        "seen": services.packed(found.seen),
        "taken": taken,
        "on_behalf": permissions.acts_on_behalf(mine, assessment),
    }
    return render(request, "assessments/working_paper_review.html", context, status=status)


def told(applied: services.Applied) -> str:
    """What applying did, in a sentence or three."""
    parts = [f"Kertas kerja diterapkan: {count_id(applied.saved)} indikator tersimpan."]
    if applied.left:
        parts.append(f"{count_id(applied.left)} yang bertentangan dibiarkan seperti di portal.")
    if applied.wrong:
        parts.append(f"{count_id(applied.wrong)} baris bermasalah tidak disimpan.")
    return " ".join(parts)


def _draft(request: SignedIn, assessment: Assessment, pk: int) -> SheetDraft | None:
    """One's own. Another person's does not exist; one that is gone is None."""
    draft = services.draft_of(request.user, assessment, pk)
    if draft is None and SheetDraft.objects.filter(pk=pk).exclude(user=request.user).exists():
        raise Http404
    return draft
