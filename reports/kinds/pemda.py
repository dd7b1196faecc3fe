"""Laporan konsolidasi Pemda for the Tim Koordinasi: the four functions of the kind (see `reports.kinds`)."""

from datetime import datetime
from typing import Any

from assessments.models import Period


def sources(period_id: int) -> Any:
    """Raises `Period.DoesNotExist`."""
    raise Period.DoesNotExist


def document(rows: Any, *, code: str, generated_at: datetime) -> Any:
    raise NotImplementedError


def render_pdf(report: Any) -> bytes:
    raise NotImplementedError


def write_xlsx(report: Any) -> bytes:
    raise NotImplementedError
