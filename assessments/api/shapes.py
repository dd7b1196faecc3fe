"""How decisions, evidence and documents are shown, wherever they stand."""

from rest_framework import serializers
from rest_framework.reverse import reverse

from assessments import permissions
from assessments.models import DecisionKind, Document, DocumentVersion, Evidence, Review
from spbe_portal.api.serializers import LevelNumber


class ReviewShape(serializers.Serializer):
    """A decision. Needs `assessment` and `rights` in its context."""

    number = serializers.CharField(source="answer.indicator.code")
    decision = serializers.ChoiceField(choices=DecisionKind.choices)
    verified_level = LevelNumber(allow_null=True, help_text="null: dikembalikan, atau diterima sebagai tidak relevan")
    reason = serializers.CharField(help_text="Jenis alasan pengembalian; kosong pada keputusan lain")
    note = serializers.CharField()
    round = serializers.IntegerField()
    version = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    reviewer = serializers.SerializerMethodField(help_text="Hanya bagi verifikator dan koordinator OPD lain")
    is_published = serializers.BooleanField(help_text="Sudah dapat dibaca OPD")
    reply = serializers.CharField(help_text="Tanggapan OPD")
    replied_at = serializers.DateTimeField(allow_null=True)

    def get_reviewer(self, review: Review) -> str | None:
        sees = permissions.can_see_open_decisions(self.context["rights"], self.context["assessment"])
        return str(review.reviewer) if sees else None


class VersionShape(serializers.Serializer):
    """One state of a document: a file or a link."""

    id = serializers.IntegerField(source="pk")
    number = serializers.IntegerField()
    url = serializers.CharField(help_text="Alamat tautan; kosong: berkas")
    file_name = serializers.CharField(source="original_name")
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Byte")
    sha256 = serializers.CharField()
    page_count = serializers.IntegerField(allow_null=True)
    scan = serializers.ChoiceField(
        choices=DocumentVersion.Scan.choices, help_text="Hanya none dan clean yang dapat dibuka"
    )
    change = serializers.CharField()
    uploaded_at = serializers.DateTimeField()


class EvidenceShape(serializers.Serializer):
    """A piece of evidence with the document version it points to."""

    id = serializers.IntegerField(source="pk")
    document = serializers.IntegerField(source="version.document_id")
    title = serializers.CharField(source="version.document.title")
    number = serializers.CharField(source="version.document.number")
    date = serializers.DateField(source="version.document.date", allow_null=True)
    kind = serializers.ChoiceField(source="version.document.kind", choices=Document.Kind.choices)
    pages = serializers.CharField()
    level = LevelNumber(allow_null=True)
    version = VersionShape()
    added_at = serializers.DateTimeField()
    added_by = serializers.StringRelatedField(read_only=True)
    on_behalf = serializers.BooleanField()
    download = serializers.SerializerMethodField(help_text="Alamat berkasnya; null pada tautan")

    def get_download(self, evidence: Evidence) -> str | None:
        if evidence.version.is_link:
            return None
        answer = evidence.answer
        return reverse("api_evidence_file", args=[answer.assessment_id, answer.indicator.code, evidence.pk])
