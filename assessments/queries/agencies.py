"""What the assessments know of an agency."""

from django.urls import reverse
from django.utils.http import urlencode

from accounts.errors import Obstacle
from accounts.models import Agency
from assessments.models import Assessment, Period, Status

UNSETTLED = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.APPROVED)


def running_assessments(agency: Agency) -> list[Obstacle]:
    """The agency's assessments that would be stuck without it: nobody could fill them in any more. One query."""
    found = Assessment.objects.filter(agency=agency, status__in=UNSETTLED, period__status=Period.Status.OPEN)
    return [
        Obstacle(
            f"Penilaian pada {assessment.period.name} masih berjalan ({assessment.get_status_display().lower()}). "
            "Finalkan periodenya, atau batalkan penilaian ini.",
            f"{reverse('period', args=[assessment.period_id])}?{urlencode({'cari': agency.name})}#opd",
        )
        for assessment in found.select_related("period").order_by("-period__year", "-period_id")
    ]
