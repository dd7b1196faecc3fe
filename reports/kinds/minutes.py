"""Berita Acara of the verification."""

from reports.government_pdf import render_minutes as render_pdf
from reports.queries.minutes import document, sources
from reports.sheets.government import write_minutes as write_xlsx

__all__ = ["document", "render_pdf", "sources", "write_xlsx"]
