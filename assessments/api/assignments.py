"""Who answers which indicator in a period."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from assessments import permissions
from assessments.api.period_shapes import find_period, reason_field, require
from assessments.models import Assignment, Period
from assessments.services.assignments import Change, Plan, set_assignments
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.serializers import Strict

CELLS_MAX = 20_000


class AssignmentShape(serializers.ModelSerializer):
    agency = AgencyName()
    number = serializers.CharField(source="indicator.code")
    kind = serializers.ChoiceField(choices=Assignment.Kind.choices)

    class Meta:
        model = Assignment
        fields = ["agency", "number", "kind"]


class AssignmentFilter(django_filters.FilterSet):
    agency = django_filters.NumberFilter(field_name="agency_id", help_text="Id OPD")
    number = django_filters.CharFilter(field_name="indicator__code", help_text="Nomor indikator")
    kind = django_filters.ChoiceFilter(choices=Assignment.Kind.choices)

    class Meta:
        model = Assignment
        fields = ["agency", "number", "kind"]


class CellGiven(Strict):
    agency = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="Id OPD")
    number = serializers.CharField(max_length=20, help_text="Nomor indikator")


class AssignedCell(CellGiven):
    kind = serializers.ChoiceField(choices=Assignment.Kind.choices)


class ChangedCell(CellGiven):
    kind = serializers.ChoiceField(
        choices=Assignment.Kind.choices, allow_null=True, help_text="Kosong: tidak ditugaskan"
    )


class _Given(Strict):
    reason = reason_field()
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="Versi periode yang Anda baca"
    )


class AssignmentsGiven(_Given):
    assignments = AssignedCell(many=True, max_length=CELLS_MAX)


class AssignmentsChange(_Given):
    changes = ChangedCell(many=True, max_length=CELLS_MAX)


class AssignedShape(serializers.Serializer):
    """What was changed, and the period's version after it."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    new_assessments = serializers.IntegerField(help_text="OPD yang karenanya mendapat penilaian")
    version = serializers.IntegerField()


_CELLS = [{"agency": 1, "number": "1", "kind": "pic"}, {"agency": 2, "number": "1", "kind": "support"}]


@extend_schema(tags=["Periode"])
class PeriodAssignments(ApiView):
    serializer_class = AssignmentShape
    filterset_class = AssignmentFilter
    queryset = Assignment.objects.none()
    ordering_fields = ["agency__name", "indicator__order"]

    def find(self, pk: int) -> Period:
        period = find_period(self, pk)
        require(permissions.can_assign(self.rights))
        return period

    def present(self, period: Period) -> dict[str, Any]:
        return {"version": period.version}

    @extend_schema(
        summary="Penugasan periode (koordinator)",
        description="ETag jawabannya adalah versi periode, untuk mengubahnya.",
        operation_id="periods_assignments_list",
        responses=AssignmentShape(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        period = self.find(pk)
        return with_etag(self.listed(_stored(period), AssignmentShape), period.version)

    @extend_schema(
        summary="Ganti seluruh penugasan periode",
        description="Yang tidak disebut dihapus. Semua atau tidak satu pun: 409 memuat semua hambatan.",
        operation_id="periods_assignments_replace",
        request=AssignmentsGiven,
        responses=AssignedShape,
        examples=[OpenApiExample("Seluruhnya", value={"assignments": _CELLS, "version": 2}, request_only=True)],
    )
    def put(self, request: Request, pk: int) -> Response:
        self.find(pk)
        data = self.bound(AssignmentsGiven)
        version = sent_version(request, data)
        wanted: dict[tuple[int, str], str | None] = dict.fromkeys(_cells(pk))
        wanted |= {(cell["agency"], cell["number"]): cell["kind"] for cell in data["assignments"]}
        return self._set(pk, [(*cell, kind) for cell, kind in wanted.items()], data["reason"], version)

    @extend_schema(
        summary="Ubah sebagian penugasan periode",
        operation_id="periods_assignments_change",
        request=AssignmentsChange,
        responses=AssignedShape,
        examples=[
            OpenApiExample(
                "Ganti PIC",
                value={
                    "changes": [
                        {"agency": 1, "number": "12", "kind": "support"},
                        {"agency": 2, "number": "12", "kind": "pic"},
                        {"agency": 3, "number": "12", "kind": None},
                    ],
                    "version": 2,
                },
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        self.find(pk)
        data = self.bound(AssignmentsChange)
        version = sent_version(request, data)
        changes = [(cell["agency"], cell["number"], cell["kind"]) for cell in data["changes"]]
        return self._set(pk, changes, data["reason"], version)

    def _set(self, pk: int, changes: list[Change], reason: str, version: int) -> Response:
        plan: Plan = set_assignments(
            period_id=pk,
            user=self.request.user,
            changes=changes,
            reason=reason,
            version=version,
        )
        now = Period.objects.values_list("version", flat=True).get(pk=pk)
        told = {
            "added": plan.added,
            "changed": plan.changed,
            "removed": plan.removed,
            "new_assessments": plan.new_assessments,
            "version": now,
        }
        return with_etag(Response(told), now)


def _stored(period: Period) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(period=period).select_related("agency", "indicator")
    return rows.order_by("agency__name", "agency_id", "indicator__order")


def _cells(pk: int) -> list[tuple[int, str]]:
    return list(Assignment.objects.filter(period=pk).order_by().values_list("agency", "indicator__code"))
