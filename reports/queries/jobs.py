"""Lists of reports, each with a fixed number of queries."""

from django.db.models import QuerySet

from accounts.permissions import Rights
from assessments.models import Assessment, Period, Status
from reports.models import ReportJob


def jobs(rights: Rights, period: Period | None = None) -> QuerySet[ReportJob]:
    """The reports a person knows of, newest first, with what a list shows. One query."""
    found = ReportJob.objects.visible_to(rights).with_results()
    found = found.select_related("assessment__agency", "assessment__period", "requested_by")
    return found.filter(assessment__period=period) if period else found


def periods_with_jobs(rights: Rights) -> list[Period]:
    """The periods of those reports, newest first. One query."""
    return list(
        Period.objects.filter(pk__in=ReportJob.objects.visible_to(rights).order_by().values("assessment__period_id"))
    )


def own_assessments(rights: Rights) -> list[Assessment]:
    """What an operator most likely wants a report of: the own agencies' assessments, newest first. One query."""
    if not rights.is_operator:
        return []
    return list(
        Assessment.objects.filter(agency_id__in=rights.operator_of)
        .exclude(status=Status.CANCELLED)
        .select_related("agency", "period")
        .order_by("-period__year", "-period_id", "agency__name")[:12]
    )
