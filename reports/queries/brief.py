"""Satu halaman untuk pimpinan: what it is made of, and the document itself."""

from datetime import datetime

from reports.documents.brief import Brief
from reports.models import ReportJob
from reports.queries import government


def sources(period_id: int) -> government.Sources:
    return government.sources(ReportJob.Kind.BRIEF, period_id)


def document(rows: government.Sources, *, code: str, generated_at: datetime) -> Brief:
    return Brief(**rows.fields(code=code, generated_at=generated_at))
