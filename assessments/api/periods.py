"""Periods: the list, one, its agencies, and its moves."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from accounts.models import Agency
from assessments import moves, permissions, workflow
from assessments.api.period_shapes import (
    SHOWN_STATUSES,
    MomentField,
    PeriodDay,
    find_period,
    reason_field,
    require,
)
from assessments.errors import Invalid
from assessments.forms.periods import usable_instruments
from assessments.models import Period, Result
from assessments.queries import periods as queries
from assessments.services import periods as services
from indicators.models import Instrument
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.serializers import Strict

AGENCIES_MAX = 5000


class PeriodShape(serializers.ModelSerializer):
    """A period. `actions` are what the token's owner may do to it now; needs the view's rights in its context."""

    instrument = serializers.SlugRelatedField(slug_field="code", read_only=True)
    instrument_name = serializers.CharField(source="instrument.name")
    status = serializers.ChoiceField(choices=Period.Status.choices)
    target = serializers.DecimalField(max_digits=4, decimal_places=2, allow_null=True)
    actions = serializers.SerializerMethodField()

    class Meta:
        model = Period
        fields = [
            "id",
            "name",
            "year",
            "instrument",
            "instrument_name",
            "status",
            "starts_on",
            "deadline",
            "mend_days",
            "target",
            "evidence_from",
            "opened_at",
            "finalised_at",
            "is_imported",
            "version",
            "actions",
        ]
        read_only_fields = fields

    def get_actions(self, period: Period) -> list[str]:
        return moves.period_actions(self.context["rights"], period, has_result=period.has_result)  # type: ignore[attr-defined]


class PeriodFilter(django_filters.FilterSet):
    year = django_filters.NumberFilter(help_text="Tahun penilaian")
    status = django_filters.ChoiceFilter(choices=Period.Status.choices)
    instrument = django_filters.CharFilter(field_name="instrument__code", help_text="Kode instrumen")

    class Meta:
        model = Period
        fields = ["year", "status", "instrument"]


class PeriodDetails(Strict):
    """Details that a coordinator gives or changes; see the services for what fits together."""

    name = serializers.CharField(max_length=services.NAME_MAX)
    year = serializers.IntegerField(min_value=services.YEARS[0], max_value=services.YEARS[1])
    instrument = serializers.CharField(max_length=60, help_text="Kode instrumen")
    starts_on = PeriodDay()
    deadline = MomentField(help_text="Batas waktu pengisian; tanpa zona berarti waktu portal")
    mend_days = serializers.IntegerField(min_value=1, max_value=services.MEND_DAYS_MAX)
    target = serializers.DecimalField(max_digits=4, decimal_places=2, allow_null=True)
    evidence_from = PeriodDay(allow_null=True)
    agencies = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**31 - 1),
        min_length=1,
        max_length=AGENCIES_MAX,
        help_text="Id semua OPD yang dinilai",
    )


class PeriodNew(PeriodDetails):
    mend_days = serializers.IntegerField(min_value=1, max_value=services.MEND_DAYS_MAX, default=5)
    target = serializers.DecimalField(max_digits=4, decimal_places=2, allow_null=True, default=None)
    evidence_from = PeriodDay(allow_null=True, default=None)


class PeriodChange(PeriodDetails):
    reason = reason_field(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class PeriodReason(Strict):
    reason = reason_field()


class _PeriodView(ApiView):
    serializer_class = PeriodShape

    def shown(self, pk: int) -> dict[str, Any]:
        return PeriodShape(_with_result(Period.objects.all()).get(pk=pk), context={"rights": self.rights}).data

    def present(self, period: Any) -> dict[str, Any]:
        return self.shown(period.pk)

    def answer(self, period: Period, **options: Any) -> Response:
        return with_etag(Response(self.shown(period.pk), **options), period.version)


def _with_result(periods: QuerySet[Period]) -> QuerySet[Period]:
    has_result = Exists(Result.objects.filter(assessment__period=OuterRef("pk")))
    return periods.select_related("instrument").annotate(has_result=has_result)


@extend_schema(tags=["Periode"])
class PeriodList(_PeriodView):
    filterset_class = PeriodFilter
    ordering_fields = ["year", "name", "deadline", "id"]
    queryset = Period.objects.none()

    @extend_schema(
        summary="Daftar periode yang boleh Anda ketahui, terbaru dahulu",
        operation_id="periods_list",
        responses=PeriodShape(many=True),
    )
    def get(self, request: Request) -> Response:
        found = self.filter_queryset(_with_result(Period.objects.visible_to(self.rights)))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(PeriodShape(page, many=True, context={"rights": self.rights}).data)

    @extend_schema(
        summary="Buat periode (belum dibuka)",
        operation_id="periods_create",
        request=PeriodNew,
        responses={201: PeriodShape},
        examples=[
            OpenApiExample(
                "Periode baru",
                value={
                    "name": "Penilaian SPBE OPD 2027",
                    "year": 2027,
                    "instrument": "spbe-47-7aspek",
                    "starts_on": "2027-03-01",
                    "deadline": "2027-06-30T16:00:00+07:00",
                    "target": "3.60",
                    "agencies": [1, 2, 3],
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        require(permissions.can_manage_periods(self.rights))
        data = self.bound(PeriodNew)
        agencies = _agencies(data.pop("agencies"))
        data["instrument"] = _instrument(data["instrument"])
        if data["deadline"] <= timezone.now():
            raise Invalid({"deadline": "Batas waktu sudah lewat. Pilih yang akan datang."})
        period = services.create_period(user=request.user, agencies=agencies, **data)
        return self.answer(period, status=201, headers={"Location": reverse("api_period", args=[period.pk])})


@extend_schema(tags=["Periode"])
class PeriodDetail(_PeriodView):
    @extend_schema(summary="Satu periode", operation_id="periods_retrieve", responses=PeriodShape)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(find_period(self, pk))

    @extend_schema(
        summary="Ubah periode",
        description="Selama berjalan hanya nama, batas waktu (dengan alasan), hari perbaikan, target, dan tanggal "
        "bukti yang dapat diubah; OPD hanya dapat ditambah.",
        operation_id="periods_change",
        request=PeriodChange(partial=True),
        responses=PeriodShape,
        examples=[
            OpenApiExample(
                "Batas waktu diundur",
                value={"deadline": "2027-07-07T16:00:00+07:00", "reason": "Libur bersama.", "version": 3},
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        data = self.bound(PeriodChange, partial=True)
        version, reason = sent_version(request, data), data.pop("reason", "")
        agencies = _agencies(data.pop("agencies"), keep=period) if "agencies" in data else None
        if "instrument" in data:
            data["instrument"] = _instrument(data["instrument"], keep=period.instrument)
        deadline = data.get("deadline")
        if deadline and deadline != period.deadline and deadline <= timezone.now():
            raise Invalid({"deadline": "Batas waktu sudah lewat. Pilih yang akan datang."})
        saved = services.edit_period(
            period_id=pk, user=request.user, details=data, agencies=agencies, reason=reason, version=version
        )
        return self.answer(saved)


def _agencies(ids: list[int], keep: Period | None = None) -> list[Agency]:
    """Those a period can have today, and those it has. Raises `Invalid` for others."""
    present = set(Agency.objects.filter(assignments__period=keep).values_list("pk", flat=True)) if keep else set()
    offered = {agency.pk: agency for agency in queries.selectable_agencies(keep=present)}
    if unknown := [str(pk) for pk in ids if pk not in offered]:
        raise Invalid({"agencies": f"OPD tidak dikenal atau tidak berlaku hari ini: {', '.join(unknown[:20])}."})
    return [offered[pk] for pk in dict.fromkeys(ids)]


def _instrument(code: str, keep: Instrument | None = None) -> Instrument:
    """A usable instrument of this code, or the one the period has. Raises `Invalid`."""
    if keep is not None and keep.code == code:
        return keep
    usable, _ = usable_instruments()
    for instrument in usable:
        if instrument.code == code:
            return instrument
    raise Invalid({"instrument": "Instrumen ini tidak ada atau tidak dapat dipakai."})


# --- Its agencies --------------------------------------------------------------------------------------------


class PeriodAgencyShape(serializers.Serializer):
    """One agency's place in a period; without `assessment` while the period is in preparation."""

    agency = AgencyName()
    assessment = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=["", *SHOWN_STATUSES])
    assigned = serializers.IntegerField(help_text="Indikator yang ditugaskan")
    answered = serializers.IntegerField(help_text="Indikator yang terisi")
    decided = serializers.IntegerField(allow_null=True, help_text="Kosong: belum boleh Anda ketahui")
    returned = serializers.IntegerField(allow_null=True)
    is_late = serializers.BooleanField()
    due_at = serializers.DateTimeField(allow_null=True)
    reviewers = serializers.IntegerField(help_text="Orang yang dapat memverifikasinya")
    actions = serializers.ListField(child=serializers.CharField())


@extend_schema(tags=["Periode"])
class PeriodAgencies(ApiView):
    serializer_class = PeriodAgencyShape
    filter_backends: list = []

    @extend_schema(
        summary="OPD dalam periode dan kemajuannya (koordinator)",
        operation_id="periods_agencies_list",
        responses=PeriodAgencyShape(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        rows: list[Any]
        if period.status == Period.Status.DRAFT:
            rows = [_chosen(row) for row in queries.chosen_agencies(period)]
        else:
            rows = [_progress(row) for row in queries.progress(period, self.rights).rows]
        return self.listed(rows, PeriodAgencyShape)


def _chosen(row: queries.ChosenAgency) -> dict[str, Any]:
    return {
        "agency": row.agency,
        "assessment": None,
        "status": "",
        "assigned": row.indicators,
        "answered": 0,
        "decided": None,
        "returned": None,
        "is_late": False,
        "due_at": None,
        "reviewers": row.reviewers,
        "actions": [],
    }


def _progress(row: queries.AgencyRow) -> dict[str, Any]:
    return {
        "agency": row.assessment.agency,
        "assessment": row.assessment.pk,
        "status": row.status,
        "assigned": row.assessment.assigned_count,
        "answered": row.assessment.answered_count,
        "decided": row.decided,
        "returned": row.returned,
        "is_late": row.is_late,
        "due_at": row.assessment.due_at,
        "reviewers": row.reviewers,
        "actions": list(row.actions),
    }


# --- Its moves -----------------------------------------------------------------------------------------------


@extend_schema(tags=["Periode"])
class PeriodOpen(_PeriodView):
    @extend_schema(
        summary="Buka periode",
        description="Instrumen dikunci dan setiap OPD yang ditugaskan mendapat penilaian. 409 memuat semua hambatan.",
        operation_id="periods_open",
        request=None,
        responses=PeriodShape,
    )
    def post(self, request: Request, pk: int) -> Response:
        find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        return self.answer(workflow.open_period(period_id=pk, user=request.user))


@extend_schema(tags=["Periode"])
class PeriodCancel(_PeriodView):
    @extend_schema(
        summary="Batalkan periode, beserta penilaiannya yang berjalan",
        operation_id="periods_cancel",
        request=PeriodReason,
        responses=PeriodShape,
        examples=[OpenApiExample("Batal", value={"reason": "Instrumen keliru."}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        data = self.bound(PeriodReason)
        return self.answer(workflow.cancel_period(period_id=pk, user=request.user, **data))


class UnfinishedShape(serializers.Serializer):
    assessment = serializers.IntegerField(source="pk")
    agency = AgencyName()
    status = serializers.ChoiceField(choices=[*SHOWN_STATUSES])
    answered = serializers.IntegerField(source="answered_count")
    assigned = serializers.IntegerField(source="assigned_count")


class FinaliseViewShape(serializers.Serializer):
    """What would freeze as *tidak selesai*; `token` sent with the finalising says that this list was seen."""

    unfinished = UnfinishedShape(many=True)
    token = serializers.CharField()


class FinaliseGiven(PeriodReason):
    token = serializers.CharField(
        required=False, max_length=64, help_text="Dari GET: daftar yang sudah dilihat; bila berubah, 409"
    )


class FrozenPemdaShape(serializers.Serializer):
    revision = serializers.IntegerField()
    index_exact = serializers.CharField()
    predicate = serializers.CharField()
    digest = serializers.CharField()
    finalised_at = serializers.DateTimeField()


class FinalisedShape(serializers.Serializer):
    period = PeriodShape()
    complete = serializers.IntegerField(help_text="Hasil lengkap yang ditulis")
    incomplete = serializers.IntegerField(help_text="Hasil tidak selesai yang ditulis")
    unchanged = serializers.IntegerField(help_text="Hasil terdahulu yang tetap berlaku")
    pemda = FrozenPemdaShape(allow_null=True, help_text="Kosong: belum semua indikator ditetapkan")


@extend_schema(tags=["Periode"])
class PeriodFinalise(_PeriodView):
    serializer_class = FinalisedShape

    def present(self, unfinished: Any) -> dict[str, Any]:
        return {
            "unfinished": UnfinishedShape(unfinished, many=True).data,
            "token": queries.unfinished_token(unfinished),
        }

    @extend_schema(
        summary="Apa yang akan dibekukan sebagai tidak selesai",
        operation_id="periods_finalise_preview",
        responses=FinaliseViewShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        rows = queries.progress(period, self.rights).unfinished
        return Response(self.present([row.assessment for row in rows]))

    @extend_schema(
        summary="Finalkan periode",
        description="Yang belum disetujui dibekukan sebagai tidak selesai; untuk itu alasan wajib, dan tanpa alasan "
        "jawabannya 409 dengan daftarnya.",
        operation_id="periods_finalise",
        request=FinaliseGiven,
        responses=FinalisedShape,
        examples=[OpenApiExample("Dengan alasan", value={"reason": "Batas waktu sudah lewat."}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        find_period(self, pk)
        require(permissions.can_manage_periods(self.rights))
        data = self.bound(FinaliseGiven)
        done = workflow.finalise_period(
            period_id=pk, user=request.user, reason=data["reason"], expected_unfinished=data.get("token")
        )
        return Response(
            {
                "period": self.shown(pk),
                "complete": done.complete,
                "incomplete": done.incomplete,
                "unchanged": done.unchanged,
                "pemda": FrozenPemdaShape(done.pemda).data if done.pemda else None,
            }
        )
