"""Handing in and taking back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assessments import permissions, workflow
from assessments.errors import NotReady, Refused
from assessments.models import Assessment, Status
from assessments.queries import sheet as queries
from assessments.queries.quality import doubts_of
from assessments.queries.readiness import GAPS
from assessments.views._base import allow, find_assessment, is_writer, rights
from assessments.views.fill import other_person
from spbe_portal.formatting import datetime_id

#: Where on the indicator page each kind of gap is mended.
PLACES = {
    "unanswered": "tangga",
    "no_explanation": "fakta",
    "no_evidence": "bukti",
    "infected": "bukti",
    "no_reason": "alasan",
    "untouched": "keputusan",
}


@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Check before sending: what is handed in, what is missing, what happens next."""
    assessment = _writable(request, pk)
    if (other := other_person(request)) is not None:
        return other
    if assessment.status not in permissions.EDITABLE:
        messages.info(request, _not_now(assessment))
        return redirect("sheet", assessment.pk)
    refused = ""
    if request.method == "POST":
        try:
            workflow.submit(assessment_id=assessment.pk, user=request.user)
        except NotReady:
            assessment.refresh_from_db()
        except Refused as refusal:
            refused = refusal.message
            assessment.refresh_from_db()
        else:
            messages.success(
                request, f"Penilaian {assessment.agency} diajukan. Isian terkunci dan menunggu verifikasi."
            )
            return redirect("sheet", assessment.pk)
    mine = rights(request)
    now = timezone.now()
    shown = queries.sheet(assessment, mine)
    returned = [row for row in shown.rows if row.is_returned]
    context = {
        "assessment": assessment,
        "sheet": shown,
        "returned": len(returned),
        "mended": sum("untouched" not in row.gaps for row in returned),
        "groups": _groups(shown),
        "doubts": doubts_of(assessment),
        "is_late": now >= assessment.due_at,
        "refused": refused,
        "was_refused": request.method == "POST",
        "on_behalf": permissions.acts_on_behalf(mine, assessment),
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "assessments/submit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the hand-in back."""
    assessment = _writable(request, pk)
    if (other := other_person(request)) is not None:
        return other
    if request.method == "POST":
        try:
            workflow.withdraw(assessment_id=assessment.pk, user=request.user)
        except Refused as refusal:
            messages.warning(request, refusal.message)
        else:
            messages.success(
                request,
                "Pengajuan ditarik kembali dan isian terbuka lagi. Ajukan ulang paling lambat "
                f"{datetime_id(assessment.due_at)}.",
            )
        return redirect("sheet", assessment.pk)
    possible = workflow.actions(rights(request), assessment, wrote=assessment.wrote, now=timezone.now())
    if "withdraw" not in possible:
        messages.info(
            request, "Pengajuan tidak dapat ditarik kembali: verifikasi sudah dimulai atau batas waktu lewat."
        )
        return redirect("sheet", assessment.pk)
    return render(request, "assessments/withdraw.html", {"assessment": assessment})


def _groups(shown: queries.Sheet) -> list[tuple[str, str, str, list[queries.Row]]]:
    """What is missing, kind by kind: title, what to do, where on the page, the indicators in order."""
    found = [
        (text.title, text.advice, PLACES[kind], [row for row in shown.rows if kind in row.gaps])
        for kind, text in GAPS.items()
    ]
    return [group for group in found if group[3]]


def _writable(request: HttpRequest, pk: int) -> Assessment:
    assessment = find_assessment(request, pk)
    allow(is_writer(rights(request), assessment))
    return assessment


def _not_now(assessment: Assessment) -> str:
    if assessment.status == Status.SUBMITTED and assessment.was_handed_in:
        by = f" oleh {assessment.submitted_by}" if assessment.submitted_by else ""
        return f"Penilaian ini sudah diajukan pada {datetime_id(assessment.submitted_at)}{by}. Tidak ada yang berubah."
    return f"Penilaian ini berstatus {assessment.get_status_display()}. Tidak ada yang berubah."
