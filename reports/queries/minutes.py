"""Berita Acara: what it is made of, and the document itself."""

from datetime import datetime

from reports.documents.minutes import Minutes
from reports.models import ReportJob
from reports.queries import government


def sources(period_id: int) -> government.Sources:
    return government.sources(ReportJob.Kind.MINUTES, period_id)


def document(rows: government.Sources, *, code: str, generated_at: datetime) -> Minutes:
    return Minutes(**rows.fields(code=code, generated_at=generated_at))
