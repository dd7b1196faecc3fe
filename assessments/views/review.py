"""The overview of one assessment under review, and the page on which an answer is decided."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from assessments import permissions
from assessments.errors import Invalid, Refused, Stale
from assessments.forms.review import ADJUST_TEMPLATES, NOTE_TEMPLATES, DecisionForm
from assessments.models import Answer, Assessment, DecisionKind, Evidence, ReturnReason, Review, Status
from assessments.models.assessments import HANDED_IN
from assessments.queries import external, followups
from assessments.queries import review as queries
from assessments.queries.answers import handed_in_for
from assessments.queries.results import revisions_of, shown_status
from assessments.queries.review_queue import barrier
from assessments.services import evidence as evidence_services
from assessments.services import reviews as services
from assessments.views._base import find_assessment, rights
from spbe_portal.formatting import level_id

LEVELS = "level"  # stands for the digits of the instrument's levels
KEYS = [
    ("A", "Terima, simpan, dan buka indikator berikutnya"),
    ("S", "Sesuaikan level"),
    (LEVELS, "Sesuaikan ke level itu; setelah K: pilih alasan"),
    ("K", "Kembalikan untuk diperbaiki"),
    ("/", "Tulis catatan"),
    ("Ctrl + Enter", "Simpan keputusan (juga selagi mengetik)"),
    ("N  P", "Indikator berikutnya, sebelumnya"),
    ("B  V", "Bukti berikutnya, sebelumnya"),
    ("Z", "Perbesar bukti"),
]


def find_for_review(request: HttpRequest, pk: int) -> Assessment:
    """The assessment, if this person may review it in some state: else 404 or 403 with the reason."""
    assessment = find_assessment(request, pk)
    why_not = barrier(rights(request), assessment, wrote=assessment.wrote)
    if why_not:
        raise PermissionDenied(why_not)
    return assessment


def not_handed_in(request: HttpRequest, assessment: Assessment) -> HttpResponse | None:
    """Where a coordinator goes who asks for the review of what the agency still has, or gave up."""
    if assessment.status in HANDED_IN:
        return None
    messages.info(
        request,
        f"Penilaian {assessment.agency} berstatus {assessment.get_status_display()}, jadi belum dapat diverifikasi.",
    )
    return redirect("review_queue")


@require_safe
def review_overview(request: HttpRequest, pk: int) -> HttpResponse:
    assessment = find_for_review(request, pk)
    elsewhere = not_handed_in(request, assessment)
    if elsewhere:
        return elsewhere
    shown = queries.overview(assessment)
    revisions = revisions_of([assessment])[assessment.pk] if assessment.status == Status.FINAL else []
    badge = shown_status(assessment, revisions)
    wanted = request.GET.get("saring", "")
    if wanted not in queries.FILTERS:
        wanted = "semua"
    chips = [(name, label, sum(keep(row) for row in shown.rows)) for name, (label, keep) in queries.FILTERS.items()]
    return render(
        request,
        "assessments/review_overview.html",
        {
            "assessment": assessment,
            "overview": shown,
            "domains": shown.only(wanted),
            "chips": [chip for chip in chips if chip[2] or chip[0] in ("semua", "belum", wanted)],
            "wanted": wanted,
            "is_provisional": assessment.status in (Status.SUBMITTED, Status.RETURNED),
            "shown_status": badge,
            "unfinished_reason": revisions[0].reason if badge == "unfinished" else "",
            "for_agency": assessment.pk in handed_in_for([assessment]),
            "can_decide": permissions.can_review(rights(request), assessment, wrote=assessment.wrote),
            "next": shown.undecided[0].indicator if shown.undecided else None,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    assessment = find_for_review(request, pk)
    elsewhere = not_handed_in(request, assessment) if request.method != "POST" else None
    if elsewhere:
        return elsewhere
    if request.method == "POST":
        return _decide(request, assessment, code)
    if "bukti" in request.GET and request.htmx:
        return _evidence(request, assessment, code)
    return _page(request, assessment, code)


def _decide(request: HttpRequest, assessment: Assessment, code: str) -> HttpResponse:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, assessment, code, form=form, status=422)
    try:
        decided = services.decide(assessment_id=assessment.pk, code=code, user=request.user, **form.values())
    except Answer.DoesNotExist:
        raise Http404 from None
    except Invalid as refusal:
        form.refuse(refusal)
        return _page(request, assessment, code, form=form, status=422)
    except Stale as stale:
        return _page(request, assessment, code, form=form, stale=stale, status=409)
    except Refused as refusal:
        assessment.refresh_from_db()
        return _page(request, assessment, code, form=form, refusal=refusal.message, status=409)
    messages.success(request, _said(assessment, code, decided))
    following = queries.place_of(assessment, code).next_undecided
    if following:
        # The work itself at the top of the window, without the portal's head.
        return redirect(f"{reverse('review', args=[assessment.pk, following])}#isi")
    return redirect("review_overview", assessment.pk)


def _said(assessment: Assessment, code: str, decided: Review) -> str:
    what = {
        DecisionKind.ACCEPT: f"diterima di level {level_id(decided.verified_level)}"
        if decided.verified_level is not None
        else "diterima sebagai tidak relevan",
        DecisionKind.ADJUST: f"disesuaikan ke level {level_id(decided.verified_level)}",
        DecisionKind.RETURN: "ditandai untuk dikembalikan",
    }[DecisionKind(decided.decision)]
    back = reverse("review", args=[assessment.pk, code])
    return format_html('Indikator {} {}. <a href="{}">Ubah keputusan</a>', code, what, back)


def _page(
    request: HttpRequest,
    assessment: Assessment,
    code: str,
    *,
    form: DecisionForm | None = None,
    stale: Stale | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    try:
        shown = queries.review_page(assessment, code)
    except Answer.DoesNotExist:
        raise Http404 from None
    evidence_services.requeue_stuck([item.version for item in shown.evidence])
    can_decide = permissions.can_review(rights(request), assessment, wrote=assessment.wrote)
    return render(
        request,
        "assessments/review.html",
        {
            "assessment": assessment,
            "shown": shown,
            "answer": shown.answer,
            "indicator": shown.indicator,
            "current": shown.current,
            "place": shown.place,
            "choice": _choice(shown, form),
            "form": form,
            "stale": stale,
            "refusal": refusal,
            "can_decide": can_decide,
            "is_submitted": assessment.status == Status.SUBMITTED,
            "instrument": assessment.period.instrument,
            "is_fractional": assessment.period.instrument.is_fractional,
            "reasons": [
                (number, value, label, NOTE_TEMPLATES[value])
                for number, (value, label) in enumerate(ReturnReason.choices, start=1)
            ],
            "adjust_templates": ADJUST_TEMPLATES,
            "keys": [(assessment.period.instrument.level_keys if key == LEVELS else key, text) for key, text in KEYS],
            "outside": external.hint(shown.answer.indicator, assessment.period),
            "follow_ups": followups.beside(assessment.agency_id, shown.answer.indicator, assessment.period),
        },
        status=status,
    )


def _choice(shown: queries.ReviewPage, form: DecisionForm | None) -> dict[str, Any]:
    """What the decision form shows: what was typed, else what is decided, else nothing.

    `version` is always that of the decision shown on this page: whoever saves again has seen it.
    """
    current = shown.current
    seen = current.version if current else ""
    if form is not None:
        names = ("verified_level", "reason", "note", "note_loaded", "note_of")
        typed = {name: form[name].value() or "" for name in names}
        if form.is_note_of_another_kind():
            typed |= {"note": "", "note_loaded": "", "note_of": ""}
        return {**typed, "decision": form.kind(), "level": typed["verified_level"], "version": seen}
    if current is None:
        return {"decision": "", "level": "", "reason": "", "note": "", "version": ""}
    level = "" if current.verified_level is None else level_id(current.verified_level)
    return {
        "decision": current.decision,
        "level": level,
        "reason": current.reason,
        "note": current.note,
        "note_loaded": current.note,
        "note_of": current.decision if current.note else "",
        "version": seen,
    }


def _evidence(request: HttpRequest, assessment: Assessment, code: str) -> HttpResponse:
    """One piece of evidence again, while its pictures are being made; `coba` counts the tries."""
    try:
        pk, tries = int(request.GET["bukti"]), int(request.GET.get("coba", "0"))
        found = queries.evidence_view(assessment, code, pk)
    except (ValueError, OverflowError, Evidence.DoesNotExist):
        raise Http404 from None
    context = {"assessment": assessment, "code": code, "item": found, "tries": tries + 1}
    return render(request, "assessments/_review_evidence.html", context)
