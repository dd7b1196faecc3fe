"""Results of a period and lists of evidence as files."""

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from assessments import export_files, permissions
from assessments.api._base import LoopView
from assessments.api.period_shapes import find_period, require
from assessments.queries.exports import period_results
from spbe_portal import sheets
from spbe_portal.api.base import FileView

FILES = {(200, sheets.XLSX): OpenApiTypes.BINARY, (200, "text/csv"): OpenApiTypes.BINARY}


class FileAsked(serializers.Serializer):
    type = serializers.ChoiceField(choices=["xlsx", "csv"], default="xlsx", help_text="Bentuk berkas")


class ResultsFileAsked(FileAsked):
    levels = serializers.BooleanField(default=False, help_text="CSV: level tiap indikator, bukan ringkasan")


class ExportView(FileView):
    filter_backends: list = []

    def asked(self, request: Request, shape: type[serializers.Serializer]) -> dict:
        sent = shape(data=request.query_params)
        sent.is_valid(raise_exception=True)
        return sent.validated_data


@extend_schema(tags=["Periode"])
class PeriodResultsFile(ExportView):
    @extend_schema(
        summary="Hasil semua OPD yang boleh Anda lihat, sebagai berkas",
        operation_id="periods_results_file",
        parameters=[ResultsFileAsked],
        responses=FILES,
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        period = find_period(self, pk)
        require(permissions.can_see_results(self.rights))
        asked = self.asked(request, ResultsFileAsked)
        return export_files.results_file(period_results(period, self.rights), asked["type"], levels=asked["levels"])


@extend_schema(tags=["Periode"])
class PeriodEvidenceFile(ExportView):
    @extend_schema(
        summary="Daftar bukti dukung semua OPD, sebagai berkas; tercatat",
        operation_id="periods_evidence_file",
        parameters=[FileAsked],
        responses=FILES,
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        period = find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        asked = self.asked(request, FileAsked)
        return export_files.evidence_file_of_period(user=request.user, period=period, shape=asked["type"])


@extend_schema(tags=["Bukti dukung"])
class AssessmentEvidenceFile(ExportView, LoopView):
    @extend_schema(
        summary="Daftar bukti dukung satu penilaian, sebagai berkas",
        operation_id="assessments_evidence_file",
        parameters=[FileAsked],
        responses=FILES,
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        found = self.find_to_read(pk)
        return export_files.evidence_file(found, self.asked(request, FileAsked)["type"])
