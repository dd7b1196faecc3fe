"""Who may have which report made and open it. (`ReportJob.visible_to` says which they know of: not visible is 404.)"""

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment
from assessments.models.assessments import HANDED_IN
from reports.models import ReportJob


def can_request(rights: Rights, assessment: Assessment) -> bool:
    """Have the report of an assessment made: whoever sees the assessment."""
    return permissions.can_report(rights, assessment)


def can_open(rights: Rights, job: ReportJob) -> bool:
    """See, download and retry one report: who may request it, unless it was made of a draft not theirs to see."""
    if not can_request(rights, job.assessment):
        return False
    own = rights.is_coordinator or permissions.is_own(rights, job.assessment)
    return own or job.data_status in HANDED_IN


def is_member(rights: Rights, assessment: Assessment) -> bool:
    """Belongs to the agency in any role. Others' downloads are recorded."""
    return assessment.agency_id in rights.member_of
