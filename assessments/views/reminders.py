"""Who has not handed in, and reminding them."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import permissions
from assessments.errors import Invalid, Refused
from assessments.forms.reminders import RemindForm
from assessments.models import Period, Status
from assessments.queries import hand_ins
from assessments.queries.periods import AgencyRow, progress, reminder_text
from assessments.services import reminders as services
from assessments.views._base import allow, rights
from spbe_portal.formatting import count_id

PAGE_SIZE = 100
STATES = {
    "": "Semua",
    "lewat": "Lewat batas waktu",
    "belum": "Belum mengajukan",
    "perbaikan": "Sedang memperbaiki",
}


@require_safe
def not_handed_in(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk)
    return _page(request, period, RemindForm(None, period=period))


@require_http_methods(["GET", "HEAD", "POST"])
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """One message to those ticked. A look leads back to the page."""
    period = _find(request, pk)
    if request.method != "POST":
        return redirect("not_handed_in", pk=pk)
    form = RemindForm(request.POST, period=period)
    if "tandai" not in request.POST and form.is_valid():
        try:
            done = services.remind(
                user=request.user,  # type: ignore[arg-type]
                period_id=pk,
                assessment_ids=form.chosen(),
                text=form.cleaned_data["text"],
            )
        except Invalid as refusal:
            for name, message in refusal.errors.items():
                form.add_error(name if name in form.fields else None, message)
        except Refused as refusal:
            messages.warning(request, refusal.message)
            return redirect("not_handed_in", pk=pk)
        else:
            _say(request, done)
            return redirect("not_handed_in", pk=pk)
    return _page(request, period, form)


def _find(request: HttpRequest, pk: int) -> Period:
    allow(permissions.can_remind(rights(request)))
    return get_object_or_404(Period.objects.select_related("instrument"), pk=pk)


def _page(request: HttpRequest, period: Period, form: RemindForm) -> HttpResponse:
    now = timezone.now()
    found = progress(period, rights(request), now)
    is_running = period.status == Period.Status.OPEN
    waiting = hand_ins.waiting_rows(found) if is_running else []
    state = request.GET.get("saring", "")
    page = Paginator([row for row in waiting if _matches(row, state)], PAGE_SIZE).get_page(request.GET.get("halaman"))
    rows = hand_ins.with_operators(page.object_list, now)
    context = {
        "period": period,
        "progress": found,
        "is_running": is_running,
        "number": len(waiting),
        "chips": [(value, label, sum(_matches(row, value) for row in waiting)) for value, label in STATES.items()],
        "state": state,
        "page": page,
        "rows": rows,
        "form": form,
        "ticked": form.ticked([row.assessment.pk for row in rows if row.can_be_reminded]),
        "message": reminder_text(found, url=f"{settings.PUBLIC_URL}/") if is_running else "",
    }
    return render(request, "assessments/not_handed_in.html", context)


def _matches(row: AgencyRow, state: str) -> bool:
    match state:
        case "lewat":
            return row.is_late
        case "belum":
            return row.assessment.status == Status.DRAFT
        case "perbaikan":
            return row.assessment.status == Status.RETURNED
        case _:
            return True


def _say(request: HttpRequest, done: services.Reminded) -> None:
    if done.people:
        text = f"Pengingat dikirim kepada {count_id(done.people)} orang di {count_id(done.agencies)} OPD"
        text += f", {count_id(done.by_email)} di antaranya juga lewat surel." if done.by_email else "."
        messages.success(request, text)
    for names, why in (
        (done.recent, "sudah diingatkan dalam satu jam terakhir"),
        (done.unreachable, "tidak mempunyai operator yang dapat diberi tahu"),
        (done.handed_in, "sudah mengajukan atau dibatalkan"),
    ):
        if names:
            shown = ", ".join(names[:5]) + (f", dan {len(names) - 5} lainnya" if len(names) > 5 else "")
            messages.warning(request, f"{len(names)} OPD dilewati karena {why}: {shown}.")
