"""Reads for reports, each with a fixed number of queries, giving plain values."""

from reports.queries.agency_report import Sources, agency_report, sources
from reports.queries.jobs import (
    PartCounts,
    jobs,
    kinds_with_jobs,
    listed,
    own_assessments,
    part_counts,
    periods_with_jobs,
    reportable_periods,
)

__all__ = [
    "PartCounts",
    "Sources",
    "agency_report",
    "jobs",
    "kinds_with_jobs",
    "listed",
    "own_assessments",
    "part_counts",
    "periods_with_jobs",
    "reportable_periods",
    "sources",
]
