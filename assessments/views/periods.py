"""The coordinator's pages: periods, their progress, and the moves on one agency's assessment."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import permissions, workflow
from assessments.errors import Invalid, NotReady, Refused, Stale
from assessments.forms.periods import ExtendForm, FinaliseForm, PeriodForm, ReasonForm
from assessments.models import Assessment, Period, Result, Status
from assessments.queries import copies, pemda
from assessments.queries import periods as queries
from assessments.queries.assignments import indicators_without_pic
from assessments.queries.determination import open_government
from assessments.services import periods as services
from assessments.views._base import allow, find_assessment, rights
from assessments.workflow.periods import UNFINISHED_CHANGED, Finalised, opening_problems
from spbe_portal.formatting import datetime_id, decimal_id

PAGE_SIZE = 100
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def period_list(request: HttpRequest) -> HttpResponse:
    allow(permissions.can_manage_periods(rights(request)))
    return render(request, "assessments/period_list.html", {"rows": queries.period_rows()})


@get_or_post
def period_create(request: HttpRequest) -> HttpResponse:
    """Nothing is saved before the last button; ticking whole groups of agencies only shows the form again."""
    allow(permissions.can_manage_periods(rights(request)))
    form = PeriodForm(_sent(request))
    if "tandai" in request.POST:
        form = form.tick(request.POST["tandai"])
    elif request.method == "POST" and form.is_valid():
        try:
            period = services.create_period(user=request.user, agencies=form.agencies(), **form.details())
        except Invalid as refusal:
            form.add_errors(refusal.errors)
        else:
            messages.success(request, f"Periode {period.name} sudah dibuat, belum dibuka. Periksa, lalu buka periode.")
            return redirect("period", pk=period.pk)
    return _form(request, form)


@get_or_post
def period_edit(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk)
    if period.status not in (Period.Status.DRAFT, Period.Status.OPEN):
        messages.warning(request, f"Periode ini berstatus {period.get_status_display()}, jadi tidak dapat diubah.")
        return redirect("period", pk=pk)
    form = PeriodForm(_sent(request), period=period)
    if "tandai" in request.POST:
        form = form.tick(request.POST["tandai"])
    elif request.method == "POST" and form.is_valid():
        try:
            saved = services.edit_period(
                period_id=pk,
                user=request.user,
                details=form.details(),
                agencies=form.agencies(),
                reason=form.cleaned_data.get("reason", ""),
                version=form.cleaned_data["version"],
            )
        except Invalid as refusal:
            form.add_errors(refusal.errors)
        except Stale as refusal:
            period = refusal.current
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("period", pk=pk)
        else:
            text = "Perubahan periode sudah disimpan."
            if saved.deadline != period.deadline:
                text += f" Batas waktu sekarang {datetime_id(saved.deadline)}."
            messages.success(request, text)
            return redirect("period", pk=pk)
    return _form(request, form, differences=form.beside(period))


def _form(request: HttpRequest, form: PeriodForm, **more: Any) -> HttpResponse:
    return render(request, "assessments/period_form.html", {"form": form, "period": form.period, **more})


@require_safe
def period(request: HttpRequest, pk: int) -> HttpResponse:
    """A period as it stands: in preparation its agencies, running or final each agency's progress."""
    found = _find(request, pk)
    now = timezone.now()
    if found.status == Period.Status.DRAFT:
        return render(
            request,
            "assessments/period_draft.html",
            {
                "period": found,
                "agencies": queries.chosen_agencies(found),
                "problems": opening_problems(found, now),
                "without_pic": indicators_without_pic(found),
            },
        )
    progress = queries.progress(found, rights(request), now)
    status, search = request.GET.get("status", ""), request.GET.get("cari", "").strip()
    rows = [row for row in progress.rows if _matches(row, status, search)]
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("halaman"))
    page.object_list = queries.with_changes(page.object_list)
    return render(
        request,
        "assessments/period.html",
        {
            "period": found,
            "progress": progress,
            "page": page,
            "chips": _chips(progress),
            "status": status,
            "search": search,
            "results": queries.result_counts(found),
            "without_pic": indicators_without_pic(found),
            "pemda_open": open_government(found),
            "can_copy": bool(progress.counts.get(Status.DRAFT)) and copies.sources(found).exists(),
            "can_remove": permissions.can_remove_imported(rights(request), found),
        },
    )


def _matches(row: queries.AgencyRow, status: str, search: str) -> bool:
    if status == "terlambat" and not row.is_late:
        return False
    if status not in ("", "terlambat") and row.status != status:
        return False
    agency = row.assessment.agency
    return search.casefold() in f"{agency.name} {agency.short_name}".casefold()


def _chips(progress: queries.Progress) -> list[tuple[str, str, int]]:
    """(value of ?status=, label, number) of each filter that would show something."""
    labels = [*((value, label) for value, label in Status.choices), ("unfinished", "Tidak selesai")]
    chips = [("", "Semua", len(progress.rows))]
    chips += [(value, label, progress.counts[value]) for value, label in labels if progress.counts.get(value)]
    if progress.late:
        chips.append(("terlambat", "Lewat batas waktu", len(progress.late)))
    return chips


@get_or_post
def period_open(request: HttpRequest, pk: int) -> HttpResponse:
    """What opening does and what stands in its way; the POST opens."""
    found = _find(request, pk)
    if request.method == "POST":
        try:
            workflow.open_period(period_id=pk, user=request.user)
        except NotReady:
            pass  # listed below, as they are now
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("period", pk=pk)
        else:
            number = Assessment.objects.filter(period=found).count()
            messages.success(request, f"Periode sudah dibuka. {number} OPD dapat mulai mengisi.")
            return redirect("period", pk=pk)
    elif found.status != Period.Status.DRAFT:
        messages.warning(request, f"Periode ini berstatus {found.get_status_display()}, jadi tidak perlu dibuka lagi.")
        return redirect("period", pk=pk)
    agencies = queries.chosen_agencies(found)
    return render(
        request,
        "assessments/period_open.html",
        {
            "period": found,
            "agencies": agencies,
            "problems": opening_problems(found, timezone.now()),
            "today": timezone.localdate(),
            "without_reviewer": [row for row in agencies if not row.reviewers],
            "without_operator": [row for row in agencies if not row.operators],
            "without_pic": indicators_without_pic(found),
        },
    )


@get_or_post
def period_finalise(request: HttpRequest, pk: int) -> HttpResponse:
    """What is not approved and what becomes of it; the POST freezes everything."""
    found = _find(request, pk)
    if found.status != Period.Status.OPEN:
        messages.warning(request, f"Periode ini berstatus {found.get_status_display()}, jadi tidak dapat difinalkan.")
        return redirect("period", pk=pk)
    progress = queries.progress(found, rights(request))
    form = FinaliseForm(_sent(request), needs_reason=bool(progress.unfinished))
    if request.method == "POST" and form.is_valid():
        try:
            done = workflow.finalise_period(
                period_id=pk,
                user=request.user,
                reason=form.cleaned_data.get("reason", ""),
                expected_unfinished=request.POST.get("unfinished", ""),
            )
        except Stale as refusal:
            progress = queries.progress(found, rights(request))
            form.add_error(None, refusal.message)
        except (NotReady, Invalid) as refusal:
            form.add_error(None, refusal.message)
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("period", pk=pk)
        else:
            messages.success(request, _finalised(done))
            return redirect("period", pk=pk)
    elif request.method == "POST" and request.POST.get("unfinished", "") != progress.unfinished_token:
        form.add_error(None, UNFINISHED_CHANGED)
    return render(
        request,
        "assessments/period_finalise.html",
        {"period": found, "progress": progress, "board": pemda.board(found), "form": form},
    )


def _finalised(done: Finalised) -> str:
    """What the finalising wrote; where the period was final before, what is new and what stayed."""
    pemda_too = "Nilai Pemda belum final: masih ada indikator yang belum ditetapkan."
    if done.pemda:
        pemda_too = (
            f"Indeks Pemda {decimal_id(done.pemda.index)} ({done.pemda.predicate}) final, "
            f"revisi {done.pemda.revision}."
        )
    if not done.unchanged:
        return f"Periode sudah difinalkan: {done.complete} hasil lengkap, {done.incomplete} tidak selesai. {pemda_too}"
    about = [f"revisi {done.revisions[0]}"] if len(done.revisions) == 1 else []
    if done.incomplete:
        about.append(f"{done.incomplete} tidak selesai")
    new = f"{done.complete + done.incomplete} hasil baru" + (f" ({', '.join(about)})" if about else "")
    return f"Periode sudah difinalkan: {new}; {done.unchanged} hasil lain tidak berubah. {pemda_too}"


@get_or_post
def period_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    problem = ""
    if found.status not in (Period.Status.DRAFT, Period.Status.OPEN):
        problem = f"Periode ini berstatus {found.get_status_display()}, jadi tidak dapat dibatalkan."
    elif Result.objects.filter(assessment__period=found).exists():
        problem = "Periode ini pernah final dan punya hasil, jadi tidak dapat dibatalkan."
    if problem:
        messages.warning(request, problem)
        return redirect("period", pk=pk)
    number = Assessment.objects.filter(period=found).exclude(status=Status.CANCELLED).count()
    return _with_reason(
        request,
        form=ReasonForm(_sent(request)),
        act=lambda data: workflow.cancel_period(period_id=pk, user=request.user, reason=data["reason"]),
        done="Periode sudah dibatalkan. Isiannya tetap tersimpan dan dapat dibaca.",
        period=found,
        context={
            "title": "Batalkan periode",
            "overline": found.name,
            "button": "Batalkan periode",
            "kind": "danger",
            "number": number,
            "template": "period_cancel",
        },
    )


@get_or_post
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """A later deadline for one agency, with a reason."""
    assessment = _find_assessment(request, pk, "extend")
    if isinstance(assessment, HttpResponse):
        return assessment
    form = ExtendForm(_sent(request), assessment=assessment)

    def act(data: dict[str, Any]) -> None:
        workflow.extend(assessment_id=pk, user=request.user, until=form.moment(), reason=data["reason"])

    return _with_reason(
        request,
        form=form,
        act=act,
        done=lambda: f"Batas waktu {assessment.agency.name} sudah diperpanjang sampai {datetime_id(form.moment())}.",
        period=assessment.period,
        context={
            "title": "Perpanjang batas waktu",
            "overline": assessment.agency.name,
            "button": "Perpanjang batas waktu",
            "assessment": assessment,
            "template": "period_extend",
        },
    )


@get_or_post
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to review, with a reason; decisions stay."""
    return _move_with_reason(
        request,
        pk,
        move="reopen",
        act=workflow.reopen,
        done="Penilaian {agency} sudah dibuka kembali dan berstatus Diajukan.",
        context={"title": "Buka kembali penilaian", "template": "period_reopen"},
    )


@get_or_post
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one agency out of the period, with a reason."""
    return _move_with_reason(
        request,
        pk,
        move="cancel",
        act=workflow.cancel,
        done="Penilaian {agency} sudah dibatalkan.",
        context={"title": "Batalkan penilaian", "kind": "danger", "template": "period_cancel_assessment"},
    )


def _move_with_reason(
    request: HttpRequest, pk: int, *, move: str, act: Callable[..., object], done: str, context: dict[str, Any]
) -> HttpResponse:
    """One assessment's `move` that asks for nothing but a reason; its button says what its title says."""
    assessment = _find_assessment(request, pk, move)
    if isinstance(assessment, HttpResponse):
        return assessment
    agency = assessment.agency.name
    return _with_reason(
        request,
        form=ReasonForm(_sent(request)),
        act=lambda data: act(assessment_id=pk, user=request.user, reason=data["reason"]),
        done=done.format(agency=agency),
        period=assessment.period,
        context={"overline": agency, "button": context["title"], "assessment": assessment, **context},
    )


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _find(request: HttpRequest, pk: int) -> Period:
    """The period, for those who manage periods (else 403, whether it exists or not)."""
    allow(permissions.can_manage_periods(rights(request)))
    return get_object_or_404(Period.objects.select_related("instrument"), pk=pk)


def _find_assessment(request: HttpRequest, pk: int, move: str) -> Assessment | HttpResponse:
    """The assessment for a coordinator's move, or a way back with the reason where it cannot be made now."""
    assessment = find_assessment(request, pk)
    allow(permissions.can_manage_periods(rights(request)))
    possible = workflow.actions(rights(request), assessment, wrote=assessment.wrote, now=timezone.now())
    if move in possible:
        return assessment
    label = next(each.label for each in workflow.MOVES if each.name == move)
    if assessment.period.status != Period.Status.OPEN:
        state = f"Periode ini berstatus {assessment.period.get_status_display()}"
    else:
        state = f"Penilaian {assessment.agency.name} berstatus {assessment.get_status_display()}"
    messages.warning(request, f"{state}, jadi langkah “{label}” tidak dapat dilakukan sekarang.")
    return redirect("period", pk=assessment.period_id)


def _with_reason(
    request: HttpRequest,
    *,
    form: ReasonForm,
    act: Callable[[dict[str, Any]], object],
    done: str | Callable[[], str],
    period: Period,
    context: dict[str, Any],
) -> HttpResponse:
    """Ask for a reason, then act once. Refusals about fields stay on the page, others go back with a message."""
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except Invalid as refusal:
            for name, message in refusal.errors.items():
                place = {"until": "deadline_date"}.get(name, name)
                form.add_error(place if place in form.fields else None, message)
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("period", pk=period.pk)
        else:
            messages.success(request, done if isinstance(done, str) else done())
            return redirect("period", pk=period.pk)
    template = context.pop("template")
    return render(request, f"assessments/{template}.html", {"form": form, "period": period, **context})
