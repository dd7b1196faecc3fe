"""The instrument as a page to read. Nobody writes here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from indicators.models import Instrument
from indicators.queries import instrument_content


@require_safe
def instrument(request: HttpRequest, code: str) -> HttpResponse:
    """Domains, aspects, indicators, weights and criteria: for everybody who is logged in."""
    found = get_object_or_404(Instrument, code=code)
    return render(request, "indicators/instrument.html", {"content": instrument_content(found), "instrument": found})
