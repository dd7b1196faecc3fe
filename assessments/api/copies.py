"""Answers of a cancelled period into one that runs: what would be copied, and copying it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from assessments import permissions
from assessments.api._base import KEY_MAX, PeriodRef
from assessments.api.period_shapes import find_period, require
from assessments.queries import copies as queries
from assessments.services import copies as services
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import Strict


def _codes(about: str, **options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text=about, **options)


class AgencyCopyShape(serializers.Serializer):
    """One agency with answers in the cancelled period. Lists are codes of indicators."""

    agency = AgencyName()
    assessment = serializers.IntegerField(source="target.pk", default=None, allow_null=True)
    lock = serializers.CharField(allow_blank=True, help_text="Mengapa tidak ada yang dapat disalin; kosong: dapat")
    copies = _codes("Disalin", source="codes")
    evidence = serializers.IntegerField(help_text="Bukti dukung yang ikut, tanpa berkas baru")
    stays = _codes("Sudah diisi di sini, tetap")
    unassigned = _codes("Tidak ditugaskan di sini")
    unknown = _codes("Kode tidak ada pada instrumen ini")
    levels_left = _codes("Levelnya di luar skala di sini; selebihnya disalin")
    evidence_left = serializers.IntegerField(help_text="Bukti yang tidak ikut: berbahaya, atau bukan milik OPD lagi")


class RenamedShape(serializers.Serializer):
    number = serializers.CharField(source="code")
    there = serializers.CharField(help_text="Nama pada periode yang dibatalkan")
    here = serializers.CharField()


class CopyPlanShape(serializers.Serializer):
    source = PeriodRef()
    answers = serializers.IntegerField(help_text="Jawaban yang akan disalin")
    evidence = serializers.IntegerField()
    agencies = AgencyCopyShape(many=True)
    renamed = RenamedShape(many=True, help_text="Kode yang sama, indikator yang lain namanya")


class CopyViewShape(serializers.Serializer):
    sources = PeriodRef(many=True, help_text="Periode yang dibatalkan dan berisi jawaban")
    plan = CopyPlanShape(allow_null=True, help_text="Tanpa from: null")


class AnswersCopyGiven(Strict):
    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.IntegerField(min_value=1, max_value=KEY_MAX, help_text="Id periode dibatalkan")}


class CopiedAgencyShape(serializers.Serializer):
    agency = AgencyName()
    assessment = serializers.IntegerField(source="target.pk")
    answers = _codes("Kode indikator yang disalin")
    evidence = serializers.IntegerField()


class RefusedAgencyShape(serializers.Serializer):
    agency = AgencyName()
    detail = serializers.CharField()


class CopiedShape(serializers.Serializer):
    answers = serializers.IntegerField()
    evidence = serializers.IntegerField()
    copied = CopiedAgencyShape(many=True)
    refused = RefusedAgencyShape(many=True)


@extend_schema(tags=["Periode"])
class PeriodCopyAnswers(ApiView):
    serializer_class = CopiedShape

    @extend_schema(
        summary="Apa yang akan disalin dari periode yang dibatalkan",
        description="Tidak ada yang ditulis. Hanya jawaban di Draf yang belum disentuh yang menerima salinan.",
        operation_id="periods_copy_answers_preview",
        parameters=[OpenApiParameter("from", int, description="Id periode yang dibatalkan")],
        responses=CopyViewShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        sources = list(queries.sources(period))
        plan = None
        if wanted := request.query_params.get("from"):
            source = next((each for each in sources if str(each.pk) == wanted), None)
            if source is None:
                raise ValidationError({"from": ["Pilih periode yang dibatalkan dan berisi jawaban."]})
            plan = queries.plan(source, period, timezone.now())
        return Response(CopyViewShape({"sources": sources, "plan": plan}).data)

    @extend_schema(
        summary="Salin jawaban dari periode yang dibatalkan",
        description="Menurut kode indikator, ke Draf yang belum disentuh saja; diulang tidak menyalin apa pun. Status "
        "dan keputusan tidak ikut. Penulis jawaban ikut; yang menyalin tidak menjadi penulis.",
        operation_id="periods_copy_answers",
        request=AnswersCopyGiven,
        responses=CopiedShape,
        examples=[OpenApiExample("Dari periode 7", value={"from": 7}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        given = self.bound(AnswersCopyGiven)
        done = services.copy_answers(period_id=pk, source_id=given["from"], user=request.user, now=timezone.now())
        shown = {
            "answers": done.answers,
            "evidence": done.evidence,
            "copied": [
                {"agency": each.agency, "target": each.target, "answers": each.codes, "evidence": each.evidence}
                for each in done.copied
            ],
            "refused": [{"agency": each.agency, "detail": reason} for each, reason in done.refused],
        }
        return Response(CopiedShape(shown).data)
