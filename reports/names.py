"""What a downloaded report is called."""

from django.utils.text import slugify

from reports.kinds import KINDS
from reports.models import ReportJob


def file_name(job: ReportJob) -> str:
    """For example "laporan-spbe-dinkes-2026-rev2.pdf". A job of `queries.jobs` (with its results)."""
    if job.is_batch:
        return f"laporan-spbe-semua-opd-{job.period.year}{'-draf' if job.is_draft else ''}.zip"
    mark = "-draf" if job.is_draft else f"-rev{job.result_revision}" if (job.result_revision or 1) > 1 else ""
    if job.is_package:
        return f"paket-nasional-{job.period.year}{mark}.zip"
    is_complete = job.is_complete  # type: ignore[attr-defined]
    mark = "-draf" if job.is_draft else "-tidak-selesai" if is_complete is False else ""
    revision = f"-rev{job.result_revision}" if job.result_revision and job.result_revision > 1 else ""
    whose = ""
    if job.assessment is not None:
        agency = job.assessment.agency
        whose = f"-{slugify(agency.short_name) or agency.slug}"
    return f"{KINDS[job.kind].file}{whose}-{job.period.year}{mark}{revision}.{job.format}"
