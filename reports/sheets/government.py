"""The figures of the documents of the government as workbooks."""

from reports.documents.brief import Brief
from reports.documents.minutes import Minutes
from reports.documents.pemda import PemdaReport


def write_pemda_report(report: PemdaReport) -> bytes:
    raise NotImplementedError


def write_brief(report: Brief) -> bytes:
    raise NotImplementedError


def write_minutes(report: Minutes) -> bytes:
    raise NotImplementedError
