"""The government's levels: the table of all, and one indicator after the other."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments import permissions, workflow
from assessments.errors import Invalid, NotReady, Refused, Stale
from assessments.forms.determination import DetermineForm, ExternalForm, VersionForm
from assessments.forms.periods import ReasonForm
from assessments.models import PemdaResult, Period
from assessments.queries import determination as queries
from assessments.queries import pemda
from assessments.services import determination as services
from assessments.views._base import allow, rights
from indicators.models import Indicator
from indicators.scoring import rounds_over
from spbe_portal.formatting import decimal_id, level_id

LEVELS = "level"  # stands for the digits of the instrument's levels
KEYS = [
    (LEVELS, "Pilih level"),
    ("/", "Tulis alasan"),
    ("Ctrl + Enter", "Simpan dan buka indikator berikutnya (juga selagi mengetik)"),
    ("N  P", "Indikator berikutnya, sebelumnya"),
]


@require_safe
def determination(request: HttpRequest) -> HttpResponse:
    allow(permissions.can_see_pemda(rights(request)))
    wanted = request.GET.get("periode", "")
    period = pemda.chosen_period(wanted)
    if period is None:
        if wanted:
            raise Http404
        return render(request, "assessments/determination.html", {"period": None})
    return _table(request, period, reopen_form=ReasonForm())


def _table(request: HttpRequest, period: Period, *, reopen_form: ReasonForm) -> HttpResponse:
    board = pemda.board(period)
    kept = request.GET.get("saring", "")
    if kept not in queries.FILTERS:
        kept = "semua"
    chips = [(name, label, sum(keep(row) for row in board.rows)) for name, (label, keep) in queries.FILTERS.items()]
    can_determine = permissions.can_determine(rights(request))
    can_write = can_determine and not board.is_locked
    waiting = next((row.code for row in board.rows if not row.is_determined), "")
    return render(
        request,
        "assessments/determination.html",
        {
            "period": period,
            "periods": pemda.periods(),
            "board": board,
            "domains": queries.tree(board, kept),
            "chips": [chip for chip in chips if chip[2] or chip[0] in ("semua", "belum", kept)],
            "kept": kept,
            "can_determine": can_determine,
            "can_write": can_write,
            "reopen_form": reopen_form if can_determine and board.is_locked else None,
            "can_finalise": can_write and period.status == Period.Status.FINAL and board.is_complete,
            "finalise_text": f"Nilai {board.total} indikator dan indeksnya, {decimal_id(board.score.index)} "
            f"({board.score.predicate}), dibekukan menjadi hasil. Setelah itu nilai Pemda terkunci.",
            "next_open": waiting,
            "is_rounded_over": rounds_over(board.score.index, board.spec),
            "revisions": PemdaResult.objects.filter(period=period).defer("snapshot").order_by("-revision"),
        },
    )


@require_POST
def determine_suggested(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk, write=True)
    try:
        done = services.determine_suggested(period_id=pk, user=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return _back(period)
    if done.codes:
        text = f"{len(done.codes)} indikator ditetapkan sesuai usulan."
    else:
        text = "Tidak ada indikator yang ditetapkan: semua usulan sudah dipakai."
    if not done.skipped:
        messages.success(request, text)
        return _back(period)
    messages.success(request, f"{text} {len(done.skipped)} dilewati karena tanpa usulan; sebabnya di bawah ini.")
    return _back(period, "tanpa-usulan")


@require_POST
def determination_finalise(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk, write=True)
    try:
        result = workflow.finalise_pemda(period_id=pk, user=request.user)
    except NotReady as refusal:
        messages.warning(request, refusal.message)
        return _back(period, "belum")
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, f"Nilai Pemda sudah difinalkan (revisi {result.revision}).")
    return _back(period)


@require_POST
def determination_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk, write=True)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _table(request, period, reopen_form=form)
    try:
        result = workflow.reopen_pemda(period_id=pk, user=request.user, reason=form.cleaned_data["reason"])
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, f"Nilai Pemda dibuka kembali; hasil revisi {result.revision} tidak berlaku lagi.")
    return _back(period)


@require_http_methods(["GET", "HEAD", "POST"])
def determine(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    period = _find(request, pk, write=request.method == "POST")
    if request.method != "POST":
        return _page(request, period, code)
    form = DetermineForm(request.POST)
    if not form.is_valid():
        return _page(request, period, code, form=form, status=422)
    try:
        made = services.determine(period_id=pk, code=code, user=request.user, **form.values())
    except Indicator.DoesNotExist:
        raise Http404 from None
    except Invalid as refusal:
        form.refuse(refusal)
        return _page(request, period, code, form=form, status=422)
    except Stale as stale:
        return _page(request, period, code, form=form, stale=stale, status=409)
    except Refused as refusal:
        period.refresh_from_db()
        return _page(request, period, code, form=form, refusal=refusal.message, status=409)
    board = pemda.board(period)
    messages.success(
        request,
        format_html(
            'Indikator {} ditetapkan di level {}. Indeks {} {} ({} dari {} ditetapkan). <a href="{}">Ubah</a>',
            code,
            level_id(made.level),
            "Pemda sekarang" if board.is_complete else "sementara",
            decimal_id(board.score.index),
            board.determined,
            board.total,
            reverse("determine", args=[pk, code]),
        ),
    )
    following = queries.place_of(board, code).next_open
    if following:
        # The work itself at the top of the window, without the portal's head.
        return redirect(f"{reverse('determine', args=[pk, following])}#isi")
    return _back(period)


@require_POST
def determination_clear(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Take one determination back."""
    _find(request, pk, write=True)
    form = VersionForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid({"version": str(form.errors["version"][0])})
        services.undetermine(period_id=pk, code=code, user=request.user, version=form.cleaned_data["version"])
    except Indicator.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, f"Penetapan indikator {code} dihapus.")
    return redirect("determine", pk, code)


@require_POST
def external_level(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The ministry's level of one indicator, entered from its page."""
    period = _find(request, pk, write=True)
    form = ExternalForm(request.POST)
    if not form.is_valid():
        return _page(request, period, code, external=form, status=422)
    try:
        entered = services.set_external_level(
            period_id=pk, code=code, user=request.user, level=form.cleaned_data["external"]
        )
    except Indicator.DoesNotExist:
        raise Http404 from None
    except Invalid as refusal:
        form.add_error("external", refusal.errors["external"])
        return _page(request, period, code, external=form, status=422)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        words = f"disimpan: level {level_id(entered.level)}" if entered else "dikosongkan"
        messages.success(request, f"Nilai eksternal indikator {code} {words}.")
    return redirect("determine", pk, code)


def _find(request: HttpRequest, pk: int, *, write: bool = False) -> Period:
    """A period that was opened, for whoever sees the government's figures; `write`: for whoever fixes them."""
    allow(permissions.can_see_pemda(rights(request)))
    opened = Period.objects.filter(status__in=[Period.Status.OPEN, Period.Status.FINAL])
    period = get_object_or_404(opened.select_related("instrument"), pk=pk)
    allow(not write or permissions.can_determine(rights(request)))
    return period


def _back(period: Period, kept: str = "") -> HttpResponse:
    more = f"&saring={kept}#daftar" if kept else ""
    return redirect(f"{reverse('determination')}?periode={period.pk}{more}")


def _page(
    request: HttpRequest,
    period: Period,
    code: str,
    *,
    form: DetermineForm | None = None,
    external: ExternalForm | None = None,
    stale: Stale | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    board = pemda.board(period)
    row = next((row for row in board.rows if row.code == code), None)
    if row is None:
        raise Http404
    mine = rights(request)
    shown = queries.ladder(board, row)
    can_determine = permissions.can_determine(mine)
    names = {group.code: group.name for group in (*board.spec.domains, *board.spec.aspects)}
    return render(
        request,
        "assessments/determine.html",
        {
            "period": period,
            "board": board,
            "row": row,
            "aspect": names[row.aspect],
            "indicator": shown.content,
            "steps": shown.steps,
            "shares": queries.shares(row.coverage, shown.steps),
            "pics": queries.pic_details(row, mine),
            "place": queries.place_of(board, code),
            "choice": _choice(row, form),
            "form": form,
            "external": external,
            "external_value": external["external"].value() if external else level_text(row.external),
            "stale": stale,
            "refusal": refusal,
            "can_determine": can_determine,
            "can_write": can_determine and not board.is_locked,
            "can_clear": can_determine and not board.is_locked and row.is_determined and board.result is None,
            "is_external": bool(row.external_source and not row.pics),
            "is_fractional": period.instrument.is_fractional,
            "keys": [
                (period.instrument.level_keys if key == LEVELS else key, text)
                for key, text in (KEYS if can_determine else KEYS[-1:])
            ],
            "instrument": period.instrument,
        },
        status=status,
    )


def level_text(level: Any) -> str:
    return "" if level is None else level_id(level)


def _choice(row: pemda.PemdaRow, form: DetermineForm | None) -> dict[str, Any]:
    """What the form shows: what was typed, else what is determined, else the suggestion.

    `version` is always that of the determination shown on this page: whoever saves again has seen it.
    """
    if form is not None:
        return {"level": form["level"].value() or "", "reason": form["reason"].value() or "", "version": row.version}
    level = row.level if row.is_determined else row.suggested
    return {"level": level_text(level), "reason": row.reason, "version": row.version}
