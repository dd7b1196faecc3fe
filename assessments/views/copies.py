"""Answers of a cancelled period into one that runs: choose it, see what would be copied, confirm."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assessments import permissions
from assessments.errors import Refused
from assessments.forms.copies import SourceForm
from assessments.models import Period
from assessments.queries import copies as queries
from assessments.services import copies as services
from assessments.views._base import allow, rights
from spbe_portal.formatting import count_id


@require_http_methods(["GET", "HEAD", "POST"])
def period_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be copied, agency by agency; the POST copies it. The only period there is needs no choosing."""
    allow(permissions.can_manage_periods(rights(request)))
    period = get_object_or_404(Period.objects.select_related("instrument"), pk=pk)
    if period.status != Period.Status.OPEN:
        text = f"Periode ini berstatus {period.get_status_display()}, jadi jawaban tidak dapat disalin ke sini."
        messages.warning(request, text)
        return redirect("period", pk=pk)
    sources = list(queries.sources(period))
    chosen = request.POST.get("dari", "") if request.method == "POST" else request.GET.get("dari", "")
    if not chosen and request.method != "POST" and len(sources) == 1:
        chosen = str(sources[0].pk)
    form = SourceForm({"dari": chosen} if chosen or request.method == "POST" else None, sources=sources)
    status, plan = 200, None
    if form.is_bound and not form.is_valid():
        status = 422
    elif request.method == "POST":
        try:
            done = services.copy_answers(
                period_id=pk, source_id=form.source().pk, user=request.user, now=timezone.now()
            )
        except Refused as refusal:
            messages.warning(request, refusal.message)
        else:
            _tell(request, done)
        return redirect("period", pk=pk)
    elif form.is_bound:
        plan = queries.plan(form.source(), period, timezone.now())
    context = {"period": period, "form": form, "sources": sources, "plan": plan}
    return render(request, "assessments/period_copy.html", context, status=status)


def _tell(request: HttpRequest, done: services.Done) -> None:
    if done.copied:
        messages.success(
            request,
            f"{count_id(done.answers)} jawaban dan {count_id(done.evidence)} bukti dukung disalin ke Draf "
            f"{count_id(len(done.copied))} OPD.",
        )
    elif not done.refused:
        messages.info(request, "Tidak ada yang disalin: tidak ada lagi jawaban kosong di sini yang dapat diisi.")
    for each, reason in done.refused:
        messages.warning(request, f"{each.agency.name} dilewati: {reason}")
