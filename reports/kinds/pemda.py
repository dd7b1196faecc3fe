"""Laporan konsolidasi Pemda for the Tim Koordinasi, from the government's result once final."""

from reports.government_pdf import render_pemda_report as render_pdf
from reports.queries.pemda_report import document, sources
from reports.sheets.government import write_pemda_report as write_xlsx

__all__ = ["document", "render_pdf", "sources", "write_xlsx"]
