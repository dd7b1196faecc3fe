"""Answers: all of one assessment, one, saving it, and the agency's reply to a decision."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Rights
from assessments.api._base import LoopView
from assessments.api.shapes import EvidenceShape, ReviewShape
from assessments.models import Answer, Assessment, DecisionKind
from assessments.queries.answers import answers_with_evidence, decisions_for
from assessments.queries.fill import lock_of
from assessments.services import answers as services
from spbe_portal.api.base import sent_version, with_etag
from spbe_portal.api.serializers import LevelNumber, Strict


class AnswerShape(serializers.Serializer):
    """One answer. Needs `decisions`, `assessment`, `rights` and `now` in its context."""

    number = serializers.CharField(source="indicator.code")
    name = serializers.CharField(source="indicator.short_name")
    self_level = LevelNumber(allow_null=True)
    fact = serializers.CharField()
    analysis = serializers.CharField()
    not_applicable = serializers.BooleanField()
    not_applicable_reason = serializers.CharField()
    version = serializers.IntegerField()
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.CharField(allow_null=True, help_text="null: belum pernah diubah")
    on_behalf = serializers.BooleanField(help_text="Terakhir diisi koordinator atas nama OPD")
    lock = serializers.SerializerMethodField(help_text="Mengapa isiannya terkunci sekarang; kosong: terbuka")
    evidence = EvidenceShape(many=True, source="all_evidence")
    review = serializers.SerializerMethodField(help_text="Keputusan yang boleh Anda baca")

    def get_lock(self, answer: Answer) -> str:
        review = self.context["decisions"].get(answer.pk)
        is_returned = review is not None and review.decision == DecisionKind.RETURN
        return lock_of(self.context["assessment"], is_returned=is_returned, now=self.context["now"])

    @extend_schema_field(ReviewShape(allow_null=True))
    def get_review(self, answer: Answer) -> Any:
        review = self.context["decisions"].get(answer.pk)
        if review is None:
            return None
        review.answer = answer
        return ReviewShape(review, context=self.context).data


def context_of(assessment: Assessment, rights: Rights) -> dict[str, Any]:
    """What `AnswerShape` needs. Two queries."""
    return {
        "assessment": assessment,
        "rights": rights,
        "decisions": decisions_for(rights, assessment, with_people=True),
        "now": timezone.now(),
    }


def answer_data(assessment: Assessment, number: str, rights: Rights) -> dict[str, Any]:
    """One answer as it is stored now; 404 where the assessment has none of this number."""
    found = get_object_or_404(answers_with_evidence(assessment), indicator__code=number)
    data: dict[str, Any] = AnswerShape(found, context=context_of(assessment, rights)).data
    return data


class AnswerChanges(Strict):
    """What is not sent stays as it is. `version` is that of the answer which was read."""

    self_level = LevelNumber(required=False, allow_null=True)
    fact = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    analysis = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    not_applicable = serializers.BooleanField(required=False)
    not_applicable_reason = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    version = serializers.IntegerField(required=False, min_value=0, help_text="Atau kirim ETag-nya sebagai If-Match")


class ReplyText(Strict):
    text = serializers.CharField(
        allow_blank=True, trim_whitespace=False, help_text="Tanggapan OPD, satu kali tiap putaran"
    )


SAVED = OpenApiExample(
    "Menyimpan level dan penjelasan",
    value={"self_level": 3, "fact": "SK Tim SPBE ditetapkan.", "analysis": "Memenuhi kriteria level 3.", "version": 1},
    request_only=True,
)


@extend_schema(tags=["Jawaban"])
class AnswerList(LoopView):
    serializer_class = AnswerShape

    @extend_schema(
        summary="Jawaban semua indikator yang ditugaskan, menurut urutan instrumen",
        operation_id="answers_list",
        responses=AnswerShape(many=True),
        filters=False,
    )
    def get(self, request: Request, pk: int) -> Response:
        assessment = self.find_to_read(pk)
        page = self.paginate_queryset(answers_with_evidence(assessment))
        return self.get_paginated_response(
            AnswerShape(page, many=True, context=context_of(assessment, self.rights)).data
        )


@extend_schema(tags=["Jawaban"])
class AnswerDetail(LoopView):
    serializer_class = AnswerShape

    @extend_schema(summary="Satu jawaban", operation_id="answers_retrieve", responses=AnswerShape)
    def get(self, request: Request, pk: int, number: str) -> Response:
        return self._answer(self.find_to_read(pk), number)

    @extend_schema(
        summary="Simpan satu jawaban",
        description="Yang tidak dikirim tetap. Versi usang ditolak dengan 409 dan isian yang tersimpan (current).",
        operation_id="answers_update",
        request=AnswerChanges,
        responses=AnswerShape,
        examples=[SAVED],
    )
    def patch(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_write(pk)
        changes = self.bound(AnswerChanges, partial=True)
        version = sent_version(request, changes)
        services.save_answer(
            assessment_id=assessment.pk, code=number, user=request.user, version=version, changes=changes
        )
        return self._answer(self.find(pk), number)

    def present(self, stale: Answer) -> dict[str, Any]:
        return answer_data(self.find(self.kwargs["pk"]), self.kwargs["number"], self.rights)

    def _answer(self, assessment: Assessment, number: str) -> Response:
        data = answer_data(assessment, number, self.rights)
        return with_etag(Response(data), data["version"])


@extend_schema(tags=["Jawaban"])
class AnswerReply(LoopView):
    serializer_class = ReplyText

    @extend_schema(
        summary="Tanggapi keputusan yang mengembalikan atau menyesuaikan",
        operation_id="answers_reply",
        request=ReplyText,
        responses=ReviewShape,
        examples=[OpenApiExample("Tanggapan", value={"text": "SK sudah ditandatangani."}, request_only=True)],
    )
    def post(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_write(pk)
        text = self.bound(ReplyText)["text"]
        review = services.reply(assessment_id=assessment.pk, code=number, user=request.user, text=text)
        return Response(ReviewShape(review, context={"assessment": assessment, "rights": self.rights}).data)
