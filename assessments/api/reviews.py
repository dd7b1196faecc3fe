"""Decisions of reviewers on answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.api._base import LoopView
from assessments.api.shapes import ReviewShape
from assessments.models import Assessment, DecisionKind, ReturnReason, Review
from assessments.queries.answers import answers_of, decisions_for
from assessments.services import reviews as services
from spbe_portal.api.base import matched_version, with_etag
from spbe_portal.api.serializers import LevelNumber, Strict


class Decision(Strict):
    """What each kind needs is the service's to say."""

    decision = serializers.ChoiceField(choices=DecisionKind.choices)
    verified_level = LevelNumber(required=False, allow_null=True, help_text="Hanya untuk adjust")
    reason = serializers.ChoiceField(
        choices=ReturnReason.choices, required=False, allow_blank=True, allow_null=True, help_text="Hanya untuk return"
    )
    note = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="Wajib untuk adjust dan return"
    )
    version = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="Versi keputusan yang Anda baca (atau If-Match); null: belum ada. Tanpa ini keputusan Anda sendiri "
        "dapat diganti, keputusan orang lain yang belum diumumkan tidak.",
    )
    round = serializers.IntegerField(required=False, min_value=0, help_text="Putaran yang Anda baca")


class ReviewView(LoopView):
    serializer_class = ReviewShape

    def decisions(self, assessment: Assessment) -> list[Review]:
        """Those this person goes by, in the instrument's order."""
        found = decisions_for(self.rights, assessment, with_people=True)
        answers = [answer for answer in answers_of([assessment]) if answer.pk in found]
        for answer in answers:
            found[answer.pk].answer = answer
        return [found[answer.pk] for answer in answers]

    def present(self, review: Review) -> Any:
        assessment = self.find(self.kwargs["pk"])
        return ReviewShape(review, context={"assessment": assessment, "rights": self.rights}).data

    def shown(self, assessment: Assessment, review: Review) -> Response:
        context = {"assessment": assessment, "rights": self.rights}
        return with_etag(Response(ReviewShape(review, context=context).data), review.version)


@extend_schema(tags=["Verifikasi"])
class ReviewList(ReviewView):
    @extend_schema(
        summary="Keputusan atas jawaban, sejauh boleh Anda baca",
        operation_id="reviews_list",
        responses=ReviewShape(many=True),
        filters=False,
    )
    def get(self, request: Request, pk: int) -> Response:
        assessment = self.find_to_read(pk)
        page = self.paginate_queryset(self.decisions(assessment))  # type: ignore[arg-type]
        context = {"assessment": assessment, "rights": self.rights}
        return self.get_paginated_response(ReviewShape(page, many=True, context=context).data)


DECISIONS = [
    OpenApiExample("Terima", value={"decision": "accept"}, request_only=True),
    OpenApiExample(
        "Sesuaikan",
        value={"decision": "adjust", "verified_level": 2, "note": "Bukti baru memenuhi kriteria level 2."},
        request_only=True,
    ),
    OpenApiExample(
        "Kembalikan",
        value={"decision": "return", "reason": "not_signed", "note": "Dokumen belum ditandatangani."},
        request_only=True,
    ),
]


@extend_schema(tags=["Verifikasi"])
class ReviewDetail(ReviewView):
    @extend_schema(
        summary="Keputusan atas satu jawaban",
        description="404 selama belum ada keputusan yang boleh Anda baca.",
        operation_id="reviews_retrieve",
        responses=ReviewShape,
    )
    def get(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_read(pk)
        found = next((each for each in self.decisions(assessment) if each.answer.indicator.code == number), None)
        if found is None:
            raise Review.DoesNotExist
        return self.shown(assessment, found)

    @extend_schema(
        summary="Terima, sesuaikan, atau kembalikan satu jawaban",
        operation_id="reviews_decide",
        request=Decision,
        responses=ReviewShape,
        examples=DECISIONS,
    )
    def put(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_review(pk)
        data = self.bound(Decision)
        decided = services.decide(
            assessment_id=assessment.pk,
            code=number,
            user=request.user,
            decision=data["decision"],
            verified_level=data.get("verified_level"),
            reason=data.get("reason") or "",
            note=data.get("note", ""),
            version=self._version(request, data, assessment, number),
            round=data.get("round"),
        )
        return self.shown(assessment, decided)

    def _version(self, request: Request, data: dict[str, Any], assessment: Assessment, number: str) -> int | None:
        """The version this decision is based on. Without one: over the own decision, or one announced before, whose
        text stays as history; never over one that somebody else is just making."""
        if "version" in data:
            version: int | None = data["version"]
            return version
        matched = matched_version(request)
        if matched is not None:
            return matched
        current = Review.objects.filter(
            answer__assessment=assessment, answer__indicator__code=number, is_current=True
        ).first()
        if current is None or not (current.is_published or current.reviewer_id == self.rights.user_id):
            return None
        return current.version
