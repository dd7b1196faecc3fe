"""Laporan penilaian OPD: one agency's assessment, from its result once final."""

from reports.pdf import render_agency_report as render_pdf
from reports.queries.agency_report import agency_report as document
from reports.queries.agency_report import sources
from reports.sheets.agency import write_agency_report as write_xlsx

__all__ = ["document", "render_pdf", "sources", "write_xlsx"]
