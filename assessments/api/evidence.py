"""Evidence of an answer: a file, a link, or a document of the library; describing and removing it; its file."""

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions
from assessments.api._base import FILE_ANSWERS, KEY_MAX, LoopView, file_answer, sent_file
from assessments.api.period_shapes import DayField
from assessments.api.shapes import EvidenceShape
from assessments.models import Answer, Assessment, Document, Evidence
from assessments.queries.answers import answers_with_evidence
from assessments.services import evidence as services
from assessments.services import reading
from assessments.services._base import require
from spbe_portal.api.base import FileView
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.api.serializers import LevelNumber, Strict


class EvidenceDetails(Strict):
    """What is said of a document and of its use here; lengths are the services' to check."""

    title = serializers.CharField(required=False, allow_blank=True, help_text="Tanpa judul: dari nama berkas")
    number = serializers.CharField(required=False, allow_blank=True)
    date = DayField(required=False, allow_null=True, help_text="Tanggal dokumennya sendiri")
    kind = serializers.ChoiceField(choices=Document.Kind.choices, required=False)
    pages = serializers.CharField(required=False, allow_blank=True, help_text="Misalnya 3-5, 8")
    level = LevelNumber(required=False, allow_null=True, help_text="Level yang didukungnya")


class NewEvidence(EvidenceDetails):
    """One of `file`, `url` and `document_version`."""

    file = serializers.FileField(required=False, allow_empty_file=True)
    url = serializers.CharField(required=False)
    document_version = serializers.IntegerField(
        required=False, min_value=1, max_value=KEY_MAX, help_text="Id versi dokumen di pustaka OPD"
    )

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if sum(name in sent for name in ("file", "url", "document_version")) != 1:
            raise ValidationError({"file": ["Kirim salah satu: file, url, atau document_version."]})
        of_document = [name for name in ("title", "number", "date", "kind") if name in sent]
        if "document_version" in sent and of_document:
            told = "Keterangan dokumen yang sudah ada di pustaka tidak diubah dari sini."
            raise ValidationError({name: [told] for name in of_document})
        return sent


class AddedShape(EvidenceShape):
    """`was_known`: the library had this content, so its document was attached instead of being stored twice."""

    was_known = serializers.SerializerMethodField(help_text="Isinya sudah ada di pustaka OPD")

    def get_was_known(self, evidence: Evidence) -> bool:
        return bool(self.context["was_known"])


class AnswerEvidence(LoopView):
    """The evidence of one answer."""

    def pieces(self, assessment: Assessment, number: str) -> list[Evidence]:
        answer: Any = get_object_or_404(answers_with_evidence(assessment), indicator__code=number)
        return list(answer.all_evidence)

    def piece(self, assessment: Assessment, number: str, evidence_pk: int) -> Evidence:
        for evidence in self.pieces(assessment, number):
            if evidence.pk == evidence_pk:
                return evidence
        raise Evidence.DoesNotExist


@extend_schema(tags=["Bukti dukung"])
class EvidenceList(AnswerEvidence):
    serializer_class = EvidenceShape
    parser_classes = [MultiPartParser, BoundedJson]

    @extend_schema(
        summary="Bukti dukung satu jawaban",
        operation_id="evidence_list",
        responses=EvidenceShape(many=True),
        filters=False,
    )
    def get(self, request: Request, pk: int, number: str) -> Response:
        page = self.paginate_queryset(self.pieces(self.find_to_read(pk), number))  # type: ignore[arg-type]
        return self.get_paginated_response(EvidenceShape(page, many=True).data)

    @extend_schema(
        summary="Lampirkan berkas, tautan, atau dokumen dari pustaka",
        description="Berkas dikirim sebagai multipart/form-data. Kiriman yang tiba setelah batas waktu ditolak, kapan "
        "pun mulainya. Isi yang sudah ada di pustaka OPD tidak disimpan dua kali.",
        operation_id="evidence_add",
        request=NewEvidence,
        responses={201: AddedShape},
        examples=[
            OpenApiExample(
                "Tautan",
                value={"url": "https://jdih.contoh.go.id/perwal-12-2026.pdf", "title": "Perwal 12/2026", "level": 3},
                request_only=True,
                media_type="application/json",
            )
        ],
    )
    def post(self, request: Request, pk: int, number: str) -> Response:
        assessment = self.find_to_write(pk)
        where = {"assessment_id": assessment.pk, "code": number, "user": request.user}
        sent_file(request)
        details = self.bound(NewEvidence)
        file, url = details.pop("file", None), details.pop("url", None)
        version_id = details.pop("document_version", None)
        was_known = version_id is not None
        if file is not None:
            added = services.add_file(**where, file=file, name=file.name or "", details=details)
            made, was_known = added.evidence, added.was_known
        elif version_id is not None:
            made = services.reuse(**where, version_id=version_id, details=details)
        else:
            made = services.add_link(**where, url=url or "", details=details)
        shown = self.piece(assessment, number, made.pk)
        return Response(AddedShape(shown, context={"was_known": was_known}).data, status=201)


@extend_schema(tags=["Bukti dukung"])
class EvidenceDetail(AnswerEvidence):
    serializer_class = EvidenceShape

    @extend_schema(summary="Satu bukti dukung", operation_id="evidence_retrieve", responses=EvidenceShape)
    def get(self, request: Request, pk: int, number: str, evidence_pk: int) -> Response:
        return Response(EvidenceShape(self.piece(self.find_to_read(pk), number, evidence_pk)).data)

    @extend_schema(
        summary="Ubah keterangan bukti dukung",
        description="Yang tidak dikirim tetap. Judul, nomor, tanggal, dan jenis adalah milik dokumennya: berubah di "
        "semua jawaban yang memakainya, dan terkunci selama salah satunya sudah diajukan.",
        operation_id="evidence_update",
        request=EvidenceDetails,
        responses=EvidenceShape,
        examples=[OpenApiExample("Halaman dan level", value={"pages": "3-5", "level": 3}, request_only=True)],
    )
    def patch(self, request: Request, pk: int, number: str, evidence_pk: int) -> Response:
        assessment = self.find_to_write(pk)
        details = self.bound(EvidenceDetails, partial=True)
        services.edit(
            assessment_id=assessment.pk, code=number, user=request.user, evidence_id=evidence_pk, details=details
        )
        return Response(EvidenceShape(self.piece(assessment, number, evidence_pk)).data)

    @extend_schema(
        summary="Lepaskan bukti dukung dari jawaban",
        description="Dokumennya tetap ada di pustaka OPD.",
        operation_id="evidence_remove",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int, number: str, evidence_pk: int) -> Response:
        assessment = self.find_to_write(pk)
        services.remove(assessment_id=assessment.pk, code=number, user=request.user, evidence_id=evidence_pk)
        return Response(status=204)


@extend_schema(tags=["Bukti dukung"])
class EvidenceFile(LoopView, FileView):
    @extend_schema(
        summary="Unduh berkas bukti dukung",
        description="Tercatat di jejak audit bila yang mengunduh bukan anggota OPD-nya. Header Range diterima.",
        operation_id="evidence_file",
        responses=FILE_ANSWERS,
    )
    def get(self, request: Request, pk: int, number: str, evidence_pk: int) -> HttpResponseBase:
        assessment = self.find(pk)
        require(permissions.can_see_evidence(self.rights, assessment))
        evidence = get_object_or_404(
            Evidence.objects.select_related("answer__assessment__period", "answer__indicator", "version__document"),
            pk=evidence_pk,
            answer__in=Answer.objects.filter(assessment=assessment, indicator__code=number),
        )
        return file_answer(
            request,
            evidence.version,
            note=lambda is_rest: reading.note_download(evidence=evidence, user=request.user, is_rest=is_rest),
        )
