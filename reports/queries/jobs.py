"""Lists of reports, each with a fixed number of queries."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.permissions import Rights
from assessments.models import Assessment, Period, Status
from assessments.permissions import can_see_pemda
from reports.models import BatchPart, ReportJob


def jobs(rights: Rights) -> QuerySet[ReportJob]:
    """The reports a person knows of, newest first, with what their page shows. One query."""
    found = ReportJob.objects.visible_to(rights).with_results()
    return found.select_related("assessment__agency", "period", "requested_by")


def listed(rights: Rights, period: Period | None = None, kind: str = "", file_format: str = "") -> QuerySet[ReportJob]:
    """Those of the list. One query. What was made as part of a batch alone is in its ZIP, not beside it."""
    wanted = {"period": period, "kind": kind, "format": file_format}
    within = BatchPart.objects.filter(job=OuterRef("pk"), is_own=True)
    return jobs(rights).filter(~Exists(within), **{name: value for name, value in wanted.items() if value})


def periods_with_jobs(rights: Rights) -> list[Period]:
    """The periods of those reports, newest first. One query."""
    return list(Period.objects.filter(pk__in=ReportJob.objects.visible_to(rights).order_by().values("period_id")))


def kinds_with_jobs(rights: Rights) -> list[str]:
    """The kinds of those reports, in the order of `ReportJob.Kind`. One query."""
    found = set(ReportJob.objects.visible_to(rights).order_by().values_list("kind", flat=True).distinct())
    return [kind for kind in ReportJob.Kind.values if kind in found]


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


def reportable_periods(rights: Rights) -> list[Period]:
    """The periods whose reports of the government a person may have made, newest first. One query or none."""
    if not can_see_pemda(rights):
        return []
    return list(Period.objects.filter(status__in=(Period.Status.OPEN, Period.Status.FINAL)))


@dataclass(frozen=True)
class PartCounts:
    """How a batch's reports stand."""

    total: int
    done: int
    failed: int
    stopped: int
    failures: tuple[ReportJob, ...]  # the first ten


def part_counts(batch: ReportJob) -> PartCounts:
    """Two queries."""
    parts = BatchPart.objects.filter(batch=batch)
    states = ReportJob.Status
    counts = parts.aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(job__status=states.DONE)),
        failed=Count("pk", filter=Q(job__status=states.FAILED)),
        stopped=Count("pk", filter=Q(job__status=states.CANCELLED)),
    )
    failures = ReportJob.objects.filter(in_batches__batch=batch, status=states.FAILED).order_by("shown_subject")
    return PartCounts(**counts, failures=tuple(failures[:10]))
