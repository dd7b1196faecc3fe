"""Follow-ups: the list, one of them, what its owner reports, and the coordinator's moves."""

from typing import Any

import django_filters
from django.db.models import Q
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from assessments import permissions
from assessments.api._base import FILE_ANSWERS, file_answer, sent_file
from assessments.api.period_shapes import DayField, require
from assessments.errors import Invalid
from assessments.models import FollowUp, Period
from assessments.queries import followups as queries
from assessments.services import followups as services
from assessments.services import reading
from assessments.workflow.followups import CLOSING, close_follow_up, follow_up_actions, report_follow_up
from indicators.models import Indicator
from spbe_portal.api.base import ApiView, FileView, sent_version, with_etag
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.api.serializers import LevelNumber, Strict

KEY_MAX = 2**31 - 1


class FollowUpShape(serializers.ModelSerializer):
    """A follow-up. `actions` are the moves the token's owner may make now; needs the view's rights in its context."""

    period = serializers.IntegerField(source="period_id")
    agency = AgencyName()
    number = serializers.SerializerMethodField(help_text="Nomor indikator; kosong: tidak terkait satu indikator")
    source = serializers.ChoiceField(choices=FollowUp.Source.choices)
    status = serializers.ChoiceField(choices=FollowUp.Status.choices)
    aim = LevelNumber(allow_null=True, help_text="Level yang dituju")
    is_late = serializers.SerializerMethodField()
    proof = serializers.SerializerMethodField(help_text="Alamat buktinya, bila ada dan boleh Anda buka")
    actions = serializers.SerializerMethodField()

    class Meta:
        model = FollowUp
        fields = [
            "id",
            "period",
            "agency",
            "number",
            "source",
            "text",
            "aim",
            "due_on",
            "status",
            "is_late",
            "progress",
            "report",
            "reported_at",
            "proof",
            "note",
            "closed_at",
            "created_at",
            "version",
            "actions",
        ]
        read_only_fields = fields

    def get_number(self, follow_up: FollowUp) -> str:
        return follow_up.indicator.code if follow_up.indicator else ""

    def get_is_late(self, follow_up: FollowUp) -> bool:
        return follow_up.status == FollowUp.Status.OPEN and follow_up.due_on < timezone.localdate()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_proof(self, follow_up: FollowUp) -> str | None:
        if follow_up.proof is None or follow_up.proof.is_link:
            return None
        may_open = permissions.can_see_proof(self.context["rights"], follow_up)
        return reverse("api_follow_up_proof", args=[follow_up.pk]) if may_open else None

    def get_actions(self, follow_up: FollowUp) -> list[str]:
        return follow_up_actions(self.context["rights"], follow_up)


class FollowUpFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=FollowUp.Status.choices)
    late = django_filters.BooleanFilter(method="only_late", help_text="Terbuka dan lewat tenggat")
    agency = django_filters.NumberFilter(field_name="agency_id", help_text="Id OPD")
    period = django_filters.NumberFilter(field_name="period_id", help_text="Id periode")
    number = django_filters.CharFilter(field_name="indicator__code", help_text="Nomor indikator")
    source = django_filters.ChoiceFilter(choices=FollowUp.Source.choices)

    class Meta:
        model = FollowUp
        fields = ["status", "late", "agency", "period", "number", "source"]

    def only_late(self, found: Any, name: str, value: bool) -> Any:
        late = Q(status=FollowUp.Status.OPEN, due_on__lt=timezone.localdate())
        return found.filter(late if value else ~late)


class FollowUpDetails(Strict):
    text = serializers.CharField(max_length=services.TEXT_MAX, help_text="Rekomendasi")
    agency = serializers.IntegerField(min_value=1, max_value=KEY_MAX, help_text="Id OPD pelaksana")
    due_on = DayField(help_text="Tenggat")
    aim = LevelNumber(required=False, allow_null=True, help_text="Level yang dituju")


class FollowUpNew(FollowUpDetails):
    period = serializers.IntegerField(min_value=1, max_value=KEY_MAX, help_text="Id periode")
    number = serializers.CharField(required=False, max_length=20, help_text="Nomor indikator")


class FollowUpChange(FollowUpDetails):
    version = serializers.IntegerField(required=False, min_value=1, max_value=KEY_MAX)


class CarriedGiven(Strict):
    """What the owner did. Without `file` the proof stays."""

    progress = serializers.IntegerField(min_value=0, max_value=100, required=False, help_text="Persen")
    report = serializers.CharField(max_length=services.TEXT_MAX, allow_blank=True, required=False)
    file = serializers.FileField(required=False, allow_empty_file=True, help_text="Bukti; dikirim sebagai multipart")
    version = serializers.IntegerField(required=False, min_value=1, max_value=KEY_MAX)


class MoveGiven(Strict):
    move = serializers.ChoiceField(choices=CLOSING)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=services.NOTE_MAX)
    version = serializers.IntegerField(required=False, min_value=1, max_value=KEY_MAX)


class _FollowUpView(ApiView):
    serializer_class = FollowUpShape

    def find(self, pk: int) -> FollowUp:
        """The follow-up, if this person may know of it; else 404."""
        found = queries.one(self.rights, pk)
        if found is None:
            raise Http404
        return found

    def present(self, follow_up: FollowUp) -> dict[str, Any]:
        return dict(FollowUpShape(follow_up, context={"rights": self.rights}).data)

    def answer(self, pk: int, **options: Any) -> Response:
        found = self.find(pk)
        return with_etag(Response(self.present(found), **options), found.version)


@extend_schema(tags=["Tindak lanjut"])
class FollowUpList(_FollowUpView):
    filterset_class = FollowUpFilter
    ordering_fields = ["due_on", "created_at", "status"]
    queryset = FollowUp.objects.none()

    @extend_schema(
        summary="Tindak lanjut yang boleh Anda lihat, tenggat terdekat dahulu",
        operation_id="follow_ups_list",
        responses=FollowUpShape(many=True),
    )
    def get(self, request: Request) -> Response:
        require(permissions.can_see_follow_ups(self.rights))
        found = queries.visible(self.rights).select_related("agency", "indicator", "proof")
        page = self.paginate_queryset(self.filter_queryset(found))
        return self.get_paginated_response(FollowUpShape(page, many=True, context={"rights": self.rights}).data)

    @extend_schema(
        summary="Buat tindak lanjut",
        operation_id="follow_ups_create",
        request=FollowUpNew,
        responses={201: FollowUpShape},
        examples=[
            OpenApiExample(
                "Satu indikator",
                value={
                    "period": 3,
                    "agency": 1,
                    "number": "12",
                    "text": "Tetapkan SOP layanan data.",
                    "aim": 4,
                    "due_on": "2027-03-31",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        require(permissions.can_manage_follow_ups(self.rights))
        data = self.bound(FollowUpNew)
        period = Period.objects.visible_to(self.rights).filter(pk=data["period"]).first()
        if period is None:
            raise Invalid({"period": "Periode ini tidak ada."})
        indicator = None
        if number := data.get("number"):
            indicator = Indicator.objects.filter(instrument=period.instrument_id, code=number).first()
            if indicator is None:
                raise Invalid({"number": "Indikator ini tidak ada dalam instrumen periode."})
        with _Named():
            made = services.create_follow_up(
                user=request.user,
                period_id=period.pk,
                agency_id=data["agency"],
                text=data["text"],
                due_on=data["due_on"],
                indicator_id=indicator.pk if indicator else None,
                aim=data.get("aim"),
            )
        return self.answer(made.pk, status=201, headers={"Location": reverse("api_follow_up", args=[made.pk])})


class _Named:
    """Refusals by the names that programs know."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        if isinstance(problem, Invalid):
            names = {"agency_id": "agency", "indicator_id": "number"}
            raise Invalid({names.get(name, name): text for name, text in problem.errors.items()}) from None


@extend_schema(tags=["Tindak lanjut"])
class FollowUpDetail(_FollowUpView):
    @extend_schema(summary="Satu tindak lanjut", operation_id="follow_ups_retrieve", responses=FollowUpShape)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(pk)

    @extend_schema(
        summary="Ubah tindak lanjut yang terbuka (koordinator)",
        operation_id="follow_ups_change",
        request=FollowUpChange(partial=True),
        responses=FollowUpShape,
        examples=[OpenApiExample("Tenggat baru", value={"due_on": "2027-06-30", "version": 1}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_manage_follow_ups(self.rights))
        data = self.bound(FollowUpChange, partial=True)
        version = sent_version(request, data)
        if "agency" in data:
            data["agency_id"] = data.pop("agency")
        with _Named():
            services.edit_follow_up(follow_up_id=pk, user=request.user, details=data, version=version)
        return self.answer(pk)


class _CarryView(_FollowUpView):
    parser_classes = [BoundedJson, MultiPartParser]

    def carried(self, request: Request, pk: int) -> tuple[services.Carried, int]:
        """What was sent over what is stored, and the version it was based on."""
        found = self.find(pk)
        require(permissions.can_carry_out(self.rights, found))
        sent_file(request)
        data = self.bound(CarriedGiven)
        version = sent_version(request, data)
        carried = services.Carried(
            progress=data.get("progress", found.progress),
            report=data.get("report", found.report),
            file=data.get("file"),
        )
        return carried, version


_DONE = OpenApiExample(
    "Kemajuan",
    value={"progress": 60, "report": "SOP sudah disusun.", "version": 1},
    request_only=True,
    media_type="application/json",
)


@extend_schema(tags=["Tindak lanjut"])
class FollowUpProgress(_CarryView):
    @extend_schema(
        summary="Simpan kemajuan (operator OPD pelaksana)",
        operation_id="follow_ups_progress",
        request=CarriedGiven,
        responses=FollowUpShape,
        examples=[_DONE],
    )
    def put(self, request: Request, pk: int) -> Response:
        carried, version = self.carried(request, pk)
        services.carry_out(follow_up_id=pk, user=request.user, version=version, carried=carried)
        return self.answer(pk)


@extend_schema(tags=["Tindak lanjut"])
class FollowUpReport(_CarryView):
    @extend_schema(
        summary="Laporkan selesai (operator OPD pelaksana)",
        operation_id="follow_ups_report",
        request=CarriedGiven,
        responses=FollowUpShape,
        examples=[_DONE],
    )
    def post(self, request: Request, pk: int) -> Response:
        carried, version = self.carried(request, pk)
        report_follow_up(follow_up_id=pk, user=request.user, version=version, carried=carried)
        return self.answer(pk)


@extend_schema(tags=["Tindak lanjut"])
class FollowUpMoves(_FollowUpView):
    @extend_schema(
        summary="Nyatakan selesai, kembalikan, hentikan, atau buka kembali (koordinator)",
        operation_id="follow_ups_move",
        request=MoveGiven,
        responses=FollowUpShape,
        examples=[OpenApiExample("Selesai", value={"move": "confirm", "version": 3}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        require(permissions.can_manage_follow_ups(self.rights))
        data = self.bound(MoveGiven)
        version = sent_version(request, data)
        close_follow_up(follow_up_id=pk, user=request.user, name=data["move"], note=data["note"], version=version)
        return self.answer(pk)


@extend_schema(tags=["Tindak lanjut"])
class FollowUpProof(FileView, _FollowUpView):
    @extend_schema(
        summary="Unduh bukti tindak lanjut",
        operation_id="follow_ups_proof",
        responses=FILE_ANSWERS,
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        found = self.find(pk)
        if found.proof is None:
            raise Http404
        require(permissions.can_see_proof(self.rights, found))
        return file_answer(
            request,
            found.proof,
            note=lambda is_rest: reading.note_proof_download(follow_up=found, user=request.user, is_rest=is_rest),
        )
