"""All agencies' results of a period. Agencies are never ordered by index: theirs is internal."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from accounts.models import Agency
from assessments import permissions
from assessments.api.period_shapes import SHOWN_STATUSES, IndexText, find_period, require
from assessments.queries import results as queries
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import CoverageShape

ORDERS = {"name": "nama", "status": "status", "coverage": "cakupan"}


class RevisionShape(serializers.Serializer):
    """One frozen result."""

    revision = serializers.IntegerField(source="number")
    is_complete = serializers.BooleanField()
    finalised_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True, help_text="Terisi: digantikan")
    reason = serializers.CharField()
    index = IndexText(source="verified_index", allow_null=True)
    digest = serializers.CharField()


class EarlierShape(serializers.Serializer):
    year = serializers.IntegerField()
    index = IndexText()
    is_comparable = serializers.BooleanField(help_text="Instrumennya sama")


class AgencyResultShape(serializers.Serializer):
    """One agency in a period; the index is *indeks internal OPD*."""

    assessment = serializers.IntegerField(source="assessment.pk")
    agency = AgencyName(source="assessment.agency")
    status = serializers.ChoiceField(choices=SHOWN_STATUSES)
    coverage = serializers.SerializerMethodField()
    self_index = IndexText(allow_null=True)
    verified_index = IndexText(allow_null=True, help_text="Sejak disetujui")
    predicate = serializers.CharField()
    earlier = EarlierShape(allow_null=True)
    revisions = RevisionShape(many=True)

    @extend_schema_field(CoverageShape)
    def get_coverage(self, row: queries.ResultRow) -> dict[str, int]:
        return {"answered": row.assessment.answered_count, "assigned": row.assessment.assigned_count}


class ResultsAsked(serializers.Serializer):
    status = serializers.ChoiceField(choices=SHOWN_STATUSES, required=False)
    kind = serializers.ChoiceField(choices=Agency.Kind.choices, required=False)
    search = serializers.CharField(required=False, max_length=100, help_text="Bagian dari nama OPD")
    ordering = serializers.ChoiceField(choices=list(ORDERS), required=False)


@extend_schema(tags=["Periode"])
class PeriodResults(ApiView):
    serializer_class = AgencyResultShape
    filter_backends: list = []

    @extend_schema(
        summary="Hasil semua OPD yang boleh Anda lihat",
        operation_id="periods_results_list",
        parameters=[ResultsAsked],
        responses=AgencyResultShape(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(permissions.can_see_results(self.rights))
        asked = ResultsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        rows = [row for row in queries.result_rows(period, self.rights) if _matches(row, wanted)]
        rows = queries.ordered(rows, ORDERS[wanted.get("ordering", "name")])
        return self.listed(rows, AgencyResultShape, lambda page: queries.with_earlier(page, period))


def _matches(row: queries.ResultRow, wanted: dict[str, Any]) -> bool:
    agency = row.assessment.agency
    return (
        wanted.get("status", row.status) == row.status
        and wanted.get("kind", agency.kind) == agency.kind
        and wanted.get("search", "").casefold() in f"{agency.name} {agency.short_name}".casefold()
    )
