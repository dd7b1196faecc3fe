"""Reads for reports, each with a fixed number of queries, giving plain values."""

from reports.queries.agency_report import Sources, agency_report, sources
from reports.queries.jobs import jobs, own_assessments, periods_with_jobs

__all__ = ["Sources", "agency_report", "jobs", "own_assessments", "periods_with_jobs", "sources"]
