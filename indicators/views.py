"""The instruments as pages to read. Who edits them does so in `indicators.editor`."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.permissions import rights_of
from indicators.models import Instrument
from indicators.permissions import can_edit_instruments, can_see_instrument
from indicators.queries import instrument_content, instrument_rows


@require_safe
def instrument_list(request: HttpRequest) -> HttpResponse:
    """Every instrument, for everybody who is logged in; what is still being edited, for its editors."""
    may_edit = can_edit_instruments(rights_of(request.user))
    rows = instrument_rows(with_drafts=may_edit)
    return render(request, "indicators/instrument_list.html", {"rows": rows, "may_edit": may_edit})


@require_safe
def instrument(request: HttpRequest, code: str) -> HttpResponse:
    """Domains, aspects, indicators, weights and criteria: for everybody who is logged in."""
    found = get_object_or_404(Instrument, code=code)
    rights = rights_of(request.user)
    if not can_see_instrument(rights, found):
        raise Http404
    context = {"content": instrument_content(found), "instrument": found, "may_edit": can_edit_instruments(rights)}
    return render(request, "indicators/instrument.html", context)
