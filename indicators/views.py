"""The instruments as pages to read. Nobody writes here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.permissions import rights_of
from indicators.models import Instrument
from indicators.queries import instrument_content, instrument_rows


@require_safe
def instrument_list(request: HttpRequest) -> HttpResponse:
    """Every instrument, for everybody who is logged in; what is still being edited, for coordinators."""
    rows = instrument_rows(with_drafts=rights_of(request.user).is_coordinator)
    return render(request, "indicators/instrument_list.html", {"rows": rows})


@require_safe
def instrument(request: HttpRequest, code: str) -> HttpResponse:
    """Domains, aspects, indicators, weights and criteria: for everybody who is logged in."""
    found = get_object_or_404(Instrument, code=code)
    return render(request, "indicators/instrument.html", {"content": instrument_content(found), "instrument": found})
