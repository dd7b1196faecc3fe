"""Assessments: the list, one with its figures and what may be done with it, and what it still lacks."""

from datetime import datetime
from typing import Any

import django_filters
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from assessments import permissions
from assessments.api._base import KeyFilter, LoopView, PeriodRef, ProblemShape
from assessments.models import Assessment, Status
from assessments.moves import MOVES, actions
from assessments.queries.figures import figures, has_verified_index
from assessments.queries.readiness import problems_of
from assessments.queries.results import revisions_of
from indicators.scoring import exact_text
from spbe_portal.api.base import with_etag
from spbe_portal.api.filters import Ordering
from spbe_portal.api.serializers import CoverageShape, IndexShape, index_shape, shown


class BriefIndexShape(serializers.Serializer):
    """An index in a list; its domains and aspects stand in the detail."""

    index = serializers.CharField(allow_null=True, help_text="Dua desimal, untuk ditampilkan")
    index_exact = serializers.CharField(allow_null=True)
    predicate = serializers.CharField(allow_null=True)
    coverage = CoverageShape()


class AssessmentRowShape(serializers.Serializer):
    """One assessment in a list. Needs `rights` and `now` in its context; the row needs `wrote`."""

    id = serializers.IntegerField(source="pk")
    period = PeriodRef()
    agency = AgencyName()
    status = serializers.ChoiceField(choices=Status.choices)
    round = serializers.IntegerField(help_text="Berapa kali sudah diajukan")
    revision = serializers.IntegerField(help_text="Bertambah dengan setiap perubahan isinya")
    due_at = serializers.DateTimeField(help_text="Sampai kapan OPD dapat bekerja, dengan perpanjangan dan perbaikan")
    deadline = serializers.DateTimeField(source="period.deadline", help_text="Batas waktu periode")
    extended_until = serializers.DateTimeField(allow_null=True)
    mend_by = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    returned_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    finalised_at = serializers.DateTimeField(allow_null=True)
    decided = serializers.SerializerMethodField(
        help_text="Indikator yang diputuskan; null bila belum boleh Anda ketahui"
    )
    returned = serializers.SerializerMethodField(help_text="Di antaranya yang dikembalikan")
    actions = serializers.SerializerMethodField(help_text="Langkah yang dapat Anda ambil sekarang")
    self = serializers.SerializerMethodField(method_name="get_own")
    verified = serializers.SerializerMethodField(help_text="null sebelum disetujui")

    def get_decided(self, assessment: Assessment) -> int | None:
        return assessment.decided_count if self._sees_decisions(assessment) else None

    def get_returned(self, assessment: Assessment) -> int | None:
        return assessment.returned_count if self._sees_decisions(assessment) else None

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=[move.name for move in MOVES]))  # type: ignore[arg-type]
    )
    def get_actions(self, assessment: Assessment) -> list[str]:
        now: datetime = self.context["now"]
        return actions(self.context["rights"], assessment, wrote=assessment.wrote, now=now)  # type: ignore[attr-defined]

    @extend_schema_field(BriefIndexShape)
    def get_own(self, assessment: Assessment) -> Any:
        return _brief(assessment, assessment.self_index, assessment.self_predicate)

    @extend_schema_field(BriefIndexShape(allow_null=True))
    def get_verified(self, assessment: Assessment) -> Any:
        if not has_verified_index(assessment):
            return None
        return _brief(assessment, assessment.verified_index, assessment.verified_predicate)

    def _sees_decisions(self, assessment: Assessment) -> bool:
        return permissions.can_see_open_decisions(self.context["rights"], assessment)


def _brief(assessment: Assessment, index: Any, predicate: str) -> dict[str, Any]:
    return {
        "index": shown(index),
        "index_exact": None if index is None else exact_text(index),
        "predicate": predicate or None,
        "coverage": {"answered": assessment.answered_count, "assigned": assessment.assigned_count},
    }


class VerifiedShape(IndexShape):
    """`provisional`: not approved yet; what is not decided, or returned, counts as the lowest level."""

    provisional = serializers.BooleanField(help_text="Sementara: belum disetujui, hanya terlihat oleh verifikator")
    decided = serializers.IntegerField(help_text="Indikator yang sudah diputuskan")


class ResultShape(serializers.Serializer):
    """One frozen result."""

    revision = serializers.IntegerField(source="number")
    is_complete = serializers.BooleanField(help_text="false: dibekukan tidak selesai, tanpa indeks verifikasi")
    finalised_at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True, help_text="Digantikan sejak")
    reason = serializers.CharField()
    digest = serializers.CharField()


class AssessmentShape(AssessmentRowShape):
    """One assessment. Needs `figures` and `results` in its context too."""

    verified = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="Sebelum disetujui hanya terlihat oleh verifikator, dengan provisional: true"
    )
    results = serializers.SerializerMethodField(help_text="Hasil beku, terbaru dahulu")

    @extend_schema_field(IndexShape)
    def get_own(self, assessment: Assessment) -> Any:
        return index_shape(self.context["figures"].own)

    @extend_schema_field(VerifiedShape(allow_null=True))
    def get_verified(self, assessment: Assessment) -> Any:
        found = self.context["figures"]
        if found.verified is None:
            return None
        about = {"provisional": found.is_provisional, "decided": assessment.decided_count}
        return index_shape(found.verified) | about

    @extend_schema_field(ResultShape(many=True))
    def get_results(self, assessment: Assessment) -> Any:
        return ResultShape(self.context["results"], many=True).data


def assessment_data(view: LoopView, pk: int) -> Response:
    """One assessment as it is now."""
    found = view.find(pk)
    context = {
        "rights": view.rights,
        "now": timezone.now(),
        "figures": figures(found, view.rights),
        "results": revisions_of([found])[found.pk],
    }
    return with_etag(Response(AssessmentShape(found, context=context).data), found.revision)


class AssessmentFilter(django_filters.FilterSet):
    period = KeyFilter(help_text="Id periode")
    agency = KeyFilter(help_text="Id OPD")
    status = django_filters.ChoiceFilter(choices=Status.choices)
    year = KeyFilter(field_name="period__year")

    class Meta:
        model = Assessment
        fields = ["period", "agency", "status", "year"]


@extend_schema(tags=["Penilaian"])
class AssessmentList(LoopView):
    serializer_class = AssessmentRowShape
    filterset_class = AssessmentFilter
    filter_backends = [DjangoFilterBackend, Ordering]
    ordering_fields = ["id", "agency__name", "period__year", "status", "submitted_at"]
    queryset = Assessment.objects.order_by("-period__year", "-period_id", "agency__name", "pk")

    @extend_schema(
        summary="Daftar penilaian yang boleh Anda ketahui",
        operation_id="assessments_list",
        responses=AssessmentRowShape(many=True),
    )
    def get(self, request: Request) -> Response:
        context = {"rights": self.rights, "now": timezone.now()}
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset().found_by(self.rights)))
        return self.get_paginated_response(AssessmentRowShape(page, many=True, context=context).data)


@extend_schema(tags=["Penilaian"])
class AssessmentDetail(LoopView):
    serializer_class = AssessmentShape

    @extend_schema(
        summary="Satu penilaian: status, langkah yang tersedia, indeks mandiri dan verifikasi",
        operation_id="assessments_retrieve",
        responses=AssessmentShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        return assessment_data(self, pk)


class ProblemsShape(serializers.Serializer):
    count = serializers.IntegerField()
    problems = ProblemShape(many=True)


@extend_schema(tags=["Penilaian"])
class AssessmentProblems(LoopView):
    """For those who fill it in; nothing once it is handed in."""

    serializer_class = ProblemsShape

    @extend_schema(
        summary="Yang masih menghalangi pengajuan, menurut urutan instrumen",
        operation_id="assessments_problems",
        responses=ProblemsShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        found = self.find_to_write(pk)
        problems = problems_of(found) if found.status in permissions.EDITABLE else []
        return Response(ProblemsShape({"count": len(problems), "problems": problems}).data)
