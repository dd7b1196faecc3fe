"""The sheet and the indicator page: reading, saving, replying."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import permissions, uploads, workflow
from assessments.errors import Invalid, Refused, Stale, TooLate
from assessments.forms.fill import NOT_RELEVANT, EvidenceForm, NewEvidenceForm, answer_changes, chosen, first_error
from assessments.models import Answer, Assessment, Evidence, Review, Status
from assessments.queries import breakdown as breakdown_queries
from assessments.queries import carry_over, followups
from assessments.queries import fill as queries
from assessments.queries import sheet as sheet_queries
from assessments.queries.answers import handed_in_for
from assessments.queries.content import pieces_of
from assessments.queries.quality import cautions_of
from assessments.queries.results import revisions_of, shown_status
from assessments.services import answers as services
from assessments.services import evidence as evidence_services
from assessments.services import uploads as upload_services
from assessments.services.answers import REASON_MAX, TEXT_MAX
from assessments.views._base import allow, find_assessment, is_writer, rights
from indicators.queries import LevelRow
from indicators.scoring import Score
from spbe_portal.formatting import clock_id, decimal_id, level_id
from spbe_portal.middleware import wants_json
from spbe_portal.templatetags.portal import state as state_tag

LEVELS = "level"  # stands for the digits of the instrument's levels
KEYS = [
    ("J  →", "Indikator berikutnya"),
    ("K  ←", "Indikator sebelumnya"),
    (LEVELS, "Pilih level"),
    ("F  A  B", "Ke fakta, analisis, bukti dukung"),
    ("Ctrl + Enter", "Simpan, lalu indikator berikutnya (juga selagi mengetik)"),
    ("L", "Kembali ke lembar penilaian"),
]


@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """All indicators of one assessment: the operator's task list, a reader's overview."""
    assessment = find_assessment(request, pk)
    mine = rights(request)
    shown = sheet_queries.sheet(assessment, mine)
    counts = shown.counts()
    wanted = request.GET.get("filter", "")
    if wanted not in {key for key, _, _ in counts}:
        wanted = "semua"
    is_editable = assessment.status in permissions.EDITABLE and is_writer(mine, assessment)
    now = timezone.now()
    revisions = revisions_of([assessment])[assessment.pk]
    return render(
        request,
        "assessments/sheet.html",
        {
            "assessment": assessment,
            "sheet": shown,
            "domains": shown.only(wanted),
            "chips": [
                chip
                for chip in counts
                if chip[0] in ("semua", wanted) or (chip[2] and (is_editable or chip[0] != "perlu-dilengkapi"))
            ],
            "wanted": wanted,
            "actions": workflow.actions(mine, assessment, wrote=assessment.wrote, now=now),
            "can_read": permissions.can_see_answers(mine, assessment),
            "can_review": permissions.may_review_agency(mine, assessment, wrote=assessment.wrote)
            and assessment.status not in (*permissions.EDITABLE, Status.CANCELLED),
            "is_editable": is_editable,
            "is_late": now >= assessment.due_at,
            "is_own": permissions.is_own(mine, assessment),
            "on_behalf": is_editable and permissions.acts_on_behalf(mine, assessment),
            "sees_history": permissions.can_see_history(mine, assessment),
            "revisions": revisions,
            "shown_status": shown_status(assessment, revisions),
            "for_agency": assessment.pk in handed_in_for([assessment]),
            "carry": _carry(assessment, now) if is_editable else None,
            "now": now,
        },
    )


def _carry(assessment: Assessment, now: datetime) -> carry_over.Overview | None:
    """Last year's answers and evidence, in a draft that may still be filled."""
    if not carry_over.can_start(assessment) or now >= assessment.due_at:
        return None
    return carry_over.overview(assessment, timezone.localdate(now))


@require_safe
def index_breakdown(request: HttpRequest, pk: int) -> HttpResponse:
    """The index row by row: level x weight."""
    assessment = find_assessment(request, pk)
    mine = rights(request)
    return render(
        request,
        "assessments/index_breakdown.html",
        {
            "assessment": assessment,
            "breakdown": breakdown_queries.breakdown(assessment, mine),
            "can_read": permissions.can_see_answers(mine, assessment),
        },
    )


@require_safe
def answer(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One indicator: to fill in, or to read. Scripts get what is stored now, as JSON."""
    assessment = find_assessment(request, pk)
    if wants_json(request):
        allow(permissions.can_see_answers(rights(request), assessment))
        return JsonResponse(answer_json(get_object_or_404(Answer, assessment=assessment, indicator__code=code)))
    return answer_page(request, assessment, code)


@require_http_methods(["GET", "HEAD", "POST"])
def answer_save(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Save what changed. Scripts get JSON; a form without script comes back to its page."""
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        return to_answer(request, assessment, code)
    if (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    try:
        version, changes = answer_changes(request)
        saved = services.save_answer(
            assessment_id=assessment.pk, code=code, user=request.user, version=version, changes=changes
        )
    except Answer.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return _refused(request, assessment, code, refusal)
    if wants_json(request):
        return JsonResponse(_saved_json(saved))
    messages.success(request, f"Indikator {code} tersimpan pukul {clock_id(saved.answer.changed_at)}.")
    codes = Answer.objects.filter(assessment=assessment).values_list("indicator__code", flat=True)
    following = request.POST.get("next")
    return redirect("answer", assessment.pk, following if following in set(codes) else code)


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The agency's answer to a return or an adjustment."""
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        return to_answer(request, assessment, code, "keputusan")
    if (other := other_person(request)) is not None:
        return other
    text = request.POST.get("reply", "")
    try:
        services.reply(assessment_id=assessment.pk, code=code, user=request.user, text=text)
    except Review.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        if wants_json(request):
            return refusal_json(refusal)
        status, error = (400, first_error(refusal.errors)) if isinstance(refusal, Invalid) else (409, refusal.message)
        return answer_page(request, assessment, code, status=status, reply_text=text, reply_error=error)
    if wants_json(request):
        return JsonResponse(_replied_json(request, assessment, code))
    messages.success(request, "Tanggapan terkirim. Verifikator membacanya saat memeriksa kembali.")
    return redirect("answer", assessment.pk, code)


def to_answer(request: HttpRequest, assessment: Assessment, code: str, anchor: str = "") -> HttpResponse:
    """To the indicator page: where an address that takes posts was opened, as after logging in again."""
    allow(permissions.can_see_answers(rights(request), assessment))
    return redirect(f"{reverse('answer', args=[assessment.pk, code])}{'#' if anchor else ''}{anchor}")


def answer_page(
    request: HttpRequest,
    assessment: Assessment,
    code: str,
    *,
    status: int = 200,
    refusal: Refused | None = None,
    typed: dict[str, str] | None = None,
    reply_text: str = "",
    reply_error: str = "",
    new_evidence: NewEvidenceForm | None = None,
    edited: tuple[int, EvidenceForm] | None = None,
    url_error: str = "",
) -> HttpResponse:
    """The indicator page, also with what could not be saved: nothing typed is lost."""
    mine = rights(request)
    if not permissions.can_see_answers(mine, assessment):
        raise PermissionDenied("Jawaban dan bukti dapat dibaca setelah penilaian disetujui.")
    now = timezone.now()
    try:
        page = queries.answer_page(assessment, code, mine, now)
    except Answer.DoesNotExist:
        raise Http404 from None
    writes = is_writer(mine, assessment)
    evidence_services.requeue_stuck([evidence.version for evidence in page.evidence])
    theirs = refusal.current if isinstance(refusal, Stale) else None
    stored = {**typed_of(page.answer), "value": typed_level(page.answer)}
    values = typed or stored
    context = {
        "assessment": assessment,
        "page": page,
        "answer": page.answer,
        "values": values,
        "steps": _steps(page, (values if writes and not page.lock else stored)["choice"]),
        "stored": stored,
        "instrument": assessment.period.instrument,
        "is_fractional": assessment.period.instrument.is_fractional,
        "typed": typed,
        "theirs": theirs,
        "their_choice": _choice_text(page, theirs) if theirs else "",
        "refusal": refusal,
        "errors": refusal.errors if isinstance(refusal, Invalid) else {},
        "is_editable": writes and not page.lock,
        "is_writer": writes,
        "on_behalf": writes and not page.lock and permissions.acts_on_behalf(mine, assessment),
        "sees_history": permissions.can_see_history(mine, assessment),
        "for_agency": "Bagi OPD Anda" if permissions.is_own(mine, assessment) else "Bagi OPD",
        "next_gap": queries.next_gap_of(assessment, code) if writes and not page.lock else None,
        "reply_text": reply_text,
        "reply_error": reply_error,
        "url_error": url_error,
        "keys": _keys(assessment, can_write=writes and not page.lock),
        "not_relevant": NOT_RELEVANT,
        "follow_ups": followups.beside(assessment.agency_id, page.answer.indicator, assessment.period),
        "text_max": TEXT_MAX,
        "reason_max": REASON_MAX,
        **evidence_context(assessment, page, new_evidence, edited),
    }
    return render(request, "assessments/answer.html", context, status=status)


def evidence_context(
    assessment: Assessment,
    page: queries.AnswerPage,
    new_evidence: NewEvidenceForm | None = None,
    edited: tuple[int, EvidenceForm] | None = None,
) -> dict[str, Any]:
    """What the evidence part of the page needs, also when it is rendered alone."""
    ladder = page.content.ladder
    forms = {
        evidence.pk: EvidenceForm(
            initial=_described(evidence),
            prefix=f"b{evidence.pk}",
            ladder=ladder,
        )
        for evidence in page.evidence
    }
    if edited:
        forms[edited[0]] = edited[1]
    found = cautions_of(assessment, page.evidence)
    for evidence in page.evidence:
        evidence.cautions = found[evidence.pk]  # type: ignore[attr-defined]
    return {
        "pieces": [
            (evidence, forms[evidence.pk], bool(edited and edited[0] == evidence.pk)) for evidence in page.evidence
        ],
        "new_evidence": new_evidence or NewEvidenceForm(ladder=ladder, prefix="baru"),
        "accept": uploads.ACCEPT,
        "max_bytes": uploads.max_bytes(),
        "in_parts": upload_services.IN_PARTS_ABOVE,
        "types_text": uploads.TYPES_TEXT,
        "room": evidence_services.MAX_PER_ANSWER - len(page.evidence),
    }


def _keys(assessment: Assessment, *, can_write: bool) -> list[tuple[str, str]]:
    keys = [key for key in KEYS if can_write or key[0] not in (LEVELS, "Ctrl + Enter")]
    digits = assessment.period.instrument.level_keys
    return [(digits if key == LEVELS else key, text) for key, text in keys]


def typed_of(answer: Answer) -> dict[str, str]:
    """The stored answer as its form has it."""
    choice = NOT_RELEVANT if answer.not_applicable else "" if answer.self_level is None else str(answer.self_level)
    return {
        "choice": choice,
        "fact": answer.fact,
        "analysis": answer.analysis,
        "not_applicable_reason": answer.not_applicable_reason,
        "version": str(answer.version),
    }


def typed_level(answer: Answer) -> str:
    """The stored level as one types it: "1,26", or empty."""
    return "" if answer.self_level is None else level_id(answer.self_level)


def answer_json(answer: Answer) -> dict[str, Any]:
    """The stored answer for a script that has to show it beside another."""
    return {
        **typed_of(answer),
        "version": answer.version,
        "changed_by": str(answer.changed_by) if answer.changed_by else "",
        "changed_by_id": answer.changed_by_id,
        "changed_at": clock_id(answer.changed_at),
    }


def refusal_json(refusal: Refused) -> JsonResponse:
    """A refused change for a script: 400 for values, 409 for state, time and versions."""
    if isinstance(refusal, Invalid):
        return JsonResponse(
            {"detail": first_error(refusal.errors), "code": "invalid", "errors": refusal.errors}, status=400
        )
    if isinstance(refusal, Stale):
        return JsonResponse(
            {"detail": refusal.message, "code": "stale", "current": answer_json(refusal.current)}, status=409
        )
    return JsonResponse(
        {"detail": refusal.message, "code": "late" if isinstance(refusal, TooLate) else "locked"}, status=409
    )


def other_person(request: HttpRequest) -> JsonResponse | None:
    """A refusal where the page was opened by somebody else than the one logged in now in the same browser."""
    opened_by = request.headers.get("X-Portal-User", "")
    if not opened_by or opened_by == str(request.user.pk):
        return None
    return JsonResponse(
        {
            "detail": f"Peramban ini sekarang masuk sebagai {request.user}, bukan pengguna yang membuka halaman ini. "
            "Masuk kembali dengan akun semula agar isian ini terkirim.",
            "code": "other_user",
        },
        status=401,
    )


def _refused(request: HttpRequest, assessment: Assessment, code: str, refusal: Refused) -> HttpResponse:
    if wants_json(request):
        return refusal_json(refusal)
    assessment.refresh_from_db()
    typed = {name: request.POST.get(name, "") for name in ("value", "fact", "analysis", "not_applicable_reason")}
    typed["choice"] = chosen(request.POST) or ""
    return answer_page(
        request,
        assessment,
        code,
        status=400 if isinstance(refusal, Invalid) else 409,
        refusal=refusal,
        typed={**typed, "version": request.POST.get("version", "")},
    )


def _saved_json(saved: services.Saved) -> dict[str, Any]:
    answer, assessment = saved.answer, saved.assessment
    review = Review.objects.filter(answer=answer, is_current=True).first()
    pieces = pieces_of(Evidence.objects.filter(answer=answer)).get(answer.pk, [])
    gaps = queries.gaps_of(assessment, answer, review, pieces)
    state = sheet_queries.state_of(assessment, answer, review, gaps)
    return {
        "version": answer.version,
        "saved_at": clock_id(answer.changed_at or timezone.now()),
        "changed": saved.changed,
        **_figures(saved.score),
        "state": state.text,
        "state_html": state_tag(state.text, state.icon, state.kind),
        "gaps": list(gaps),
        "gap_text": queries.gap_text(gaps),
        "next_html": next_gap_html(assessment, answer.indicator.code),
    }


def next_gap_html(assessment: Assessment, code: str) -> str:
    """The link to what is still to be done, for a script that changed something."""
    context = {"assessment": assessment, "next_gap": queries.next_gap_of(assessment, code)}
    return render_to_string("assessments/_next_gap.html", context)


def _replied_json(request: HttpRequest, assessment: Assessment, code: str) -> dict[str, Any]:
    assessment.refresh_from_db()
    page = queries.answer_page(assessment, code, rights(request), timezone.now())
    return {
        "html": render_to_string("assessments/_reply.html", {"review": page.review}, request),
        "next_html": next_gap_html(assessment, code),
        "state_html": state_tag(page.state.text, page.state.icon, page.state.kind),
        "gap_text": page.gap_text,
    }


def _figures(score: Score) -> dict[str, Any]:
    return {
        "index": decimal_id(score.index),
        "predicate": score.predicate or "",
        "coverage": {"answered": score.answered, "assigned": score.assigned},
    }


def _choice_text(page: queries.AnswerPage, answer: Answer) -> str:
    if answer.not_applicable:
        return "Tidak relevan"
    if answer.self_level is None:
        return "Belum dipilih"
    name = next((row.name for row in page.content.ladder if row.level == answer.self_level), "")
    return f"{level_id(answer.self_level)} {name}".strip()


def _steps(page: queries.AnswerPage, choice: str) -> list[tuple[LevelRow, str, str]]:
    """Each step of the ladder with its form value and how the chosen one marks it."""
    ladder = page.content.ladder
    return [(row, str(row.level), mark) for row, mark in zip(ladder, marks(ladder, choice), strict=True)]


def marks(ladder: tuple[LevelRow, ...], choice: str | Decimal | int | None) -> list[str]:
    """How each step is marked by what is chosen: a level, or a fraction between two of them."""
    try:
        level = Decimal(choice) if choice not in ("", None) else None
    except InvalidOperation:
        level = None
    if level is None or level.is_nan():
        return ["" for _ in ladder]
    higher = next((row.level for row in ladder if row.level > level), None)
    return [
        "is-met"
        if row.level < level
        else "is-chosen"
        if row.level == level
        else "is-next"
        if row.level == higher
        else ""
        for row in ladder
    ]


def _described(evidence: Evidence) -> dict[str, Any]:
    document = evidence.version.document
    return {
        "title": document.title,
        "number": document.number,
        "date": document.date,
        "kind": document.kind,
        "pages": evidence.pages,
        "level": "" if evidence.level is None else str(evidence.level),
    }
