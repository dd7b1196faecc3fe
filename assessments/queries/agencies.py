"""What the assessments know of an agency."""

from django.urls import reverse
from django.utils.http import urlencode

from accounts.errors import Obstacle
from accounts.models import Agency
from accounts.permissions import Rights
from assessments.models import Assessment, Period, Status
from assessments.permissions import can_manage_periods

UNSETTLED = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.APPROVED)


def running_assessments(agency: Agency, rights: Rights) -> list[Obstacle]:
    """The agency's assessments that would be stuck without it: nobody could fill them in any more. One query."""
    found = Assessment.objects.filter(agency=agency, status__in=UNSETTLED, period__status=Period.Status.OPEN)
    can_settle = can_manage_periods(rights)
    who = "Finalkan" if can_settle else "Minta koordinator penilaian: finalkan"
    return [
        Obstacle(
            f"Penilaian pada {assessment.period.name} masih berjalan ({assessment.get_status_display().lower()}). "
            f"{who} periodenya, atau batalkan penilaian ini.",
            _row_of(assessment, agency) if can_settle else "",
        )
        for assessment in found.select_related("period").order_by("-period__year", "-period_id")
    ]


def _row_of(assessment: Assessment, agency: Agency) -> str:
    return f"{reverse('period', args=[assessment.period_id])}?{urlencode({'cari': agency.name})}#opd"
