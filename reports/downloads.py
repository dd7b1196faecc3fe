"""A report's file on its way out, for the page and the API alike: scoped by whoever calls, recorded here."""

from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from assessments import downloads
from reports import services
from reports.models import ReportJob
from reports.names import file_name

CONTENT_TYPES = {
    ReportJob.Format.PDF: "application/pdf",
    ReportJob.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportJob.Format.ZIP: "application/zip",
}


def download(request: HttpRequest, job: ReportJob, user: User) -> HttpResponseBase:
    """The file of a finished report as an attachment, whole or from where a download broke off.

    Raises `FileNotFoundError` where it is gone from the storage.
    """
    return downloads.serve(
        request,
        job.file,
        name=file_name(job),
        content_type=CONTENT_TYPES[ReportJob.Format(job.format)],
        digest=job.sha256,
        note=lambda is_rest: services.note_download(job, user),
    )
