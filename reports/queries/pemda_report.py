"""Laporan konsolidasi Pemda: what it is made of, and the document itself."""

from dataclasses import replace
from datetime import datetime

from assessments.queries.trend import trend
from reports.documents import Index
from reports.documents.government import TrendRow
from reports.documents.pemda import PemdaReport
from reports.models import ReportJob
from reports.queries import government
from reports.queries.government_way import steps_of


def sources(period_id: int) -> government.Sources:
    """See `government.sources`; the years of the trend come with it: three queries more."""
    rows = government.sources(ReportJob.Kind.PEMDA, period_id)
    years = tuple(
        TrendRow(
            year=point.year,
            period=point.period,
            instrument=point.instrument,
            index=Index(point.index, point.predicate),
            target=point.target,
            external=point.external,
            instrument_changed=point.instrument_changed,
            known=point.known,
            total=point.total,
            is_imported=point.is_imported,
            compared=point.compared,
        )
        for point in trend(rows.period.year)
    )
    return replace(rows, facts={**rows.facts, "trend": years})


def document(rows: government.Sources, *, code: str, generated_at: datetime) -> PemdaReport:
    """One query: the evidence that usually serves."""
    report = PemdaReport(**rows.fields(code=code, generated_at=generated_at), steps=())
    return replace(report, steps=steps_of(report, rows.period.instrument))
