"""Reports: asked for, looked at while they are made, downloaded."""

from typing import Any
from uuid import UUID

import django_filters
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.errors import Invalid, WrongState
from assessments.models import Assessment, Period
from reports import permissions, queries, services
from reports.downloads import download
from reports.models import ReportJob
from reports.names import file_name
from spbe_portal.api.base import ApiView, FileView
from spbe_portal.api.serializers import Strict

LOST = "Berkas laporan ini tidak ditemukan lagi di penyimpanan. Buat ulang dengan retry."


class ReportShape(serializers.ModelSerializer):
    """A report. `download` is there once it is done."""

    kind = serializers.ChoiceField(choices=ReportJob.Kind.choices)
    format = serializers.ChoiceField(choices=ReportJob.Format.choices)
    status = serializers.ChoiceField(choices=ReportJob.Status.choices)
    progress = serializers.IntegerField(help_text="0 sampai 100")
    subject = serializers.CharField(source="shown_subject")
    index = serializers.CharField(source="shown_index")
    is_superseded = serializers.SerializerMethodField(help_text="Hasil yang dimuatnya sudah digantikan")
    file_name = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField()

    class Meta:
        model = ReportJob
        fields = [
            "id",
            "code",
            "kind",
            "format",
            "period",
            "assessment",
            "subject",
            "index",
            "status",
            "progress",
            "step",
            "error",
            "is_draft",
            "is_superseded",
            "created_at",
            "finished_at",
            "file_name",
            "size",
            "pages",
            "sha256",
            "download",
        ]
        read_only_fields = fields

    def get_is_superseded(self, job: ReportJob) -> bool:
        return job.superseded_at is not None  # type: ignore[attr-defined]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_file_name(self, job: ReportJob) -> str | None:
        return file_name(job) if job.status == ReportJob.Status.DONE else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_download(self, job: ReportJob) -> str | None:
        return reverse("api_report_download", args=[job.pk]) if job.status == ReportJob.Status.DONE else None


class ReportAccepted(serializers.ModelSerializer):
    """A report that was asked for; look at `url` until it is done."""

    status = serializers.ChoiceField(choices=ReportJob.Status.choices)
    url = serializers.SerializerMethodField()

    class Meta:
        model = ReportJob
        fields = ["id", "status", "url"]
        read_only_fields = fields

    def get_url(self, job: ReportJob) -> str:
        return reverse("api_report", args=[job.pk])


class ReportGiven(Strict):
    """`agency` is made of an assessment, every other kind of a period."""

    kind = serializers.ChoiceField(choices=ReportJob.Kind.choices)
    assessment = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    period = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    format = serializers.ChoiceField(choices=ReportJob.Format.choices, required=False)


class ReportFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=ReportJob.Kind.choices)
    format = django_filters.ChoiceFilter(choices=ReportJob.Format.choices)
    status = django_filters.ChoiceFilter(choices=ReportJob.Status.choices)
    period = django_filters.NumberFilter(field_name="period_id", help_text="Id periode")
    assessment = django_filters.NumberFilter(field_name="assessment_id", help_text="Id penilaian")

    class Meta:
        model = ReportJob
        fields = ["kind", "format", "status", "period", "assessment"]


class _ReportView(ApiView):
    serializer_class = ReportShape

    def find(self, pk: UUID) -> ReportJob:
        """The report, if this person may know of it; else 404."""
        return get_object_or_404(queries.jobs(self.rights), pk=pk)

    def accepted(self, job: ReportJob) -> Response:
        url = reverse("api_report", args=[job.pk])
        return Response(ReportAccepted(job).data, status=202, headers={"Location": url})


@extend_schema(tags=["Laporan"])
class ReportList(_ReportView):
    filterset_class = ReportFilter
    ordering_fields = ["created_at", "finished_at"]
    queryset = ReportJob.objects.none()

    @extend_schema(
        summary="Daftar laporan, terbaru dahulu", operation_id="reports_list", responses=ReportShape(many=True)
    )
    def get(self, request: Request) -> Response:
        services.take_up_lost()
        return self.listed(queries.listed(self.rights), ReportShape)

    @extend_schema(
        summary="Minta laporan",
        description="Dibuat di latar belakang: lihat alamat pada Location sampai statusnya done. Data yang sama "
        "memberi laporan yang sama.",
        operation_id="reports_request",
        request=ReportGiven,
        responses={202: ReportAccepted},
        examples=[
            OpenApiExample("Satu OPD", value={"kind": "agency", "assessment": 7}, request_only=True),
            OpenApiExample("Pemda, XLSX", value={"kind": "pemda", "period": 3, "format": "xlsx"}, request_only=True),
            OpenApiExample("Semua OPD, ZIP", value={"kind": "batch", "period": 3}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        data = self.bound(ReportGiven)
        kind = data["kind"]
        # What is not visible is not found, before anything else is said of it.
        if kind == ReportJob.Kind.AGENCY:
            wanted: dict[str, int] = {"assessment_id": _asked(data, "assessment", "period")}
            get_object_or_404(Assessment.objects.visible_to(self.rights), pk=wanted["assessment_id"])
        else:
            wanted = {"period_id": _asked(data, "period", "assessment")}
            get_object_or_404(Period.objects.visible_to(self.rights), pk=wanted["period_id"])
        default = ReportJob.Format.ZIP if kind in ARCHIVES else ReportJob.Format.PDF
        file_format = data.get("format", default)
        if kind in ARCHIVES and file_format != ReportJob.Format.ZIP:
            raise Invalid({"format": f"{ReportJob.Kind(kind).label} tersedia sebagai ZIP."})
        return self.accepted(services.request_report(kind=kind, user=request.user, format=file_format, **wanted))


#: Kinds that are always a ZIP.
ARCHIVES = (ReportJob.Kind.BATCH, ReportJob.Kind.PACKAGE)


def _asked(data: dict[str, Any], name: str, other: str) -> int:
    """What the report is made of. Raises `Invalid`."""
    if name not in data:
        raise Invalid({name: f"Isi {name}: laporan jenis ini dibuat darinya."})
    if other in data:
        raise Invalid({other: f"Laporan jenis ini tidak dibuat dari {other}."})
    return int(data[name])


@extend_schema(tags=["Laporan"])
class ReportDetail(_ReportView):
    @extend_schema(summary="Satu laporan dan kemajuannya", operation_id="reports_retrieve", responses=ReportShape)
    def get(self, request: Request, pk: UUID) -> Response:
        job = self.find(pk)
        if job.is_waiting and services.take_up_lost():
            job = self.find(pk)
        return Response(ReportShape(job).data)


@extend_schema(tags=["Laporan"])
class ReportDownload(FileView, _ReportView):
    @extend_schema(
        summary="Unduh berkas laporan",
        description="Selalu sebagai lampiran; bagian berkas dapat diminta dengan Range untuk melanjutkan unduhan. "
        "ETag adalah SHA-256 isinya. Kepala Accept tidak membatasi bentuk berkasnya.",
        operation_id="reports_download",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="Misalnya bytes=1000-"),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "Seluruh berkas"),
            (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            (206, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, "Bagian yang diminta dengan Range"),
            (206, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY,
            (206, "application/zip"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="Sudah Anda punya (If-None-Match)"),
            416: OpenApiResponse(description="Range di luar berkas"),
            409: OpenApiResponse(description="Belum siap, atau berkasnya hilang dan perlu dibuat ulang"),
        },
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        job = self.find(pk)
        if job.status != ReportJob.Status.DONE:
            raise WrongState("Laporan ini belum siap diunduh.")
        try:
            return download(request._request, job, request.user)
        except FileNotFoundError:
            services.mark_lost(job)
            raise WrongState(LOST) from None


@extend_schema(tags=["Laporan"])
class ReportRetry(_ReportView):
    @extend_schema(
        summary="Ulangi laporan yang gagal atau dihentikan",
        operation_id="reports_retry",
        request=None,
        responses={202: ReportAccepted},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return self.accepted(services.retry(self.find(pk).pk, request.user))


@extend_schema(tags=["Laporan"])
class ReportCancel(_ReportView):
    @extend_schema(
        summary="Hentikan laporan yang menunggu, atau kumpulan yang sedang dibuat",
        operation_id="reports_cancel",
        request=None,
        responses=ReportShape,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        job = self.find(pk)
        if not permissions.can_cancel(self.rights, job):
            self.permission_denied(request)
        services.cancel(job.pk, request.user)
        return Response(ReportShape(self.find(pk)).data)
