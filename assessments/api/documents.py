"""The agency's library: the list, adding, one document, its versions and their files."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.api._base import AgencyName
from accounts.models import Agency
from assessments import permissions
from assessments.api._base import (
    FILE_ANSWERS,
    KEY_MAX,
    KeyFilter,
    file_answer,
    sent_file,
)
from assessments.api.period_shapes import DayField
from assessments.api.shapes import VersionShape
from assessments.models import Document, DocumentVersion
from assessments.queries import library as queries
from assessments.queries.documents import document_page
from assessments.services import documents as services
from assessments.services import reading
from assessments.services._base import require
from assessments.services.evidence import is_frozen
from spbe_portal.api.base import ApiView, FileView, sent_version, with_etag
from spbe_portal.api.filters import Ordering
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.api.serializers import Strict

STATES = {
    "expired": queries.EXPIRED,
    "soon": queries.SOON,
    "valid": queries.VALID,
    "unused": queries.UNUSED,
    "files": queries.FILES,
    "links": queries.LINKS,
}


class LibraryVersionShape(VersionShape):
    download = serializers.SerializerMethodField(help_text="Alamat berkasnya; null pada tautan")

    def get_download(self, version: DocumentVersion) -> str | None:
        if version.is_link:
            return None
        return reverse("api_document_file", args=[version.document_id, version.number])


class DocumentShape(serializers.Serializer):
    """What is said of a document."""

    id = serializers.IntegerField(source="document.pk")
    agency = AgencyName(source="document.agency")
    title = serializers.CharField(source="document.title")
    number = serializers.CharField(source="document.number")
    date = serializers.DateField(source="document.date", allow_null=True)
    valid_until = serializers.DateField(source="document.valid_until", allow_null=True)
    kind = serializers.ChoiceField(source="document.kind", choices=Document.Kind.choices)
    version = serializers.IntegerField(source="document.version", help_text="Versi keterangannya, untuk mengubahnya")
    created_at = serializers.DateTimeField(source="document.created_at")
    newest = LibraryVersionShape()


class DocumentRowShape(DocumentShape):
    answers = serializers.IntegerField(help_text="Jawaban yang memakainya sebagai bukti")
    periods = serializers.IntegerField()
    follow_ups = serializers.IntegerField()


class UseShape(serializers.Serializer):
    """One answer that uses the document."""

    evidence = serializers.IntegerField(source="evidence.pk")
    assessment = serializers.IntegerField(source="assessment.pk")
    period = serializers.CharField(source="assessment.period.name")
    agency = serializers.CharField(source="assessment.agency.short_name")
    number = serializers.CharField(source="answer.indicator.code")
    version_number = serializers.IntegerField(source="evidence.version.number")
    is_open = serializers.BooleanField(help_text="Dapat Anda ubah sekarang")
    is_behind = serializers.BooleanField(help_text="Memakai versi yang lebih lama")


class DocumentDetailShape(DocumentShape):
    versions = LibraryVersionShape(many=True, help_text="Terbaru dahulu")
    uses = UseShape(many=True)
    hidden_uses = serializers.IntegerField(help_text="Pemakaian dalam penilaian yang tidak Anda lihat")
    is_frozen = serializers.SerializerMethodField(
        help_text="Keterangannya terkunci: menjadi bukti yang sudah diajukan"
    )

    @extend_schema_field(bool)
    def get_is_frozen(self, page: Any) -> bool:
        return page.is_used and is_frozen(page.document)


class Details(Strict):
    title = serializers.CharField(required=False, allow_blank=True, help_text="Tanpa judul: dari nama berkas")
    number = serializers.CharField(required=False, allow_blank=True)
    date = DayField(required=False, allow_null=True)
    valid_until = DayField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=Document.Kind.choices, required=False)


class _FileOrLink(Strict):
    """One of `file` and `url`."""

    file = serializers.FileField(required=False, allow_empty_file=True)
    url = serializers.CharField(required=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("file" in sent) == ("url" in sent):
            raise ValidationError({"file": ["Kirim salah satu: file atau url."]})
        return sent


class NewDocument(Details, _FileOrLink):
    agency = serializers.IntegerField(
        required=False, min_value=1, max_value=KEY_MAX, help_text="Tanpa ini: OPD Anda, bila hanya satu"
    )


class DocumentChanges(Details):
    version = serializers.IntegerField(required=False, min_value=0, help_text="Atau kirim ETag-nya sebagai If-Match")


def _evidence_ids(**options: Any) -> serializers.ListField:
    key = serializers.IntegerField(min_value=1, max_value=KEY_MAX)
    return serializers.ListField(
        child=key, max_length=500, help_text="Bukti yang sejak ini memakai versi itu", **options
    )


class NewVersion(_FileOrLink):
    change = serializers.CharField(required=False, allow_blank=True, help_text="Yang berubah, satu kalimat")
    evidence = _evidence_ids(required=False)


class UseNewest(Strict):
    evidence = _evidence_ids(allow_empty=False)


class MovedShape(serializers.Serializer):
    """A version, the evidence that points to it now, and why other evidence does not."""

    version = LibraryVersionShape()
    moved = serializers.SerializerMethodField(help_text="Bukti yang sekarang memakainya")
    kept = serializers.ListField(child=serializers.CharField(), help_text="Mengapa yang lain tetap pada versi lama")

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_moved(self, done: services.NewVersion) -> list[int]:
        return [evidence.pk for evidence in done.moved]


class DocumentFilter(django_filters.FilterSet):
    agency = KeyFilter(method="of_agency", help_text="Pustaka OPD ini, dengan yang diwarisinya")
    q = django_filters.CharFilter(method="containing", max_length=100, help_text="Judul, nomor, nama berkas, alamat")
    kind = django_filters.ChoiceFilter(choices=Document.Kind.choices)
    state = django_filters.ChoiceFilter(method="in_state", choices=[(name, name) for name in STATES])

    class Meta:
        model = Document
        fields = ["agency", "q", "kind", "state"]

    def of_agency(self, found: QuerySet[Document], name: str, pk: Any) -> QuerySet[Document]:
        return found.filter(agency_id__in=queries.shared_by([int(pk)]))

    def containing(self, found: QuerySet[Document], name: str, text: str) -> QuerySet[Document]:
        return queries.containing(found, text.strip())

    def in_state(self, found: QuerySet[Document], name: str, state: str) -> QuerySet[Document]:
        return queries.in_state(found, STATES[state])


class LibraryView(ApiView):
    def find(self, pk: int) -> Document:
        """The document, if it is in a library that this person may see (else 404)."""
        return get_object_or_404(queries.visible(self.rights).select_related("agency"), pk=pk)

    def find_to_keep(self, pk: int) -> Document:
        found = self.find(pk)
        require(permissions.can_keep_library(self.rights, found.agency_id))
        return found

    def detail(self, document: Document) -> dict[str, Any]:
        page = document_page(document, self.rights, timezone.now())
        data: dict[str, Any] = DocumentDetailShape(page).data
        return data

    def present(self, document: Document) -> dict[str, Any]:
        return self.detail(self.find(document.pk))


@extend_schema(tags=["Pustaka dokumen"])
class DocumentList(LibraryView):
    serializer_class = DocumentRowShape
    parser_classes = [MultiPartParser, BoundedJson]
    filterset_class = DocumentFilter
    filter_backends = [DjangoFilterBackend, Ordering]
    ordering_fields = ["id", "title", "date", "valid_until", "created_at"]
    queryset = Document.objects.all()

    @extend_schema(
        summary="Dokumen di pustaka OPD",
        operation_id="documents_list",
        responses=DocumentRowShape(many=True),
    )
    def get(self, request: Request) -> Response:
        require(permissions.can_see_libraries(self.rights))
        found = queries.newest_first(queries.visible(self.rights).select_related("agency"))
        return self.listed(found, DocumentRowShape, queries.rows_of)

    @extend_schema(
        summary="Tambah berkas atau tautan ke pustaka",
        description="Berkas dikirim sebagai multipart/form-data. Isi yang sudah ada tidak disimpan dua kali: "
        "jawabannya 200 dengan dokumen yang sudah ada.",
        operation_id="documents_add",
        request=NewDocument,
        responses={201: DocumentDetailShape, 200: DocumentDetailShape},
        examples=[
            OpenApiExample(
                "Tautan",
                value={"url": "https://jdih.contoh.go.id/perwal-12-2026.pdf", "title": "Perwal 12/2026"},
                request_only=True,
                media_type="application/json",
            )
        ],
    )
    def post(self, request: Request) -> Response:
        require(permissions.can_see_libraries(self.rights))
        sent_file(request)
        details = self.bound(NewDocument)
        agency = self._agency(details.pop("agency", None))
        require(permissions.can_keep_library(self.rights, agency.pk))
        file, url = details.pop("file", None), details.pop("url", None)
        if file is not None:
            kept = services.add_file(
                agency_id=agency.pk, user=request.user, file=file, name=file.name or "", details=details
            )
        else:
            kept = services.add_link(agency_id=agency.pk, user=request.user, url=url or "", details=details)
        data = self.detail(self.find(kept.version.document_id))
        return with_etag(Response(data, status=200 if kept.was_known else 201), data["version"])

    def _agency(self, pk: int | None) -> Agency:
        mine = queries.agencies_of(self.rights)
        if pk is None:
            own = [agency for agency in mine if agency.pk in self.rights.operator_of]
            if len(own) != 1:
                raise ValidationError({"agency": ["Sebutkan OPD pemilik pustakanya."]})
            return own[0]
        return get_object_or_404(Agency, pk__in=[agency.pk for agency in mine if agency.pk == pk])


@extend_schema(tags=["Pustaka dokumen"])
class DocumentDetail(LibraryView):
    serializer_class = DocumentDetailShape

    @extend_schema(
        summary="Satu dokumen, versinya, dan pemakaiannya",
        operation_id="documents_retrieve",
        responses=DocumentDetailShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        data = self.detail(self.find(pk))
        return with_etag(Response(data), data["version"])

    @extend_schema(
        summary="Ubah keterangan dokumen",
        description="Yang tidak dikirim tetap. Terkunci selama menjadi bukti pada isian yang sudah diajukan (409).",
        operation_id="documents_update",
        request=DocumentChanges,
        responses=DocumentDetailShape,
        examples=[OpenApiExample("Judul", value={"title": "SK Tim SPBE 2026", "version": 1}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        self.find_to_keep(pk)
        details = self.bound(DocumentChanges, partial=True)
        version = sent_version(request, details)
        services.edit_document(document_id=pk, user=request.user, details=details, version=version)
        data = self.detail(self.find(pk))
        return with_etag(Response(data), data["version"])

    @extend_schema(
        summary="Hapus dokumen yang tidak pernah dipakai",
        operation_id="documents_remove",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        self.find_to_keep(pk)
        services.remove_document(document_id=pk, user=request.user)
        return Response(status=204)


@extend_schema(tags=["Pustaka dokumen"])
class DocumentVersions(LibraryView):
    serializer_class = MovedShape
    parser_classes = [MultiPartParser, BoundedJson]

    @extend_schema(
        summary="Tambah versi baru",
        description="Versi lama tetap ada. Bukti yang disebut memakai versi baru, sejauh masih dapat diubah.",
        operation_id="documents_add_version",
        request=NewVersion,
        responses={201: MovedShape},
        examples=[
            OpenApiExample(
                "Tautan",
                value={"url": "https://jdih.contoh.go.id/perwal-12-2026-a.pdf", "change": "Lampiran II ditambah"},
                request_only=True,
                media_type="application/json",
            )
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find_to_keep(pk)
        sent_file(request)
        sent = self.bound(NewVersion)
        shared: dict[str, Any] = {
            "document_id": pk,
            "user": request.user,
            "change": sent.get("change", ""),
            "evidence_ids": sent.get("evidence", []),
        }
        if "file" in sent:
            done = services.add_file_version(file=sent["file"], name=sent["file"].name or "", **shared)
        else:
            done = services.add_link_version(url=sent["url"], **shared)
        return Response(MovedShape(done).data, status=201)


@extend_schema(tags=["Pustaka dokumen"])
class DocumentUseNewest(LibraryView):
    serializer_class = MovedShape

    @extend_schema(
        summary="Pakai versi terbaru pada bukti yang masih dapat diubah",
        operation_id="documents_use_newest",
        request=UseNewest,
        responses=MovedShape,
        examples=[OpenApiExample("Dua bukti", value={"evidence": [12, 15]}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_see_libraries(self.rights))
        wanted = self.bound(UseNewest)["evidence"]
        return Response(MovedShape(services.use_newest(document_id=pk, user=request.user, evidence_ids=wanted)).data)


@extend_schema(tags=["Pustaka dokumen"])
class DocumentFile(LibraryView, FileView):
    @extend_schema(
        summary="Unduh berkas satu versi",
        description="Tercatat di jejak audit bila yang mengunduh bukan anggota OPD-nya. Header Range diterima.",
        operation_id="documents_file",
        responses=FILE_ANSWERS,
    )
    def get(self, request: Request, pk: int, version_number: int) -> HttpResponseBase:
        document = self.find(pk)
        version = get_object_or_404(
            DocumentVersion.objects.select_related("document"), document=document, number=version_number
        )
        return file_answer(
            request,
            version,
            note=lambda is_rest: reading.note_document_download(version=version, user=request.user, is_rest=is_rest),
        )
