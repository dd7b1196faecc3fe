"""An earlier year's answers and evidence in this year's draft: still valid, or not. Nothing is taken over unasked."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assessments.api._base import KEY_MAX, LoopView
from assessments.api.answers import answer_data
from assessments.models import Answer, Assessment
from assessments.queries import carry_over as queries
from assessments.queries.carry_over import Piece, Proposal
from assessments.services import carry_over as services
from spbe_portal.api.base import sent_version, with_etag
from spbe_portal.api.serializers import LevelNumber, Strict

ANSWER = {"keep": services.KEEP, "replace": services.REPLACE, "drop": services.DROP}
PIECE = {"keep": services.KEEP, "drop": services.DROP}


def _said(decision: Any) -> str | None:
    return None if decision is None else "keep" if decision.is_valid else "drop"


class PieceShape(serializers.Serializer):
    """A piece of earlier evidence."""

    evidence = serializers.IntegerField(source="evidence.pk", help_text="Id bukti tahun lalu")
    title = serializers.CharField(source="evidence.version.document.title")
    document = serializers.IntegerField(source="evidence.version.document_id")
    newest_version = serializers.IntegerField(source="newest.pk", help_text="Versi yang akan dilampirkan")
    is_newer = serializers.BooleanField(help_text="Ada versi yang lebih baru daripada yang dibaca tahun lalu")
    validity = serializers.CharField(source="validity.text")
    cautions = serializers.ListField(child=serializers.CharField(), help_text="Yang meragukan bagi periode ini")
    is_attached = serializers.SerializerMethodField()
    decision = serializers.SerializerMethodField(help_text="keep, drop, atau null: belum diputuskan")

    def get_is_attached(self, piece: Piece) -> bool:
        return piece.attached is not None

    def get_decision(self, piece: Piece) -> str | None:
        return _said(piece.decision)


class ProposalShape(serializers.Serializer):
    """One indicator: what would be taken over, and what was said of it."""

    number = serializers.CharField(source="code")
    is_open = serializers.BooleanField(help_text="Masih ada yang belum diputuskan")
    level = LevelNumber(allow_null=True, help_text="Yang terverifikasi, bila disesuaikan")
    not_applicable = serializers.BooleanField()
    fact = serializers.CharField(source="source.fact")
    analysis = serializers.CharField(source="source.analysis")
    is_filled = serializers.BooleanField(help_text="Isian tahun ini sudah ada")
    version = serializers.IntegerField(source="answer.version", help_text="Versi jawaban tahun ini")
    decision = serializers.SerializerMethodField(help_text="keep, drop, atau null: belum diputuskan")
    evidence = PieceShape(many=True, source="pieces")

    def get_decision(self, proposal: Proposal) -> str | None:
        return _said(proposal.decision)


class PieceChoice(Strict):
    evidence = serializers.IntegerField(min_value=1, max_value=KEY_MAX)
    decision = serializers.ChoiceField(choices=list(PIECE))


class Choice(Strict):
    """What is not named stays undecided."""

    answer = serializers.ChoiceField(
        choices=list(ANSWER), required=False, help_text="replace: menggantikan isian tahun ini yang sudah ada"
    )
    evidence = PieceChoice(many=True, required=False)
    version = serializers.IntegerField(required=False, min_value=0, help_text="Versi jawaban tahun ini, atau If-Match")

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if not sent.get("answer") and not sent.get("evidence"):
            raise ValidationError({"answer": ["Belum ada yang dipilih, baik isian maupun bukti."]})
        return sent


class CarryOverView(LoopView):
    serializer_class = ProposalShape

    def proposals(self, assessment: Assessment, number: str = "") -> list[Proposal]:
        """Nothing once it is no draft any more: then it is too late to take anything over."""
        if not queries.can_start(assessment):
            return []
        shown = queries.overview(assessment, timezone.localdate(), number)
        return shown.proposals if shown else []

    def proposal(self, assessment: Assessment, number: str) -> Proposal:
        for proposal in self.proposals(assessment, number):
            if proposal.code == number:
                return proposal
        raise Answer.DoesNotExist

    def shown(self, proposal: Proposal) -> Response:
        return with_etag(Response(ProposalShape(proposal).data), proposal.answer.version)

    def present(self, stale: Answer) -> dict[str, Any]:
        return answer_data(self.find(self.kwargs["pk"]), self.kwargs["number"], self.rights)


@extend_schema(tags=["Tahun lalu"])
class CarryOverList(CarryOverView):
    @extend_schema(
        summary="Isian dan bukti tahun lalu, untuk ditegaskan masih berlaku",
        description="Hanya selama penilaian masih Draf.",
        operation_id="carry_over_list",
        responses=ProposalShape(many=True),
        filters=False,
    )
    def get(self, request: Request, pk: int) -> Response:
        page = self.paginate_queryset(self.proposals(self.find_to_write(pk)))  # type: ignore[arg-type]
        return self.get_paginated_response(ProposalShape(page, many=True).data)


@extend_schema(tags=["Tahun lalu"])
class CarryOverDetail(CarryOverView):
    @extend_schema(
        summary="Isian dan bukti tahun lalu satu indikator",
        operation_id="carry_over_retrieve",
        responses=ProposalShape,
    )
    def get(self, request: Request, pk: int, number: str) -> Response:
        return self.shown(self.proposal(self.find_to_write(pk), number))

    @extend_schema(
        summary="Tegaskan masih berlaku, atau tidak",
        description="Yang masih berlaku menjadi isian tahun ini; yang tidak disebut tetap belum diputuskan.",
        operation_id="carry_over_decide",
        request=Choice,
        responses=ProposalShape,
        examples=[
            OpenApiExample(
                "Isian dan satu bukti",
                value={"answer": "keep", "evidence": [{"evidence": 41, "decision": "keep"}], "version": 1},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_write(pk)
        sent = self.bound(Choice)
        version = sent_version(request, sent)
        answer = sent.get("answer", "")
        if answer and any(not each.has_answer for each in self.proposals(assessment, number) if each.code == number):
            raise ValidationError({"answer": ["Tahun lalu indikator ini tidak berisi apa pun untuk dipakai."]})
        done = services.decide(
            assessment_id=assessment.pk,
            code=number,
            user=request.user,
            version=version,
            answer=ANSWER.get(answer, ""),
            pieces={each["evidence"]: PIECE[each["decision"]] for each in sent.get("evidence", [])},
        )
        return self.shown(done)
