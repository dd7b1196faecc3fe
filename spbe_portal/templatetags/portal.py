"""Filters and tags known in every template (see docs/ui.md): Indonesian writing, icons, badges."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from spbe_portal import formatting

register = template.Library()

for _name in (
    "decimal_id",
    "change_id",
    "level_id",
    "percent_id",
    "weight_id",
    "count_id",
    "size_id",
    "date_id",
    "short_date_id",
    "clock_id",
    "time_id",
    "datetime_id",
    "short_datetime_id",
    "remaining_id",
):
    register.filter(_name, getattr(formatting, _name))

#: Code -> what it is called, its icon and its kind (neutral, info, ok, warn, danger).
ASSESSMENT_STATUS = {
    "draft": ("Draf", "pencil-line", "neutral"),
    "submitted": ("Diajukan", "send", "info"),
    "returned": ("Dikembalikan", "undo-2", "warn"),
    "approved": ("Disetujui", "circle-check", "ok"),
    "final": ("Final", "lock", "ok"),
    "cancelled": ("Dibatalkan", "ban", "neutral"),
    "unfinished": ("Tidak selesai", "circle-slash", "warn"),
}
PERIOD_STATUS = {
    "draft": ("Disiapkan", "pencil-line", "neutral"),
    "open": ("Berjalan", "circle-dot", "info"),
    "final": ("Final", "lock", "ok"),
    "cancelled": ("Dibatalkan", "ban", "neutral"),
}
DECISION = {
    "accept": ("Diterima", "check", "ok"),
    "adjust": ("Disesuaikan", "sliders-horizontal", "info"),
    "return": ("Dikembalikan", "undo-2", "warn"),
}
JOB_STATUS = {
    "queued": ("Menunggu giliran", "hourglass", "neutral"),
    "running": ("Sedang dibuat", "refresh-cw", "info"),
    "done": ("Siap diunduh", "circle-check", "ok"),
    "failed": ("Gagal", "triangle-alert", "danger"),
    "cancelled": ("Dihentikan", "ban", "neutral"),
}


@lru_cache(maxsize=256)
def _svg(name: str, size: int) -> SafeString:
    return mark_safe(lucide(name, size=size, **{"class": "icon", "aria-hidden": "true", "focusable": "false"}))


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """A decorative Lucide icon, hidden from assistive technology: the text beside it says the same.

    Raises `lucide.IconDoesNotExist` for an unknown name.
    """
    return _svg(str(name), int(size))


@register.simple_tag
def state(text: str, icon: str = "", kind: str = "neutral") -> SafeString:
    """A state as icon and word. `kind`: neutral, info, ok, warn or danger."""
    return format_html('<span class="state state-{}">{}{}</span>', kind, _svg(str(icon), 16) if icon else "", text)


def _of(table: dict[str, tuple[str, str, str]], code: str) -> SafeString:
    text, icon, kind = table[str(code)]
    return state(text, icon, kind)


@register.simple_tag
def status_badge(status: str) -> SafeString:
    """The state of an assessment, from its code. Raises KeyError for an unknown one."""
    return _of(ASSESSMENT_STATUS, status)


@register.simple_tag
def period_badge(status: str) -> SafeString:
    """The state of a period, from its code."""
    return _of(PERIOD_STATUS, status)


@register.simple_tag
def decision_badge(decision: str | None) -> SafeString:
    """A reviewer's decision, from its code; none yet is said so."""
    return _of(DECISION, decision) if decision else state("Belum diverifikasi", "circle-dashed", "neutral")


@register.simple_tag
def job_badge(status: str) -> SafeString:
    """The state of a report's making, from its code."""
    return _of(JOB_STATUS, status)


@register.filter
def level_class(level: int | Decimal | Fraction | None) -> str:
    """The colour class of a level: lvl-0 to lvl-5; a fraction takes the colour of the level reached."""
    return "lvl-none" if level is None else f"lvl-{min(max(floor(level), 0), 5)}"


@register.filter
def level_step(level: int | Decimal | Fraction | None) -> str:
    """The whole level reached, for a class of one's own: "2" for 2.35, empty for None."""
    return "" if level is None else str(min(max(floor(level), 0), 5))


@register.simple_tag
def level_badge(
    level: int | Decimal | Fraction | None, name: str = "", *, not_relevant: bool = False, empty: str = "Belum diisi"
) -> SafeString:
    """A level as digit and name, coloured by the ramp; without a name the digit alone, read out as "Level 3"."""
    if not_relevant:
        return format_html('<span class="lvl lvl-out"><span class="lvl-name">{}</span></span>', "Tidak relevan")
    if level is None:
        return format_html('<span class="lvl lvl-out"><span class="lvl-name">{}</span></span>', empty)
    spoken = mark_safe('<span class="visually-hidden">Level </span>')
    label = format_html('<span class="lvl-name">{}</span>', name) if name else ""
    return format_html(
        '<span class="lvl"><span class="lvl-digit {}">{}{}</span>{}</span>',
        level_class(level),
        spoken,
        formatting.level_id(level),
        label,
    )


@register.filter
def widget_class(widget: dict) -> str:
    """The Bootstrap class of a form widget's context, with the classes the form itself gave."""
    kind = widget.get("type", "")
    name = widget.get("template_name", "")
    if name.endswith("select_option.html") or kind == "hidden":
        own = ""
    elif kind in {"checkbox", "radio"}:
        own = "form-check-input"
    elif name.endswith("/select.html"):
        own = "form-select"
    else:
        own = "form-control"
    return f"{own} {widget['attrs'].get('class', '')}".strip()


@register.simple_tag
def scan_note() -> str:
    """Whether files are scanned for viruses in this portal."""
    if settings.CLAMD:
        return "Berkas baru diperiksa terhadap virus dan dapat dibuka setelah dinyatakan bersih."
    return "Portal ini tidak memeriksa berkas terhadap virus."
