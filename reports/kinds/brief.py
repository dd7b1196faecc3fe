"""Satu halaman untuk pimpinan."""

from reports.government_pdf import render_brief as render_pdf
from reports.queries.brief import document, sources
from reports.sheets.government import write_brief as write_xlsx

__all__ = ["document", "render_pdf", "sources", "write_xlsx"]
