"""The government in a period: its table, the determined levels, the ministry's beside them, and its result."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions, workflow
from assessments.api.period_shapes import IndexText, PicShape, find_period, reason_field, require
from assessments.api.periods import FrozenPemdaShape
from assessments.models import Determination, Period
from assessments.queries import pemda as queries
from assessments.queries.trend import trend
from assessments.services import determination as services
from indicators.scoring import exact_text
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.serializers import CoverageShape, IndexShape, LevelNumber, Strict, index_shape, shown

VERSION_MAX = 2**31 - 1


class SupportShape(serializers.Serializer):
    """The supporting agencies of an indicator."""

    total = serializers.IntegerField()
    decided = serializers.IntegerField(help_text="Yang sudah bernilai verifikasi")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Jumlah OPD menurut level")


class GovernmentRowShape(serializers.Serializer):
    """One indicator of the government. `version` 0: not determined."""

    number = serializers.CharField(source="code")
    name = serializers.CharField()
    weight = serializers.SerializerMethodField()
    suggested = LevelNumber(allow_null=True, help_text="Usulan: nilai verifikasi PIC, yang terendah")
    obstacle = serializers.CharField(help_text="Sebab tidak ada usulan")
    level = LevelNumber(allow_null=True, help_text="Nilai Pemda yang ditetapkan")
    reason = serializers.CharField()
    determined_by = serializers.CharField()
    determined_at = serializers.DateTimeField(allow_null=True)
    is_outdated = serializers.BooleanField(help_text="Usulan berubah sesudah ditetapkan")
    version = serializers.IntegerField()
    external = LevelNumber(allow_null=True, help_text="Nilai eksternal, dari kementerian")
    last = LevelNumber(allow_null=True, help_text="Nilai Pemda terdahulu")
    target = LevelNumber(allow_null=True)
    pics = PicShape(many=True)
    support = SupportShape(source="coverage")

    def get_weight(self, row: queries.PemdaRow) -> str:
        return exact_text(row.weight)


class LastGovernmentShape(serializers.Serializer):
    year = serializers.IntegerField()
    period = serializers.CharField()
    index = IndexText()
    predicate = serializers.CharField()
    is_comparable = serializers.BooleanField(help_text="Instrumennya sama")


class GovernmentShape(IndexShape):
    """The government's index of what is determined, with all that stands beside it."""

    period = serializers.IntegerField()
    is_complete = serializers.BooleanField(help_text="Semua indikator ditetapkan")
    is_locked = serializers.BooleanField(help_text="Final: dibuka kembali dahulu sebelum diubah")
    target = IndexText(allow_null=True)
    suggested = IndexShape(help_text="Indeks bila semua usulan dipakai")
    external = IndexShape(allow_null=True)
    last = LastGovernmentShape(allow_null=True)
    result = FrozenPemdaShape(allow_null=True, help_text="Hasil yang berlaku")
    indicators = GovernmentRowShape(many=True)


def government(board: queries.Board) -> dict[str, Any]:
    return {
        **index_shape(board.score),
        "period": board.period.pk,
        "is_complete": board.is_complete,
        "is_locked": board.is_locked,
        "target": shown(board.target),
        "suggested": index_shape(board.suggested_score),
        "external": index_shape(board.external_score) if board.external_score else None,
        "last": LastGovernmentShape(board.last).data if board.last else None,
        "result": FrozenPemdaShape(board.result).data if board.result else None,
        "indicators": GovernmentRowShape(board.rows, many=True).data,
    }


class _GovernmentView(ApiView):
    """What is said of the government: for whoever sees its figures (else 403), of periods that were opened."""

    def find(self, pk: int, *, write: bool = False) -> Period:
        period = find_period(self, pk, opened=True)
        require(permissions.can_see_pemda(self.rights))
        require(not write or permissions.can_determine(self.rights))
        return period

    def row(self, period: Period, number: str) -> queries.PemdaRow:
        for row in queries.board(period).rows:
            if row.code == number:
                return row
        raise Http404

    def shown_row(self, period: Period, number: str) -> Response:
        row = self.row(period, number)
        return with_etag(Response(GovernmentRowShape(row).data), row.version)

    def present(self, current: Determination | None) -> dict[str, Any] | None:
        if current is None:
            return None
        return dict(GovernmentRowShape(self.row(self.find(self.kwargs["pk"]), self.kwargs["number"])).data)


@extend_schema(tags=["Nilai Pemda"])
class Pemda(_GovernmentView):
    serializer_class = GovernmentShape

    @extend_schema(
        summary="Indeks Pemda, domain, aspek, cakupan, dan setiap indikator",
        operation_id="periods_pemda_retrieve",
        responses=GovernmentShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(government(queries.board(self.find(pk))))


@extend_schema(tags=["Nilai Pemda"])
class PemdaFinalise(_GovernmentView):
    serializer_class = GovernmentShape

    @extend_schema(
        summary="Finalkan nilai Pemda pada periode yang sudah final",
        description="Selama periode berjalan, nilai Pemda difinalkan bersama periodenya.",
        operation_id="periods_pemda_finalise",
        request=None,
        responses=GovernmentShape,
    )
    def post(self, request: Request, pk: int) -> Response:
        period = self.find(pk, write=True)
        workflow.finalise_pemda(period_id=pk, user=request.user)
        return Response(government(queries.board(period)))


class PemdaReopenGiven(Strict):
    reason = reason_field()


@extend_schema(tags=["Nilai Pemda"])
class PemdaReopen(_GovernmentView):
    serializer_class = GovernmentShape

    @extend_schema(
        summary="Buka kembali nilai Pemda yang sudah final",
        operation_id="periods_pemda_reopen",
        request=PemdaReopenGiven,
        responses=GovernmentShape,
        examples=[OpenApiExample("Salah tulis", value={"reason": "Level salah tulis."}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        period = self.find(pk, write=True)
        data = self.bound(PemdaReopenGiven)
        workflow.reopen_pemda(period_id=pk, user=request.user, **data)
        return Response(government(queries.board(period)))


# --- Determination -------------------------------------------------------------------------------------------


class DetermineGiven(Strict):
    level = LevelNumber()
    reason = reason_field()
    version = serializers.IntegerField(
        required=False, min_value=0, max_value=VERSION_MAX, help_text="Versi yang Anda baca; 0: belum ditetapkan"
    )


@extend_schema(tags=["Nilai Pemda"])
class DeterminationDetail(_GovernmentView):
    serializer_class = GovernmentRowShape

    @extend_schema(
        summary="Satu indikator Pemda",
        operation_id="periods_determinations_retrieve",
        responses=GovernmentRowShape,
    )
    def get(self, request: Request, pk: int, number: str) -> Response:
        return self.shown_row(self.find(pk), number)

    @extend_schema(
        summary="Tetapkan nilai Pemda satu indikator",
        description="Alasan wajib bila levelnya berbeda dari usulan atau tanpa usulan. Tanpa version dan If-Match, "
        "nilai yang ada ditimpa.",
        operation_id="periods_determinations_set",
        request=DetermineGiven,
        responses=GovernmentRowShape,
        examples=[
            OpenApiExample(
                "Lain dari usulan",
                value={"level": 4, "reason": "Berlaku di semua OPD.", "version": 1},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, pk: int, number: str) -> Response:
        period = self.find(pk, write=True)
        data = self.bound(DetermineGiven)
        data["version"] = known_version(request, data)
        services.determine(period_id=pk, code=number, user=request.user, **data)
        return self.shown_row(period, number)

    @extend_schema(
        summary="Hapus penetapan satu indikator",
        operation_id="periods_determinations_clear",
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, pk: int, number: str) -> Response:
        self.find(pk, write=True)
        services.undetermine(period_id=pk, code=number, user=request.user, version=known_version(request, {}))
        return Response(status=204)


def known_version(request: Request, data: dict[str, Any]) -> int | None:
    """The version that was read, where it was sent at all."""
    if "version" not in data and "If-Match" not in request.headers:
        return None
    return sent_version(request, data)


class SkippedShape(serializers.Serializer):
    number = serializers.CharField()
    obstacle = serializers.CharField()


class SuggestedShape(serializers.Serializer):
    determined = serializers.ListField(child=serializers.CharField(), help_text="Nomor indikator")
    skipped = SkippedShape(many=True)


@extend_schema(tags=["Nilai Pemda"])
class DetermineSuggested(_GovernmentView):
    serializer_class = SuggestedShape

    @extend_schema(
        summary="Tetapkan semua yang belum ditetapkan sesuai usulan",
        operation_id="periods_determinations_suggested",
        request=None,
        responses=SuggestedShape,
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk, write=True)
        done = services.determine_suggested(period_id=pk, user=request.user)
        skipped = [{"number": code, "obstacle": why} for code, why in done.skipped]
        return Response({"determined": list(done.codes), "skipped": skipped})


class ExternalGiven(Strict):
    level = LevelNumber(allow_null=True, help_text="Kosong menghapusnya")


@extend_schema(tags=["Nilai Pemda"])
class ExternalDetail(_GovernmentView):
    serializer_class = GovernmentRowShape

    @extend_schema(
        summary="Isi nilai eksternal satu indikator",
        operation_id="periods_external_set",
        request=ExternalGiven,
        responses=GovernmentRowShape,
        examples=[OpenApiExample("Level 3", value={"level": 3}, request_only=True)],
    )
    def put(self, request: Request, pk: int, number: str) -> Response:
        period = self.find(pk, write=True)
        services.set_external_level(period_id=pk, code=number, user=request.user, **self.bound(ExternalGiven))
        return self.shown_row(period, number)


# --- Over the years ------------------------------------------------------------------------------------------


class TrendShape(serializers.Serializer):
    """One final result of the government."""

    year = serializers.IntegerField()
    period = serializers.IntegerField(source="period_id")
    name = serializers.CharField(source="period")
    instrument = serializers.CharField(source="instrument_code")
    index = IndexText()
    index_exact = serializers.SerializerMethodField()
    predicate = serializers.CharField()
    target = IndexText(allow_null=True)
    external = IndexText(allow_null=True)
    instrument_changed = serializers.BooleanField(help_text="Instrumennya lain dari hasil sebelumnya")
    is_imported = serializers.BooleanField(help_text="Riwayat impor, tanpa bukti")
    coverage = serializers.SerializerMethodField()

    def get_index_exact(self, point: Any) -> str:
        return exact_text(point.index)

    @extend_schema_field(CoverageShape)
    def get_coverage(self, point: Any) -> dict[str, int]:
        return {"answered": point.known, "assigned": point.total}


@extend_schema(tags=["Nilai Pemda"])
class Trend(ApiView):
    serializer_class = TrendShape
    filter_backends: list = []

    @extend_schema(
        summary="Indeks Pemda dari tahun ke tahun, terlama dahulu",
        operation_id="trend_list",
        responses=TrendShape(many=True),
    )
    def get(self, request: Request) -> Response:
        require(permissions.can_see_pemda(self.rights))
        return self.listed(trend(), TrendShape)
