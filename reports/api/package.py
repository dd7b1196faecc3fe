"""The national package of a period: what it lacks, and having it made."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.api.period_shapes import find_period, require
from reports import permissions, services
from reports.api.reports import ReportAccepted
from reports.models import ReportJob
from reports.package.plan import GAPS, Gap
from reports.queries import package as queries
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import LevelNumber, Strict


class GapShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=list(GAPS.items()))
    title = serializers.CharField()
    text = serializers.CharField()
    page = serializers.SerializerMethodField(help_text="Halaman portal tempat memperbaikinya")

    def get_page(self, gap: Gap) -> str:
        return queries.url_of(gap)


class PackageFileShape(serializers.Serializer):
    name = serializers.CharField(help_text="Paling panjang 60 karakter")
    size = serializers.IntegerField(help_text="Byte")


class PackageLinkShape(serializers.Serializer):
    title = serializers.CharField()
    url = serializers.CharField()


class PackageIndicatorShape(serializers.Serializer):
    number = serializers.CharField(source="given.code")
    name = serializers.CharField(source="given.name")
    level = LevelNumber(source="given.level", allow_null=True)
    is_suggested = serializers.BooleanField(source="given.is_suggested", help_text="Belum ditetapkan: usulan")
    files = PackageFileShape(many=True)
    links = PackageLinkShape(many=True)
    gaps = GapShape(many=True)


class PackageShape(serializers.Serializer):
    is_draft = serializers.BooleanField(help_text="Nilai Pemda belum final")
    size = serializers.IntegerField(help_text="Byte semua berkas")
    complete = serializers.IntegerField(help_text="Indikator tanpa kekurangan")
    file_limit = serializers.SerializerMethodField(help_text="Byte paling banyak dalam satu berkas")
    indicators = PackageIndicatorShape(many=True, source="items")

    def get_file_limit(self, rows: Any) -> int:
        return queries.file_limit()


class NothingGiven(Strict):
    """Nothing is said: the package is made of the period as it is."""


@extend_schema(tags=["Laporan"])
class Package(ApiView):
    serializer_class = PackageShape
    filter_backends: list = []

    @extend_schema(
        summary="Isi dan kekurangan paket nasional",
        operation_id="periods_package_retrieve",
        responses=PackageShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(PackageShape(queries.sources(self._period(pk))).data)

    @extend_schema(
        summary="Minta paket nasional",
        description="Dibuat walau ada kekurangan; semuanya tercantum dalam indeksnya. Lihat alamat pada Location.",
        operation_id="periods_package_request",
        request=NothingGiven,
        responses={202: ReportAccepted},
        examples=[OpenApiExample("Periode apa adanya", value={}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.bound(NothingGiven)
        job = services.request_report(kind=ReportJob.Kind.PACKAGE, user=request.user, period_id=self._period(pk))
        accepted = ReportAccepted(job).data
        return Response(accepted, status=202, headers={"Location": accepted["url"]})

    def _period(self, pk: int) -> int:
        period = find_period(self, pk)
        require(permissions.can_request_package(self.rights, period))
        return period.pk
