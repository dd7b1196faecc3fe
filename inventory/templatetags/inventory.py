"""Applications beside the indicator they serve: `{% load inventory %}`. One query a tag."""

from typing import Any

from django import template

from accounts.models import Agency
from inventory.queries import Coverage, coverage, linked_to

register = template.Library()


@register.inclusion_tag("inventory/_linked.html")
def linked_applications(agency: Agency, code: str, name: str = "") -> dict[str, Any]:
    """A panel of the agency's applications of this indicator; nothing where there is none.

    `name` (the official one) keeps another instrument's question of the same code away.
    """
    return {"applications": linked_to(agency.pk, code, name), "agency": agency, "code": code}


@register.inclusion_tag("inventory/_coverage.html")
def application_coverage(code: str, name: str = "") -> dict[str, Any]:
    """A line: how many active applications of how many agencies serve this indicator. `name` as above."""
    found: Coverage = coverage([code], {code: name} if name else None)[code]
    return {"coverage": found, "code": code}
