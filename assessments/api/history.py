"""Past years as a list: sent, looked at, written; fetched again; and one taken away."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions
from assessments.api._base import TooLarge
from assessments.api.exports import FILES, ExportView, FileAsked
from assessments.api.period_shapes import require
from assessments.models import Period, SheetDraft
from assessments.past import drafts, export, sheet, write
from assessments.past.plan import Group, plan
from assessments.services.answers import REASON_MAX
from spbe_portal import lists, sheets
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import CoverageShape, IndexShape, Strict, index_shape


class HistoryFileGiven(Strict):
    file = serializers.FileField(allow_empty_file=True, help_text="XLSX atau CSV; judul kolom fleksibel")


class HistoryGroupShape(serializers.Serializer):
    """One agency's or the government's levels in one year."""

    agency = serializers.IntegerField(source="agency_id", allow_null=True, help_text="Kosong: nilai Pemda")
    name = serializers.CharField()
    coverage = serializers.SerializerMethodField()
    self_assessment = serializers.SerializerMethodField(help_text="Kosong: tidak ada nilai mandiri")
    result = serializers.SerializerMethodField(help_text="Kosong: tidak ada nilai hasil")

    @extend_schema_field(CoverageShape)
    def get_coverage(self, group: Group) -> dict[str, int]:
        return {"answered": group.answered, "assigned": len(group.assigned)}

    @extend_schema_field(IndexShape(allow_null=True))
    def get_self_assessment(self, group: Group) -> dict[str, Any] | None:
        return index_shape(group.own_score) if group.own_score else None

    @extend_schema_field(IndexShape(allow_null=True))
    def get_result(self, group: Group) -> dict[str, Any] | None:
        return index_shape(group.score) if group.score else None


class HistoryYearShape(serializers.Serializer):
    year = serializers.IntegerField()
    instrument = serializers.CharField(source="instrument.code", default=None, allow_null=True)
    is_ready = serializers.BooleanField(help_text="Disimpan saat diterapkan; yang lain dilewati")
    conflict = serializers.CharField(help_text="Mengapa tahun ini tidak diimpor")
    wrong = serializers.IntegerField(help_text="Baris bermasalah; satu pun menahan seluruh tahunnya")
    assessments = HistoryGroupShape(source="groups", many=True)


class HistoryRowShape(serializers.Serializer):
    line = serializers.IntegerField(help_text="Nomor baris dalam berkas")
    outcome = serializers.ChoiceField(choices=[lists.NEW, lists.SAME, lists.WRONG])
    name = serializers.CharField()
    about = serializers.CharField()
    problems = serializers.ListField(child=serializers.CharField())


class HistoryShape(serializers.Serializer):
    """What a list would become. Nothing is written yet."""

    id = serializers.IntegerField()
    file_name = serializers.CharField()
    kept_until = serializers.DateTimeField(help_text="Sampai kapan unggahan ini disimpan")
    shown = serializers.CharField(help_text="Kirim kembali saat menerapkan")
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Kolom yang dilewati")
    years = HistoryYearShape(many=True)
    rows = HistoryRowShape(many=True)


class HistoryChosen(Strict):
    instruments = serializers.DictField(
        child=serializers.CharField(max_length=60, allow_blank=True),
        help_text="Kode instrumen menurut tahun; kosong: dipilih portal",
    )

    def validate_instruments(self, chosen: dict[str, str]) -> dict[str, str]:
        if any(not (year.isascii() and year.isdigit() and len(year) == 4) for year in chosen):
            raise ValidationError("Tahun ditulis dengan empat angka, misalnya 2023.")
        return chosen


class HistoryApply(Strict):
    shown = serializers.CharField(max_length=64, help_text="Nilai shown dari pemeriksaan yang disetujui")


class HistoryWrittenShape(serializers.Serializer):
    periods = serializers.ListField(child=serializers.IntegerField(), help_text="Id periode yang dibuat")
    assessments = serializers.IntegerField(help_text="Penilaian OPD")
    governments = serializers.IntegerField(help_text="Nilai Pemda")


def looked_at(draft: SheetDraft) -> dict[str, Any]:
    found = plan(drafts.sheet_of(draft), drafts.chosen_of(draft))
    return HistoryShape(
        {
            "id": draft.pk,
            "file_name": draft.file_name,
            "kept_until": draft.kept_until,
            "shown": found.token,
            "ignored": found.ignored,
            "years": found.years,
            "rows": found.rows,
        }
    ).data


@extend_schema(tags=["Riwayat"])
class HistoryImport(ApiView):
    serializer_class = HistoryShape
    parser_classes = [MultiPartParser]

    @extend_schema(
        summary="Periksa daftar tahun-tahun lalu, baris demi baris",
        description="Belum ada yang disimpan. Unggahan disimpan bagi Anda satu hari; unggahan berikutnya "
        "menggantikannya.",
        operation_id="history_check",
        request={"multipart/form-data": HistoryFileGiven},
        responses={201: OpenApiResponse(HistoryShape, "Hasil pemeriksaan")},
    )
    def post(self, request: Request) -> Response:
        require(permissions.can_manage_periods(self.rights))
        _ = request.data
        if getattr(request, "too_large_files", []):  # dropped while it arrived
            raise TooLarge(sheets.TOO_LARGE)
        file = self.bound(HistoryFileGiven)["file"]
        try:
            found = sheet.read(sheets.read(file, file.name or "", file.size or 0, sheet.PAGE))
            draft = drafts.keep(found, file.name or "riwayat", request.user)  # type: ignore[arg-type]
        except sheets.Unreadable as problem:
            raise ValidationError({"file": [str(problem)]}) from None
        return Response(looked_at(draft), status=201)


@extend_schema(tags=["Riwayat"])
class HistoryDraft(ApiView):
    """One that was sent and not written; each sees only one's own."""

    serializer_class = HistoryShape

    def draft(self, list_pk: int) -> SheetDraft:
        require(permissions.can_manage_periods(self.rights))
        found = drafts.find(list_pk)
        if found is None or found.user_id != self.request.user.pk:
            raise Http404
        return found

    @extend_schema(
        summary="Periksa kembali daftar yang belum diterapkan",
        operation_id="history_retrieve",
        responses=HistoryShape,
    )
    def get(self, request: Request, list_pk: int) -> Response:
        return Response(looked_at(self.draft(list_pk)))

    @extend_schema(
        summary="Pilih instrumen tahun-tahunnya",
        operation_id="history_choose",
        request=HistoryChosen,
        responses=HistoryShape,
        examples=[OpenApiExample("Dua tahun", value={"instruments": {"2023": "spbe-47"}}, request_only=True)],
    )
    def patch(self, request: Request, list_pk: int) -> Response:
        draft = self.draft(list_pk)
        chosen = self.bound(HistoryChosen)["instruments"]
        drafts.choose(draft, {f"instrumen-{year}": code for year, code in chosen.items()})
        return Response(looked_at(draft))

    @extend_schema(
        summary="Terapkan daftar tahun-tahun lalu",
        description="Semua tahun yang siap disimpan sekaligus, atau tidak satu pun. Bila hasilnya kini lain dari yang "
        "diperiksa: 409, periksa kembali.",
        operation_id="history_apply",
        request=HistoryApply,
        responses=HistoryWrittenShape,
        examples=[OpenApiExample("Yang diperiksa", value={"shown": "0f3c"}, request_only=True)],
    )
    def post(self, request: Request, list_pk: int) -> Response:
        draft = self.draft(list_pk)
        done = drafts.apply(draft, user=request.user, token=self.bound(HistoryApply)["shown"])  # type: ignore[arg-type]
        periods = [period.pk for period in done.periods]
        return Response({"periods": periods, "assessments": done.assessments, "governments": done.governments})


@extend_schema(tags=["Riwayat"])
class HistoryFile(ExportView):
    @extend_schema(
        summary="Tahun-tahun yang pernah diimpor, sebagai berkas yang dapat diimpor kembali",
        operation_id="history_file",
        parameters=[FileAsked],
        responses=FILES,
    )
    def get(self, request: Request) -> HttpResponseBase:
        require(permissions.can_manage_periods(self.rights))
        shape = self.asked(request, FileAsked)["type"]
        if shape == "csv":
            content, kind = sheets.write_csv(export.HEAD, export.rows()), sheets.CSV
        else:
            content, kind = sheets.write_xlsx(export.HEAD, export.rows(), title="Riwayat"), sheets.XLSX
        name = f"riwayat-{timezone.localdate():%Y-%m-%d}.{shape}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(content, content_type=kind, headers=headers)


class WhyAsked(serializers.Serializer):
    reason = serializers.CharField(max_length=REASON_MAX, help_text="Alasan; tercatat dalam jejak audit")


@extend_schema(tags=["Riwayat"])
class PeriodHistory(ApiView):
    @extend_schema(
        summary="Hapus satu tahun yang diimpor",
        description="Hanya oleh yang mengimpornya, selama belum ada yang memakainya (409).",
        operation_id="periods_history_remove",
        parameters=[WhyAsked],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        require(permissions.can_manage_periods(self.rights))
        found = get_object_or_404(Period, pk=pk, is_imported=True)
        require(permissions.can_remove_imported(self.rights, found))
        asked = WhyAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        write.remove(period_id=pk, user=request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response(status=204)
