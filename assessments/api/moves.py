"""The moves of one assessment (`assessments.moves`), an address each."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions, workflow
from assessments.api._base import LoopView
from assessments.api.assessments import AssessmentShape, assessment_data
from assessments.api.period_shapes import MomentField, reason_field
from assessments.models import Assessment
from assessments.services._base import require
from spbe_portal.api.serializers import Strict


class Nothing(Strict):
    """A move that asks for nothing."""


class Reason(Strict):
    reason = reason_field()


class ReturnBody(Strict):
    mend_by = MomentField(
        required=False, allow_null=True, help_text="Tanpa ini: hari kerja perbaikan menurut periodenya"
    )
    revision = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Revisi penilaian yang Anda baca; usang ditolak"
    )


class ApproveBody(Strict):
    revision = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, help_text="Revisi penilaian yang Anda baca; usang ditolak"
    )


class ExtendBody(Strict):
    until = MomentField(help_text="Batas waktu baru, sesudah yang sekarang")
    reason = reason_field()


WHY = OpenApiExample("Dengan alasan", value={"reason": "Bukti tambahan ditemukan."}, request_only=True)
NONE = OpenApiExample("Tanpa isian", value={}, request_only=True)
UNREADY = "Bila belum siap: 409 dengan semua hambatannya (problems)."


class MoveView(LoopView):
    """Find, check, bind, move, answer with the assessment as it is then."""

    serializer_class = AssessmentShape

    def present(self, stale: Assessment) -> Any:
        return assessment_data(self, stale.pk).data


@extend_schema(tags=["Langkah"])
class Submit(MoveView):
    @extend_schema(
        summary="Ajukan penilaian",
        description=UNREADY,
        operation_id="assessments_submit",
        request=Nothing,
        responses=AssessmentShape,
        examples=[NONE],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find_to_write(pk)
        self.bound(Nothing)
        workflow.submit(assessment_id=pk, user=request.user)
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Withdraw(MoveView):
    @extend_schema(
        summary="Tarik kembali pengajuan",
        description="Sebelum keputusan pertama dan sebelum batas waktu.",
        operation_id="assessments_withdraw",
        request=Nothing,
        responses=AssessmentShape,
        examples=[NONE],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find_to_write(pk)
        self.bound(Nothing)
        workflow.withdraw(assessment_id=pk, user=request.user)
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Return(MoveView):
    @extend_schema(
        summary="Kembalikan indikator yang ditandai",
        operation_id="assessments_return",
        request=ReturnBody,
        responses=AssessmentShape,
        examples=[OpenApiExample("Dengan batas", value={"mend_by": "2026-12-04T16:00:00+07:00"}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find_to_review(pk)
        data = self.bound(ReturnBody)
        workflow.return_assessment(
            assessment_id=pk, user=request.user, mend_by=data.get("mend_by"), revision=data.get("revision")
        )
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Approve(MoveView):
    @extend_schema(
        summary="Setujui penilaian",
        description=UNREADY,
        operation_id="assessments_approve",
        request=ApproveBody,
        responses=AssessmentShape,
        examples=[NONE],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find_to_review(pk)
        data = self.bound(ApproveBody)
        workflow.approve(assessment_id=pk, user=request.user, revision=data.get("revision"))
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Reopen(MoveView):
    @extend_schema(
        summary="Buka kembali penilaian",
        description="Oleh koordinator, dengan alasan. Keputusan tetap ada dan dapat diubah.",
        operation_id="assessments_reopen",
        request=Reason,
        responses=AssessmentShape,
        examples=[WHY],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_manage_periods(self.rights))
        workflow.reopen(assessment_id=pk, user=request.user, **self.bound(Reason))
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Cancel(MoveView):
    @extend_schema(
        summary="Batalkan penilaian",
        description="Oleh koordinator, dengan alasan. Isiannya tetap dapat dibaca OPD dan koordinator.",
        operation_id="assessments_cancel",
        request=Reason,
        responses=AssessmentShape,
        examples=[WHY],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_manage_periods(self.rights))
        workflow.cancel(assessment_id=pk, user=request.user, **self.bound(Reason))
        return assessment_data(self, pk)


@extend_schema(tags=["Langkah"])
class Extend(MoveView):
    @extend_schema(
        summary="Perpanjang batas waktu satu OPD",
        description="Oleh koordinator, dengan alasan. Selama dikembalikan: batas perbaikannya.",
        operation_id="assessments_extend",
        request=ExtendBody,
        responses=AssessmentShape,
        examples=[
            OpenApiExample(
                "Perpanjangan",
                value={"until": "2026-12-14T16:00:00+07:00", "reason": "Kantor terdampak banjir."},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_manage_periods(self.rights))
        workflow.extend(assessment_id=pk, user=request.user, **self.bound(ExtendBody))
        return assessment_data(self, pk)
