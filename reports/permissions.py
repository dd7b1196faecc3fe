"""Who may have which report made and open it. (`ReportJob.visible_to` says which they know of: not visible is 404.)"""

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment, Period
from assessments.models.assessments import HANDED_IN
from reports.models import ReportJob


def can_request(rights: Rights, assessment: Assessment) -> bool:
    """Have the report of an assessment made: whoever sees the assessment."""
    return permissions.can_report(rights, assessment)


def can_request_periods(rights: Rights) -> bool:
    """Have reports of the government made at all."""
    return permissions.can_see_pemda(rights)


def can_request_period(rights: Rights, period: Period) -> bool:
    """Have a report of the government made: whoever sees its figures. A batch: of what they see."""
    return permissions.can_see_pemda(rights) and period.status in (Period.Status.OPEN, Period.Status.FINAL)


def can_request_minutes(rights: Rights, period: Period) -> bool:
    """Have the Berita Acara made. Of a past year that was brought in nobody here verified anything."""
    return can_request_period(rights, period) and not period.is_imported


def can_request_package(rights: Rights, period: Period) -> bool:
    """See what the national package lacks and have it made: it holds evidence of all agencies, drafts among it.

    Of a past year that was brought in there is no evidence to pack.
    """
    is_opened = period.status in (Period.Status.OPEN, Period.Status.FINAL)
    return rights.is_coordinator and is_opened and not period.is_imported


def can_open(rights: Rights, job: ReportJob) -> bool:
    """See, download and retry one report: who may request it, unless it was made of a draft not theirs to see.

    A batch: who asked for it and the coordinators. (Whether all in it is still theirs, only `visible_to` knows.)
    """
    if job.assessment is not None:
        if not can_request(rights, job.assessment):
            return False
        own = rights.is_coordinator or permissions.is_own(rights, job.assessment)
        return own or job.data_status in HANDED_IN
    if job.is_package:
        return rights.is_coordinator
    if job.is_batch and not rights.is_coordinator and job.requested_by_id != rights.user_id:
        return False
    return permissions.can_see_pemda(rights)


def can_cancel(rights: Rights, job: ReportJob) -> bool:
    """Stop what is being made: who asked for it, and the coordinators."""
    return can_open(rights, job) and (rights.is_coordinator or job.requested_by_id == rights.user_id)


def is_member(rights: Rights, assessment: Assessment) -> bool:
    """Belongs to the agency in any role. Others' downloads are recorded."""
    return assessment.agency_id in rights.member_of
