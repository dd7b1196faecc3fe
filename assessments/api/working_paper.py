"""The working paper: fetched as XLSX, sent back as XLSX or CSV, looked at, applied. As the pages do it."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.api._base import LoopView, TooLarge
from assessments.export_files import xlsx_file
from assessments.models import Assessment, SheetDraft
from assessments.queries import working_paper as queries
from assessments.services import working_paper as services
from assessments.services.answers import TEXT_MAX
from assessments.working_paper import reading
from assessments.working_paper.writing import write
from spbe_portal import sheets
from spbe_portal.api.base import FileView
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.api.serializers import Strict


class PaperFile(Strict):
    file = serializers.FileField(allow_empty_file=True, help_text="XLSX atau CSV")


class PaperApply(Strict):
    shown = serializers.CharField(max_length=20_000, help_text="Nilai `shown` dari pemeriksaan yang disetujui")
    take = serializers.ListField(
        child=serializers.CharField(max_length=20),
        max_length=500,
        required=False,
        help_text="Nomor indikator yang bertentangan dan tetap memakai isian kertas kerja",
    )


class PaperChangeShape(serializers.Serializer):
    """One field that would change; texts as the paper says them."""

    field = serializers.CharField(source="name")
    before = serializers.CharField()
    after = serializers.CharField()


class PaperRowShape(serializers.Serializer):
    """One row of the file."""

    line = serializers.IntegerField(help_text="Nomor baris dalam berkas")
    number = serializers.CharField(source="code", help_text="Kosong: indikatornya tidak dikenal")
    outcome = serializers.ChoiceField(
        choices=[services.SAME, services.CHANGED, services.CONFLICT, services.WRONG],
        help_text="conflict: isian portal lebih baru, tidak diterapkan kecuali disebut dalam take",
    )
    version = serializers.IntegerField(help_text="Versi jawaban yang dibandingkan; 0: tidak ada")
    changes = PaperChangeShape(many=True)
    problems = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())


class PaperShape(serializers.Serializer):
    """What a file would change. Nothing is written yet."""

    id = serializers.IntegerField()
    file_name = serializers.CharField()
    kept_until = serializers.DateTimeField(help_text="Sampai kapan unggahan ini disimpan")
    lock = serializers.CharField(help_text="Mengapa belum dapat diterapkan; kosong: dapat")
    shown = serializers.CharField(help_text="Kirim kembali saat menerapkan")
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Kolom yang dilewati")
    rows = PaperRowShape(many=True)


class PaperAppliedShape(serializers.Serializer):
    saved = serializers.IntegerField(help_text="Indikator yang tersimpan")
    left = serializers.IntegerField(help_text="Bertentangan dan dibiarkan seperti di portal")
    wrong = serializers.IntegerField(help_text="Bermasalah dan tidak disimpan")


def paper_data(draft: SheetDraft, assessment: Assessment) -> dict[str, Any]:
    found = services.plan(draft, assessment, timezone.now())
    return PaperShape(
        {
            "id": draft.pk,
            "file_name": draft.file_name,
            "kept_until": draft.kept_until,
            "lock": found.lock,
            "shown": services.packed(found.seen),
            "ignored": found.ignored,
            "rows": found.rows,
        }
    ).data


@extend_schema(tags=["Kertas kerja"])
class WorkingPaper(FileView, LoopView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        summary="Kertas kerja satu penilaian sebagai XLSX",
        operation_id="working_paper_download",
        responses={(200, sheets.XLSX): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        found = self.find_to_read(pk)
        paper = queries.paper_of(found, self.rights, timezone.now(), TEXT_MAX)
        return xlsx_file(write(paper), queries.file_name(found))

    @extend_schema(
        summary="Periksa kertas kerja: apa yang akan berubah, baris demi baris",
        description="Belum ada yang disimpan. Unggahan disimpan bagi Anda sampai diterapkan; unggahan berikutnya "
        "menggantikannya. Sel kosong berarti tidak ada perubahan.",
        operation_id="working_paper_check",
        request={"multipart/form-data": PaperFile},
        responses={201: OpenApiResponse(PaperShape, "Hasil pemeriksaan")},
    )
    def post(self, request: Request, pk: int) -> Response:
        found = self.find_to_write(pk)
        _ = request.data
        if getattr(request, "too_large_files", []):  # dropped while it arrived
            raise TooLarge(sheets.TOO_LARGE)
        file = self.bound(PaperFile)["file"]
        try:
            brought = reading.read(file, file.name or "", file.size or 0)
            draft = services.keep(
                brought=brought, file_name=file.name or "kertas kerja", assessment=found, user=request.user
            )
        except sheets.Unreadable as problem:
            raise ValidationError({"file": [str(problem)]}) from None
        return Response(paper_data(draft, found), status=201)


@extend_schema(tags=["Kertas kerja"])
class WorkingPaperDraft(LoopView):
    """One that was sent and not applied; each sees only one's own."""

    serializer_class = PaperShape
    parser_classes = [BoundedJson]

    def draft(self, found: Assessment, draft_pk: int) -> SheetDraft:
        draft = services.draft_of(self.request.user, found, draft_pk)  # type: ignore[arg-type]
        if draft is None:
            raise Http404
        return draft

    @extend_schema(
        summary="Periksa kembali kertas kerja yang belum diterapkan",
        operation_id="working_paper_retrieve",
        responses=PaperShape,
    )
    def get(self, request: Request, pk: int, draft_pk: int) -> Response:
        found = self.find_to_write(pk)
        return Response(paper_data(self.draft(found, draft_pk), found))

    @extend_schema(
        summary="Terapkan kertas kerja",
        description="Semua baris yang berubah disimpan sekaligus, atau tidak satu pun. Yang bertentangan hanya "
        "disimpan bila disebut dalam take. Bila isian portal berubah setelah pemeriksaan: 409, periksa kembali.",
        operation_id="working_paper_apply",
        request=PaperApply,
        responses=PaperAppliedShape,
        examples=[OpenApiExample("Dengan satu pilihan", value={"shown": "1=3 2=1", "take": ["2"]}, request_only=True)],
    )
    def post(self, request: Request, pk: int, draft_pk: int) -> Response:
        found = self.find_to_write(pk)
        draft = self.draft(found, draft_pk)
        sent = self.bound(PaperApply)
        applied = services.apply(
            draft=draft, user=request.user, seen=services.unpacked(sent["shown"]), taken=set(sent.get("take", []))
        )
        return Response(PaperAppliedShape(applied).data)
