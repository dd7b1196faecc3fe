"""What a report shows, as plain frozen values. Pure: a document is built first, then rendered without any query.

Levels and indices are exact (`Fraction`, `int` or `Decimal`); they are rounded where they are written.
"""

from reports.documents.agency import FIRST_RECOMMENDATIONS, AgencyReport, Decisions, Part, Replaced
from reports.documents.base import TEMPLATE_VERSION, Band, Index, band_note

__all__ = [
    "FIRST_RECOMMENDATIONS",
    "TEMPLATE_VERSION",
    "AgencyReport",
    "Band",
    "Decisions",
    "Index",
    "Part",
    "Replaced",
    "band_note",
]
