"""Follow-ups: the list, one of them, and where they come from."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import downloads, permissions, uploads
from assessments.errors import Invalid, Refused, Stale
from assessments.forms.followups import CarryForm, FollowUpFilters, FollowUpForm, NoteForm, TakeForm, explain
from assessments.models import FollowUp, Period
from assessments.queries import followup_sources as sources
from assessments.queries import followups as queries
from assessments.queries.pemda import chosen_period, periods
from assessments.services import followups as services
from assessments.services import reading
from assessments.views._base import allow, rights
from assessments.workflow.followups import (
    BY_NAME,
    CLOSING,
    close_follow_up,
    follow_up_actions,
    report_follow_up,
)
from spbe_portal.formatting import date_id

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
NO_PERIOD = "Belum ada periode yang dibuka, jadi belum ada rekomendasi untuk ditindaklanjuti."


@require_safe
def followup_list(request: HttpRequest) -> HttpResponse:
    mine = rights(request)
    allow(permissions.can_see_follow_ups(mine))
    sees_all = permissions.can_see_pemda(mine)
    filters = FollowUpFilters(request.GET, queries.choices_of(mine), sees_all=sees_all)
    shown = queries.follow_up_list(mine, filters.wanted(), request.GET.get("halaman"))
    context = {
        "filters": filters,
        "shown": shown,
        "page": shown.page,
        "sees_all": sees_all,
        "shows_agency": sees_all or len(mine.operator_of) > 1,
        "manages": permissions.can_manage_follow_ups(mine),
        "standing": queries.standing_of(queries.visible(mine)),
        "own": queries.standing_of(queries.of_agencies(mine.operator_of)) if mine.is_operator else None,
        "first": queries.first_open_of(mine.operator_of) if mine.is_operator else None,
    }
    return render(request, "assessments/followup_list.html", context)


# --- Making ------------------------------------------------------------------------------------------


@get_or_post
def followup_create(request: HttpRequest) -> HttpResponse:
    allow(permissions.can_manage_follow_ups(rights(request)))
    period = _period(request)
    if period is None:
        return _no_period(request)
    form = FollowUpForm(_sent(request), period=period)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_follow_up(user=request.user, period_id=period.pk, **form.details())
        except Invalid as refusal:
            explain(form, refusal.errors)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"Tindak lanjut untuk {made.agency} dibuat, tenggat {date_id(made.due_on)}.")
            return redirect("followup", made.pk)
    context = {"form": form, "period": period, "periods": periods()}
    return render(request, "assessments/followup_form.html", context)


@get_or_post
def followup_from_reviews(request: HttpRequest) -> HttpResponse:
    """Notes of published returns and adjustments. A POST is about the rows it names, whatever page they are on now."""
    allow(permissions.can_manage_follow_ups(rights(request)))
    period = _period(request)
    if period is None:
        return _no_period(request)
    agencies = sources.agencies_with_notes(period)
    agency_id = next((pk for pk, _ in agencies if str(pk) == request.GET.get("opd")), None)
    page, rows = None, []
    if request.method == "POST":
        rows = sources.notes_by_id(period, _numbers(request.POST.getlist("baris")))
    else:
        page, rows = sources.notes_page(period, agency_id, request.GET.get("halaman"))
    form = _take_form(request, rows)
    if request.method == "POST" and "tandai" not in request.POST and form.is_valid():
        try:
            wanted = {int(key): value for key, value in form.wanted().items()}
            made = services.create_from_reviews(user=request.user, period_id=period.pk, wanted=wanted)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return _made(request, made)
    context = {
        "kind": "reviews",
        "form": form,
        "rows": rows,
        "taken": [row for row in rows if row.taken],
        "page": page,
        "period": period,
        "periods": periods(),
        "agencies": agencies,
        "agency_id": agency_id,
    }
    return render(request, "assessments/followup_take.html", context)


@get_or_post
def followup_from_plan(request: HttpRequest) -> HttpResponse:
    """The rises of the plan in force, one row for each PIC."""
    allow(permissions.can_manage_follow_ups(rights(request)))
    period = _period(request)
    if period is None:
        return _no_period(request)
    found = sources.plan_steps(period)
    form = _take_form(request, found.steps, due_on=_end_of(period), ticked=True)
    if request.method == "POST" and "tandai" not in request.POST and form.is_valid():
        keys = {step.key: (step.rise.pk, step.agency.pk) for step in found.steps}
        try:
            wanted = {keys[key]: value for key, value in form.wanted().items()}
            made = services.create_from_plan(user=request.user, period_id=period.pk, wanted=wanted)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return _made(request, made)
    context = {
        "kind": "plan",
        "form": form,
        "rows": found.steps,
        "taken": [step for step in found.steps if step.taken],
        "plan": found.plan,
        "without_pic": found.without_pic,
        "period": period,
        "periods": periods(),
    }
    return render(request, "assessments/followup_take.html", context)


def _take_form(
    request: HttpRequest,
    rows: Sequence[sources.Note | sources.Step],
    *,
    due_on: date | None = None,
    ticked: bool = False,
) -> TakeForm:
    """The form of the rows; "tandai" ticks or clears all of them and saves nothing."""
    if request.method != "POST":
        return TakeForm(None, rows=rows, due_on=due_on, ticked=ticked)
    if "tandai" not in request.POST:
        return TakeForm(request.POST, rows=rows)
    sent = request.POST.copy()
    for row in rows:
        name = f"pilih-{row.key}"
        if request.POST["tandai"] == "semua":
            sent[name] = "on"
        else:
            sent.pop(name, None)
    form = TakeForm(sent, rows=rows)
    form._errors = type(form.errors)()  # nothing was sent off yet, so nothing is wrong yet
    return form


def _made(request: HttpRequest, made: services.Made) -> HttpResponse:
    if made.made:
        text = f"{made.made} tindak lanjut dibuat."
        if made.known:
            text += f" {made.known} sudah ada sebelumnya dan tidak dibuat lagi."
        messages.success(request, text)
    else:
        messages.info(request, "Semua yang dipilih sudah menjadi tindak lanjut sebelumnya.")
    return redirect("followup_list")


def _end_of(period: Period) -> date:
    """The end of the period's year; once that is over, three months from now."""
    today = timezone.localdate()
    end = date(period.year, 12, 31)
    if end >= today:
        return end
    month = today.month + 3
    return date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, min(today.day, 28))


# --- One of them -------------------------------------------------------------------------------------


@require_safe
def followup(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _find(request, pk))


@get_or_post
def followup_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    allow(permissions.can_manage_follow_ups(rights(request)))
    if found.status != FollowUp.Status.OPEN:
        messages.warning(
            request, f"Tindak lanjut ini berstatus {found.get_status_display()}, jadi tidak dapat diubah sekarang."
        )
        return redirect("followup", pk)
    form = FollowUpForm(_sent(request), period=found.period, follow_up=found)
    beside: list = []
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_follow_up(
                follow_up_id=pk,
                user=request.user,
                details=form.details(),
                version=form.cleaned_data["version"] or 0,
            )
        except Invalid as refusal:
            explain(form, refusal.errors)
        except Stale as refusal:
            beside = form.beside(refusal.current)
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("followup", pk)
        else:
            messages.success(request, "Perubahan tersimpan.")
            return redirect("followup", pk)
    context = {"form": form, "follow_up": found, "period": found.period, "differences": beside}
    return render(request, "assessments/followup_form.html", context)


@get_or_post
def followup_report(request: HttpRequest, pk: int) -> HttpResponse:
    """What the owner did: saved only, or reported as done. GET leads back to the page."""
    found = _find(request, pk)
    if request.method != "POST":
        return redirect("followup", pk)
    allow(permissions.can_carry_out(rights(request), found))
    form = CarryForm(request.POST, request.FILES, follow_up=found)
    beside: list = []
    too_large: list[str] = getattr(request, "too_large_files", [])
    for name in too_large:
        form.add_error("file", uploads.too_large(name).message)
    if form.is_valid():
        act = report_follow_up if "lapor" in request.POST else services.carry_out
        try:
            act(
                follow_up_id=pk,
                user=request.user,
                version=form.cleaned_data["version"],
                carried=form.carried(),
            )
        except Invalid as refusal:
            explain(form, refusal.errors)
        except Stale as refusal:
            beside = form.beside(refusal.current)
            form.add_error(None, refusal.message)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            text = "Laporan dikirim. Koordinator akan memeriksanya." if "lapor" in request.POST else "Tersimpan."
            messages.success(request, text)
            return redirect("followup", pk)
    return _page(request, _find(request, pk), carry=form, differences=beside, status=422)


@get_or_post
def followup_close(request: HttpRequest, pk: int) -> HttpResponse:
    """The coordinator's moves: `langkah` names one. GET leads back to the page."""
    found = _find(request, pk)
    if request.method != "POST":
        return redirect("followup", pk)
    allow(permissions.can_manage_follow_ups(rights(request)))
    name = request.POST.get("langkah", "")
    form = NoteForm(request.POST, auto_id=f"{name}-%s")
    if name not in CLOSING:
        messages.error(request, "Langkahnya tidak dikenal. Pilih dari tombol yang ada.")
        return redirect("followup", pk)
    if form.is_valid():
        values = form.cleaned_data
        try:
            moved = close_follow_up(follow_up_id=pk, user=request.user, name=name, **values)
        except Invalid as refusal:
            explain(form, refusal.errors)
        except Stale:
            form.add_error(None, "Tindak lanjut ini berubah sejak halaman dibuka. Periksa kembali, lalu ulangi.")
            form.data = form.data.copy()
            found = _find(request, pk)
            form.data["version"] = str(found.version)  # type: ignore[index]
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"Tindak lanjut sekarang berstatus {moved.get_status_display()}.")
            return redirect("followup", pk)
    return _page(request, _find(request, pk), close=(name, form), status=422)


@require_safe
def followup_proof(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself, always as an attachment."""
    found = _find(request, pk)
    version = found.proof
    if version is None or version.is_link:
        raise Http404
    if not permissions.can_see_proof(rights(request), found):
        raise PermissionDenied("Bukti dapat dibuka pimpinan setelah tindak lanjutnya selesai.")
    return downloads.version_response(
        request,
        version,
        note=lambda is_rest: reading.note_proof_download(follow_up=found, user=request.user, is_rest=is_rest),
    )


def _page(
    request: HttpRequest,
    found: FollowUp,
    *,
    carry: CarryForm | None = None,
    close: tuple[str, NoteForm] | None = None,
    differences: Sequence[Any] = (),
    status: int = 200,
) -> HttpResponse:
    mine = rights(request)
    actions = follow_up_actions(mine, found)
    manages = permissions.can_manage_follow_ups(mine)
    carries_out = permissions.can_carry_out(mine, found)
    is_open = found.status == FollowUp.Status.OPEN
    notes = {
        name: NoteForm(None, initial={"version": found.version}, auto_id=f"{name}-%s")
        for name in actions
        if name in CLOSING
    }
    refused: NoteForm | None = None
    if close and close[0] in notes:
        notes[close[0]] = refused = close[1]
    elif close:
        for text in close[1].non_field_errors():
            messages.warning(request, str(text))
    context = {
        "follow_up": found,
        "row": queries.row_of(found, timezone.localdate()),
        "actions": actions,
        "moves": {name: BY_NAME[name] for name in actions},
        "manages": manages,
        "may_edit": manages and is_open,
        "is_own": carries_out,
        "carry": (carry or CarryForm(None, follow_up=found)) if carries_out and is_open else None,
        "carry_lost": carry if carry and not is_open else None,
        "waits_for_other": manages and found.status == FollowUp.Status.REPORTED and "confirm" not in actions,
        "notes": notes,
        "refused": refused,
        "differences": differences,
        "sees_proof": permissions.can_see_proof(mine, found),
        "sees_history": manages or mine.is_verifier or carries_out,
        "history": queries.history_of(found) if manages or mine.is_verifier or carries_out else [],
    }
    return render(request, "assessments/followup.html", context, status=status)


# --- Shared ------------------------------------------------------------------------------------------


def _find(request: HttpRequest, pk: int) -> FollowUp:
    found = queries.one(rights(request), pk)
    if found is None:
        raise Http404
    return found


def _period(request: HttpRequest) -> Period | None:
    """The period of `?periode=`, else the default one; 404 for one that is not there."""
    wanted = request.GET.get("periode", "")
    found = chosen_period(wanted) if len(wanted) < 18 else None
    if wanted and found is None:
        raise Http404
    return found


def _no_period(request: HttpRequest) -> HttpResponse:
    messages.info(request, NO_PERIOD)
    return redirect("followup_list")


def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _numbers(texts: Sequence[str]) -> list[int]:
    found = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
    return found[: sources.CANDIDATES_PER_PAGE]
