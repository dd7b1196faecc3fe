"""The kinds of reports: what each is made of, how it is made and who may have it. The one place that lists them.

A kind is a module with four functions; services, the worker, the pages and the API know nothing else of it:

    sources(pk) -> Sources              what it would be made of now; few queries. `pk` is the assessment's for
                                        kinds of one agency, the period's for all others. Raises
                                        `Assessment.DoesNotExist`, `Period.DoesNotExist`.
    document(rows, *, code, generated_at) -> Document
                                        a frozen dataclass with everything the report says; a fixed number of queries
    render_pdf(document) -> bytes       the tagged PDF, no query (see `reports.pdf.make_pdf`)
    write_xlsx(document) -> bytes       the same figures as a workbook, no query (see `reports.sheets`); only where
                                        the kind has "xlsx" among its formats

A batch is no document: it is a ZIP of agency reports (`reports.batches`) and so is not listed here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, Protocol

from accounts.permissions import Rights
from assessments.models import Assessment, Period
from reports import permissions
from reports.kinds import agency, brief, minutes, pemda
from reports.models import ReportJob

PDF, XLSX, ZIP = ReportJob.Format.PDF, ReportJob.Format.XLSX, ReportJob.Format.ZIP


class Sources(Protocol):
    """The rows a report is made of.

    `key` (see `reports.keys.data_key`) is the same as long as the report would say the same. `revision` is that of
    the `Result` or `PemdaResult` it is made of; None for a draft.
    """

    @property
    def key(self) -> str: ...
    @property
    def is_draft(self) -> bool: ...
    @property
    def period(self) -> Period: ...
    @property
    def assessment(self) -> Assessment | None: ...
    @property
    def revision(self) -> int | None: ...


class Document(Protocol):
    """What the report says. The two `shown_` texts are what the public page shows of it, as printed."""

    @property
    def code(self) -> str: ...
    @property
    def generated_at(self) -> datetime: ...
    @property
    def shown_subject(self) -> str: ...  # "Dinas Kesehatan", or the government's name
    @property
    def shown_index(self) -> str: ...  # "3,61 (Sangat Baik)", or "" where it has none


@dataclass(frozen=True)
class Kind:
    """One kind. `prefix` begins its document codes; `file` begins its files' names."""

    value: str
    prefix: str
    file: str
    formats: tuple[str, ...]
    maker: ModuleType
    may_have: Callable[[Rights, Any], bool]  # of an assessment or a period
    of_assessment: bool = False

    @property
    def title(self) -> str:
        return str(ReportJob.Kind(self.value).label)


KINDS: dict[str, Kind] = {
    kind.value: kind
    for kind in (
        Kind("agency", "LPO", "laporan-spbe", (PDF, XLSX), agency, permissions.can_request, of_assessment=True),
        Kind("pemda", "LKP", "laporan-konsolidasi", (PDF, XLSX), pemda, permissions.can_request_period),
        Kind("brief", "RSH", "ringkasan-spbe", (PDF, XLSX), brief, permissions.can_request_period),
        Kind("minutes", "BAV", "berita-acara", (PDF, XLSX), minutes, permissions.can_request_minutes),
    )
}
