"""The instrument editor, page by page: its overview, its frame, one page for each of its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Invalid, Refused, Stale
from accounts.permissions import rights_of
from indicators.checks import TOTAL_WEIGHT, problems
from indicators.editor import changes, drafts, exchange
from indicators.editor import values as values_of
from indicators.editor.base import PUBLISHED
from indicators.editor.comparison import compare
from indicators.editor.forms import NEW, CopyForm, EditForm, ImportForm
from indicators.models import Instrument
from indicators.parts import Parts, stored_parts
from indicators.permissions import can_edit_instruments
from spbe_portal.stale import differences, rebase

TITLES = {"domain": "domain", "aspek": "aspek", "indikator": "indikator"}


def for_editors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for whoever does not edit instruments."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can_edit_instruments(rights_of(request.user)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


# --- The whole -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def instrument_copy(request: HttpRequest, code: str) -> HttpResponse:
    source = _found(code)
    if source.is_draft:
        messages.error(request, "Konsep tidak dapat disalin. Terbitkan dahulu, atau lanjutkan mengubahnya.")
        return redirect("instrument_edit", code)
    form = CopyForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = drafts.copy(actor=_user(request), source=source, **form.cleaned_data)
        except Refused as refused:
            _explain(form, refused)
        else:
            messages.success(request, "Konsep dibuat. Ubah isinya, lalu terbitkan bila sudah lengkap.")
            return redirect("instrument_edit", made.code)
    return render(request, "indicators/instrument_copy.html", {"form": form, "instrument": source})


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def instrument_import(request: HttpRequest) -> HttpResponse:
    form = ImportForm(_posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = exchange.from_file(
                actor=_user(request),
                content=file.read(exchange.LARGEST + 1),
                file_name=file.name,
                code=form.cleaned_data["code"],
            )
        except Refused as refused:
            _explain(form, refused)
        else:
            messages.success(request, "Instrumen diimpor sebagai konsep. Periksa, lalu terbitkan.")
            return redirect("instrument_edit", made.code)
    return render(request, "indicators/instrument_import.html", {"form": form})


@require_safe
@for_editors
def instrument_file(request: HttpRequest, code: str) -> HttpResponse:
    found = _found(code)
    response = HttpResponse(exchange.to_file(found), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.code}.json"'
    return response


@require_safe
@for_editors
def instrument_differences(request: HttpRequest, code: str) -> HttpResponse:
    """What a copy says otherwise than what it was copied from."""
    found = _found(code)
    source = found.copied_from
    shown = compare(source, found) if source else []
    return render(
        request, "indicators/instrument_differences.html", {"instrument": found, "source": source, "rows": shown}
    )


@require_POST
@for_editors
def instrument_publish(request: HttpRequest, code: str) -> HttpResponse:
    found = _found(code)
    seen = request.POST.get("edits", "")
    try:
        drafts.publish(
            actor=_user(request),
            instrument_id=found.pk,
            edits=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1,
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("instrument_edit", code)
    messages.success(request, "Instrumen diterbitkan dan dapat dipakai periode penilaian.")
    return redirect("instrument", code)


@require_POST
@for_editors
def instrument_discard(request: HttpRequest, code: str) -> HttpResponse:
    found = _found(code)
    try:
        drafts.discard(actor=_user(request), instrument_id=found.pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("instrument_edit", code)
    messages.success(request, f"Konsep {found.name} dibuang.")
    return redirect("instrument_list")


# --- The overview ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One row of the instrument: its weight, and for a group what its indicators total."""

    code: str
    name: str
    weight: str
    total: str = ""
    adds_up: bool = True
    lines: tuple["Line", ...] = ()


@require_safe
@for_editors
def instrument_edit(request: HttpRequest, code: str) -> HttpResponse:
    """All of it in one tree, with what is still wrong; eight queries whatever its size."""
    found = _found(code)
    parts = stored_parts(found)
    wrong = _problems(found, parts) if found.is_draft else []
    total = sum((indicator.weight for indicator in parts.indicators), Fraction(0))
    context = {
        "instrument": found,
        "problems": wrong,
        "domains": _tree(parts),
        "total": values_of.weight_text(total),
        "adds_up": total == TOTAL_WEIGHT,
        "count": len(parts.indicators),
    }
    return render(request, "indicators/instrument_edit.html", context)


def _tree(parts: Parts) -> list[Line]:
    """Domains with their aspects with their indicators; what hangs on none comes last, under no name."""
    domains = []
    for domain in [*parts.domains, None]:
        aspects = []
        for aspect in parts.aspects:
            if aspect.domain == domain:
                members = [row for row in parts.indicators if row.aspect == aspect]
                lines = tuple(Line(row.code, row.short_name, values_of.weight_text(row.weight)) for row in members)
                aspects.append(_group(aspect, [row.weight for row in members], lines))
        weights = [row.weight for row in parts.indicators if row.aspect.domain == domain]
        if domain is not None:
            domains.append(_group(domain, weights, tuple(aspects)))
        elif aspects:
            domains.append(Line("", "", values_of.weight_text(sum(weights, Fraction(0))), lines=tuple(aspects)))
    return domains


def _group(row: Any, weights: list[Fraction], lines: tuple[Line, ...]) -> Line:
    total = sum(weights, Fraction(0))
    shown = values_of.weight_text(total)
    return Line(row.code, row.name, values_of.weight_text(row.weight), shown, total == row.weight, lines)


@dataclass(frozen=True)
class Wrong:
    """What forbids publishing, and the page on which it is put right."""

    text: str
    url: str


def _problems(instrument: Instrument, parts: Parts | None = None) -> list[Wrong]:
    return [Wrong(text, _place(instrument, text)) for text in problems(parts or stored_parts(instrument))]


def _place(instrument: Instrument, problem: str) -> str:
    kind, code = getattr(problem, "kind", ""), getattr(problem, "code", "")
    if kind in TITLES and code:
        return reverse("instrument_part", args=[instrument.code, kind, code])
    return reverse("instrument_frame" if kind else "instrument_edit", args=[instrument.code])


# --- One page for each thing -----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def instrument_frame(request: HttpRequest, code: str) -> HttpResponse:
    found = _found(code)

    def save(form: EditForm) -> Any:
        return changes.save_frame(
            actor=_user(request),
            instrument_id=found.pk,
            typed=form.typed,
            version=form.cleaned_data["version"],
            reason=form.reason,
        )

    return _edited(request, found, values_of.frame_values(found), save, kind="", title="Rangka instrumen")


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def instrument_part(request: HttpRequest, code: str, kind: str, part: str) -> HttpResponse:
    found, row = _part(code, kind, part)

    def save(form: EditForm) -> Any:
        return changes.save_part(
            actor=_user(request),
            instrument_id=found.pk,
            kind=kind,
            code=part,
            typed=form.typed,
            version=form.cleaned_data["version"],
            reason=form.reason,
        )

    title = f"{kind.capitalize()} {row.code}"
    return _edited(request, found, changes.READ[kind](row), save, kind=kind, title=title, row=row)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def instrument_part_add(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    found = _found(code)
    if kind not in NEW:
        raise Http404
    if not found.is_draft:
        messages.error(request, PUBLISHED)
        return redirect("instrument_edit", code)
    form = EditForm(_posted(request), instrument=found, stored=None, names=NEW[kind])
    if request.method == "POST" and form.is_valid():
        try:
            made = changes.add_part(actor=_user(request), instrument_id=found.pk, kind=kind, typed=form.typed)
        except Refused as refused:
            _explain(form, refused)
        else:
            messages.success(request, f"{kind.capitalize()} {made.code} ditambahkan.")
            if kind == "indikator":
                return redirect("instrument_part", code, kind, made.code)
            return redirect("instrument_edit", code)
    context = {"form": form, "instrument": found, "kind": kind, "title": f"Tambah {kind}", "is_new": True}
    return render(request, "indicators/instrument_part.html", context)


@require_POST
@for_editors
def instrument_part_remove(request: HttpRequest, code: str, kind: str, part: str) -> HttpResponse:
    found, row = _part(code, kind, part)
    try:
        changes.remove_part(actor=_user(request), instrument_id=found.pk, kind=kind, code=part)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("instrument_part", code, kind, part)
    messages.success(request, f"{kind.capitalize()} {row.code} dihapus dari konsep.")
    return redirect("instrument_edit", code)


def _edited(
    request: HttpRequest,
    instrument: Instrument,
    held: values_of.Values,
    save: Callable[[EditForm], Any],
    *,
    kind: str,
    title: str,
    row: Any = None,
) -> HttpResponse:
    """The page of one thing: saved where it may be, else what is wrong, or what somebody else stored meanwhile."""
    stored = values_of.stored(held)
    form = EditForm(_posted(request), instrument=instrument, stored=stored)
    beside = []
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = save(form)
        except Stale as stale:
            status = 409
            beside = differences(form, stale.current, {n: v for n, v in form.typed.items() if n != "order"})
            rebase(form, stale.current)
        except Refused as refused:
            _explain(form, refused)
        else:
            messages.success(request, f"{title} tersimpan.")
            if not kind or request.POST.get("lalu") == "susunan":
                return redirect("instrument_edit", instrument.code)
            return redirect("instrument_part", instrument.code, kind, saved.code)
    context = {
        "form": form,
        "instrument": instrument,
        "kind": kind,
        "title": title,
        "row": row,
        "differences": beside,
        "wrong": _problems(instrument) if instrument.is_draft else [],
        **_neighbours(instrument, row),
    }
    return render(request, "indicators/instrument_part.html", context, status=status)


def _neighbours(instrument: Instrument, row: Any) -> dict[str, Any]:
    if row is None:
        return {}
    others: QuerySet = type(row).objects.filter(instrument=instrument)
    return {
        "previous": others.filter(order__lt=row.order).order_by("-order").first(),
        "next": others.filter(order__gt=row.order).order_by("order").first(),
    }


# --- Help ------------------------------------------------------------------------------------------


def _found(code: str) -> Instrument:
    return get_object_or_404(Instrument.objects.select_related("copied_from"), code=code)


def _part(code: str, kind: str, part: str) -> tuple[Instrument, Any]:
    found = _found(code)
    if kind not in changes.KINDS:
        raise Http404
    try:
        return found, changes.part_of(found, kind, part)
    except ObjectDoesNotExist:
        raise Http404 from None


def _user(request: HttpRequest) -> Any:
    return request.user


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _explain(form: Form, refused: Refused) -> None:
    """What a service refused, beside the fields it is about."""
    if not isinstance(refused, Invalid):
        form.add_error(None, refused.message)
        return
    for name, message in refused.errors.items():
        form.add_error(name if name in form.fields else None, message)
