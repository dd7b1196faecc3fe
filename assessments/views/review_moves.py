"""Ending a review: return the marked indicators, or approve the whole."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assessments import workflow
from assessments.calendar import end_of_working_day
from assessments.errors import Invalid, NotReady, Refused, Stale
from assessments.forms.review import ApproveForm, ReturnForm
from assessments.models import Assessment, Period, Status
from assessments.queries import review as queries
from assessments.views.review import find_for_review
from spbe_portal.formatting import datetime_id


@require_http_methods(["GET", "HEAD", "POST"])
def return_assessment(request: HttpRequest, pk: int) -> HttpResponse:
    assessment = find_for_review(request, pk)
    if request.method != "POST":
        return _closed(request, assessment, "dikembalikan") or _return_page(request, assessment)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _closed(request, assessment, "dikembalikan") or _return_page(request, assessment, form, status=422)
    try:
        returned = workflow.return_assessment(assessment_id=pk, user=request.user, **form.cleaned_data)
    except Invalid as refusal:
        for name, message in refusal.errors.items():
            form.add_error(name if name in form.fields else None, message)
        return _return_page(request, assessment, form, status=422)
    except (Stale, NotReady) as refusal:
        assessment.refresh_from_db()
        messages.warning(request, refusal.message)
        return _return_page(request, assessment, form, status=409)
    except Refused as refusal:
        return _not_now(request, assessment, "dikembalikan", refusal)
    messages.success(
        request,
        f"{returned.returned_count} indikator dikembalikan ke {returned.agency}. "
        f"Batas waktu perbaikan {datetime_id(returned.mend_by)}.",
    )
    return redirect("review_overview", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    assessment = find_for_review(request, pk)
    if request.method != "POST":
        return _closed(request, assessment, "disetujui") or _approve_page(request, assessment)
    form = ApproveForm(request.POST)
    if not form.is_valid():
        return _closed(request, assessment, "disetujui") or _approve_page(request, assessment, status=422)
    try:
        approved = workflow.approve(assessment_id=pk, user=request.user, **form.cleaned_data)
    except NotReady as refusal:
        assessment.refresh_from_db()
        return _approve_page(request, assessment, status=409, refusal=refusal.message)
    except Stale as stale:
        assessment.refresh_from_db()
        messages.warning(request, stale.message)
        return _approve_page(request, assessment, status=409)
    except Refused as refusal:
        return _not_now(request, assessment, "disetujui", refusal)
    messages.success(request, f"Penilaian {approved.agency} disetujui. Nilai verifikasinya kini dapat dibaca OPD.")
    return redirect("review_overview", pk)


def _closed(request: HttpRequest, assessment: Assessment, act: str) -> HttpResponse | None:
    """Where to go when the assessment is not under review: the overview, which says what it is now."""
    if assessment.period.status != Period.Status.OPEN:
        messages.error(request, "Periode penilaian ini sudah ditutup, jadi isinya tidak dapat diubah lagi.")
        return redirect("review_overview", assessment.pk)
    if assessment.status == Status.SUBMITTED:
        return None
    status = assessment.get_status_display()
    if status.lower() == act:
        messages.info(request, f"Penilaian ini sudah {act}. Di bawah ini keadaan terbaru.")
    else:
        messages.error(request, f"Penilaian {assessment.agency} berstatus {status}, jadi tidak dapat {act}.")
    return redirect("review_overview", assessment.pk)


def _not_now(request: HttpRequest, assessment: Assessment, act: str, refusal: Refused) -> HttpResponse:
    """After a move that was refused because of what the assessment is by now."""
    assessment.refresh_from_db()
    if (elsewhere := _closed(request, assessment, act)) is not None:
        return elsewhere
    messages.error(request, refusal.message)
    return redirect("review_overview", assessment.pk)


def _return_page(
    request: HttpRequest, assessment: Assessment, form: ReturnForm | None = None, *, status: int = 200
) -> HttpResponse:
    shown = queries.overview(assessment)
    if form is None:
        due = end_of_working_day(timezone.now(), assessment.period.mend_days, timezone.get_default_timezone())
        form = ReturnForm(initial={"mend_by": due, "revision": assessment.revision})
    elif form.is_bound:
        form.data = {**form.data.dict(), "revision": assessment.revision}
    return render(
        request,
        "assessments/review_return.html",
        {"assessment": assessment, "overview": shown, "form": form},
        status=status,
    )


def _approve_page(
    request: HttpRequest, assessment: Assessment, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    return render(
        request,
        "assessments/review_approve.html",
        {
            "assessment": assessment,
            "overview": queries.overview(assessment),
            "refusal": refusal,
            "form": ApproveForm(initial={"revision": assessment.revision}),
        },
        status=status,
    )
