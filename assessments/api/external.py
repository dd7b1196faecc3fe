"""The ministry's result: brought in as a list or a file, and beside the government's own levels."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions
from assessments.api._base import TooLarge
from assessments.api.period_shapes import IndexText, find_period, require
from assessments.errors import Stale
from assessments.models import Period
from assessments.queries import external as queries
from assessments.services import external as services
from spbe_portal import lists, sheets
from spbe_portal.api.base import ApiView
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.api.serializers import IndexShape, LevelNumber, Strict, index_shape
from spbe_portal.sheets import Table

LEVELS_MAX = 500
SHOWN_MAX = 64


# --- Brought in ----------------------------------------------------------------------------------------------


class ExternalLevelGiven(Strict):
    number = serializers.RegexField(r"^[0-9]{1,3}(-[0-9]{1,2})?\Z", help_text="Nomor indikator")
    level = LevelNumber(allow_null=True, help_text="Kosong: yang tersimpan tetap")


class _Options(Strict):
    """What goes along with a list and with a file alike."""

    stated = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=12,
        help_text="Indeks menurut kementerian, misalnya 2,85; dibandingkan dengan hitungan",
    )
    apply = serializers.BooleanField(default=False, help_text="false: hanya diperiksa, tidak ada yang disimpan")
    shown = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=SHOWN_MAX,
        help_text="Nilai shown dari pemeriksaan; bila hasilnya kini lain, ditolak (409)",
    )


class ExternalListGiven(_Options):
    levels = ExternalLevelGiven(many=True, allow_empty=False, max_length=LEVELS_MAX)


class ExternalFileGiven(_Options):
    file = serializers.FileField(allow_empty_file=True, help_text="XLSX atau CSV: tabel LHE atau aplikasi nasional")


class ExternalRowShape(serializers.Serializer):
    """What one row does; rows that are wrong are never written."""

    line = serializers.IntegerField(help_text="Nomor baris dalam berkas atau daftar")
    number = serializers.SerializerMethodField(help_text="Kosong: tidak dikenal, atau nilainya kosong")
    name = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[lists.NEW, lists.CHANGED, lists.SAME, lists.WRONG])
    before = serializers.SerializerMethodField()
    level = serializers.SerializerMethodField()
    problems = serializers.ListField(child=serializers.CharField())

    def get_number(self, row: lists.Row) -> str:
        return row.facts.get("code", "")

    def get_before(self, row: lists.Row) -> str | None:
        return row.facts.get("before")

    def get_level(self, row: lists.Row) -> str | None:
        return row.facts.get("level")


class ExternalCountsShape(serializers.Serializer):
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    wrong = serializers.IntegerField()


class ExternalCheckedShape(serializers.Serializer):
    applied = serializers.BooleanField(help_text="Tersimpan")
    shown = serializers.CharField(help_text="Sertakan saat menerapkan, agar tersimpan tepat seperti ini")
    counts = ExternalCountsShape()
    skipped = serializers.IntegerField(help_text="Baris domain dan aspek")
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Kolom yang dilewati")
    stated = serializers.CharField(help_text="Indeks yang disebut; kosong: tidak disebut")
    agrees = serializers.BooleanField(allow_null=True, help_text="Indeks yang disebut sama dengan hitungan")
    index = IndexShape(help_text="Dihitung dari nilai eksternal sesudah diterapkan")
    one_sided = serializers.ListField(
        child=serializers.CharField(), help_text="Sesudah diterapkan: selisih yang berat sebelah"
    )
    rows = ExternalRowShape(many=True)


@extend_schema(tags=["Nilai Pemda"])
class ExternalImport(ApiView):
    serializer_class = ExternalCheckedShape
    parser_classes = [BoundedJson, MultiPartParser]

    @extend_schema(
        summary="Impor hasil kementerian: periksa, lalu terapkan",
        description="Tanpa apply tidak ada yang disimpan: jawabannya menyebut apa yang akan terjadi pada setiap "
        "baris. Dengan apply, semua baris new dan changed disimpan sekaligus; baris wrong dilewati.",
        operation_id="periods_external_import",
        request={"application/json": ExternalListGiven, "multipart/form-data": ExternalFileGiven},
        responses=ExternalCheckedShape,
        examples=[
            OpenApiExample(
                "Periksa dua indikator",
                value={"levels": [{"number": "1", "level": 3}, {"number": "2", "level": 4}], "stated": "2,85"},
                request_only=True,
                media_type="application/json",
            ),
            OpenApiExample(
                "Terapkan",
                value={"levels": [{"number": "1", "level": 3}], "apply": True},
                request_only=True,
                media_type="application/json",
            ),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk, opened=True)
        require(permissions.can_determine(self.rights))
        _ = request.data
        if getattr(request, "too_large_files", []):  # dropped while it arrived
            raise TooLarge(sheets.TOO_LARGE)
        is_file = (request.content_type or "").startswith("multipart/")
        sent = self.bound(ExternalFileGiven if is_file else ExternalListGiven)
        stated = services.clean_stated(sent["stated"], period.instrument)
        table, name = _table(sent)
        with transaction.atomic():
            try:
                brought = services.read(table, period)
            except sheets.Unreadable as problem:
                raise ValidationError({"file" if is_file else "levels": [str(problem)]}) from None
            brought = services.Brought(brought.plan, stated or brought.stated, brought.skipped)
            data = checked(brought, period)
            if sent["shown"] and sent["shown"] != data["shown"]:
                raise Stale("Hasil pemeriksaan kini lain. Periksa kembali sebelum menerapkan.", None)
            if sent["apply"]:
                draft = services.keep(brought=brought, stated=stated, file_name=name, period=period, user=request.user)
                done = services.apply(draft=draft, user=request.user)
                data |= {"applied": True, "one_sided": list(done.one_sided)}
        return Response(data)


def _table(sent: dict[str, Any]) -> tuple[Table, str]:
    """What was sent as the rows of a sheet, and what it is called in the trail."""
    if file := sent.get("file"):
        try:
            return sheets.read(file, file.name or "", file.size or 0), file.name or "hasil"
        except sheets.Unreadable as problem:
            raise ValidationError({"file": [str(problem)]}) from None
    rows = [
        (line, [each["number"], "" if each["level"] is None else str(each["level"])])
        for line, each in enumerate(sent["levels"], 1)
    ]
    return [(0, ["No", "Nilai"]), *rows], "API"


def checked(brought: services.Brought, period: Period) -> dict[str, Any]:
    """What every row would do, before anything is written."""
    plan, reckoned = brought.plan, services.reckon(brought, period)
    said = json.dumps([asdict(row) for row in plan.rows], default=str)
    return {
        "applied": False,
        "shown": hashlib.sha256(said.encode()).hexdigest()[:32],
        "counts": {name: plan.count(name) for name in (lists.NEW, lists.CHANGED, lists.SAME, lists.WRONG)},
        "skipped": brought.skipped,
        "ignored": plan.ignored,
        "stated": brought.stated,
        "agrees": reckoned.agrees,
        "index": index_shape(reckoned.score),
        "one_sided": [],
        "rows": ExternalRowShape(plan.rows, many=True).data,
    }


# --- Compared ------------------------------------------------------------------------------------------------


class ComparedRowShape(serializers.Serializer):
    """One indicator; of several PICs the lowest level counts. Empty: not known."""

    number = serializers.CharField(source="code")
    name = serializers.CharField(source="short_name")
    aspect = serializers.CharField()
    domain = serializers.CharField(allow_null=True)
    self_level = LevelNumber(source="own", allow_null=True)
    verified_level = LevelNumber(source="verified", allow_null=True)
    pemda = LevelNumber(allow_null=True)
    external = LevelNumber(allow_null=True)
    difference = LevelNumber(allow_null=True, help_text="Eksternal dikurangi Pemda")
    difference_from_self = LevelNumber(source="from_own", allow_null=True, help_text="Eksternal dikurangi mandiri")
    is_concerned = serializers.BooleanField(help_text="Bagian dari selisih yang berat sebelah")


class TallyShape(serializers.Serializer):
    """How many indicators the ministry puts lower, higher and the same."""

    lower = serializers.IntegerField()
    higher = serializers.IntegerField()
    same = serializers.IntegerField()
    compared = serializers.IntegerField()


class ComparisonShape(serializers.Serializer):
    """Four values beside each other. An index is empty where no indicator has that value."""

    period = serializers.IntegerField()
    self_assessment = IndexShape(allow_null=True, help_text="Mandiri")
    verified = IndexShape(allow_null=True, help_text="Verifikasi")
    pemda = IndexShape(allow_null=True, help_text="Pemda")
    external = IndexShape(allow_null=True, help_text="Eksternal")
    difference = IndexText(allow_null=True, help_text="Indeks eksternal dikurangi Pemda, bila keduanya lengkap")
    difference_from_self = IndexText(allow_null=True)
    tally = TallyShape()
    one_sided = serializers.ListField(child=serializers.CharField(), help_text="Selisih yang berat sebelah")
    indicators = ComparedRowShape(many=True)


def compared(found: queries.Comparison) -> dict[str, Any]:
    indices = {name: index_shape(each) if each.answered else None for name, each in found.scores.items()}
    own = indices.pop("own")
    return {
        "period": found.period.pk,
        "self_assessment": own,
        **indices,
        "tally": TallyShape(found.tally).data,
        "one_sided": list(found.said),
        "indicators": ComparedRowShape(found.rows, many=True).data,
        "difference": _index(found.totals.difference),
        "difference_from_self": _index(found.totals.from_own),
    }


def _index(value: Any) -> str | None:
    return None if value is None else IndexText().to_representation(value)


@extend_schema(tags=["Nilai Pemda"])
class ExternalComparison(ApiView):
    serializer_class = ComparisonShape

    @extend_schema(
        summary="Nilai mandiri, verifikasi, Pemda, dan eksternal berdampingan",
        operation_id="periods_comparison_retrieve",
        responses=ComparisonShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk, opened=True)
        require(permissions.can_see_pemda(self.rights))
        return Response(compared(queries.comparison(period)))
