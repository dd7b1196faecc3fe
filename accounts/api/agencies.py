"""Agencies: their names for every program, their changes for who manages accounts."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import MAX_KEY, AgencyName, cleaned, for_managers
from accounts.forms import AgencyForm, EndAgencyForm, ReasonForm
from accounts.models import Agency
from accounts.services import agencies as services
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.inputs import Strict


class AgencyShape(serializers.ModelSerializer):
    parent = AgencyName(allow_null=True, help_text="OPD yang membawahinya")
    successor = AgencyName(allow_null=True, help_text="OPD yang melanjutkan tugasnya")

    class Meta:
        model = Agency
        fields = [
            "id",
            "slug",
            "name",
            "short_name",
            "kind",
            "parent",
            "valid_from",
            "valid_until",
            "successor",
            "version",
        ]
        read_only_fields = fields


class AgencyChange(Strict):
    """The rules are those of the page's form."""

    name = serializers.CharField(max_length=200, help_text="Nama resmi")
    short_name = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(Agency.Kind.choices)
    parent = serializers.IntegerField(
        min_value=1, max_value=MAX_KEY, allow_null=True, required=False, help_text="Id OPD yang membawahinya"
    )
    valid_from = serializers.DateField()
    version = serializers.IntegerField(min_value=1, max_value=MAX_KEY, required=False)


class AgencyGiven(AgencyChange):
    version = None  # type: ignore[assignment]
    slug = serializers.CharField(
        max_length=60, required=False, help_text="Kode, tidak berubah lagi; bila tidak ada, dibuat dari nama singkat"
    )


class AgencyEnd(Strict):
    last_day = serializers.DateField(help_text="Semua peran di OPD ini berakhir paling lambat pada hari itu")
    successor = serializers.IntegerField(
        min_value=1, max_value=MAX_KEY, allow_null=True, required=False, help_text="Id OPD penerus"
    )
    reason = serializers.CharField(max_length=1000)


class ReasonGiven(Strict):
    reason = serializers.CharField(max_length=1000)


class AgencyFilter(django_filters.FilterSet):
    slug = django_filters.CharFilter(label="Kode OPD", max_length=60)
    kind = django_filters.ChoiceFilter(choices=Agency.Kind.choices, label="Jenis")
    valid_on = django_filters.DateFilter(method="valid", label="Hanya OPD yang berlaku pada tanggal ini")
    search = django_filters.CharFilter(method="named", max_length=100, label="Bagian nama, nama singkat, atau kode")

    class Meta:
        model = Agency
        fields: list[str] = []

    def valid(self, found: Any, name: str, day: Any) -> QuerySet[Agency]:
        return found.valid_on(day)

    def named(self, found: Any, name: str, text: str) -> QuerySet[Agency]:
        return found.filter(Q(name__icontains=text) | Q(short_name__icontains=text) | Q(slug__icontains=text))


class _AgencyView(ApiView):
    serializer_class = AgencyShape
    queryset = Agency.objects.select_related("parent", "successor").order_by("name")

    def answer(self, agency: Agency, **options: Any) -> Response:
        found = self.get_queryset().get(pk=agency.pk)
        return with_etag(Response(AgencyShape(found).data, **options), found.version)

    def present(self, agency: Agency) -> dict[str, Any]:
        return dict(AgencyShape(agency).data)


@extend_schema(tags=["OPD"])
class AgencyList(_AgencyView):
    filterset_class = AgencyFilter
    ordering_fields = ["name", "short_name", "slug", "valid_from"]

    @extend_schema(summary="Daftar OPD", operation_id="agencies_list", responses=AgencyShape(many=True))
    def get(self, request: Request) -> Response:
        return self.listed(self.get_queryset(), AgencyShape)

    @extend_schema(
        summary="Tambah OPD",
        operation_id="agencies_create",
        request=AgencyGiven,
        responses={201: AgencyShape},
        examples=[
            OpenApiExample(
                "Dinas",
                value={"name": "Dinas Sosial", "short_name": "Dinsos", "kind": "dinas", "valid_from": "2026-01-01"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        for_managers(self.rights)
        made = services.create_agency(actor=request.user, **cleaned(AgencyForm(self.bound(AgencyGiven))))
        return self.answer(made, status=201, headers={"Location": reverse("api_agency", args=[made.pk])})


@extend_schema(tags=["OPD"])
class AgencyDetail(_AgencyView):
    @extend_schema(summary="Satu OPD", operation_id="agencies_retrieve", responses=AgencyShape)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(get_object_or_404(Agency, pk=pk))

    @extend_schema(
        summary="Ubah data OPD",
        operation_id="agencies_change",
        request=AgencyChange(partial=True),
        responses=AgencyShape,
        examples=[OpenApiExample("Nama singkat", value={"short_name": "Dinkes", "version": 3}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        for_managers(self.rights)
        stored = get_object_or_404(Agency, pk=pk)
        data = self.bound(AgencyChange, partial=True)
        version = sent_version(request, data)
        held = {
            "name": stored.name,
            "short_name": stored.short_name,
            "kind": stored.kind,
            "parent": stored.parent_id,
            "valid_from": stored.valid_from,
        }
        details = cleaned(AgencyForm({**held, **data, "version": version}, agency=stored))
        # What was not sent is not an answer to what somebody else wrote meanwhile.
        sent = {name: value for name, value in details.items() if name in data}
        return self.answer(
            services.edit_agency(actor=request.user, agency_id=pk, details=sent, version=version),
        )


@extend_schema(tags=["OPD"])
class AgencyEnding(_AgencyView):
    @extend_schema(
        summary="Akhiri OPD, dengan penerusnya bila ada",
        operation_id="agencies_end",
        request=AgencyEnd,
        responses=AgencyShape,
        examples=[
            OpenApiExample(
                "Penggabungan",
                value={"last_day": "2026-12-31", "successor": 4, "reason": "Perda tentang perangkat daerah."},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        for_managers(self.rights)
        form = EndAgencyForm(self.bound(AgencyEnd), agency=get_object_or_404(Agency, pk=pk))
        return self.answer(services.end_agency(actor=request.user, agency_id=pk, **cleaned(form)))


@extend_schema(tags=["OPD"])
class AgencyReinstate(_AgencyView):
    @extend_schema(
        summary="Berlakukan lagi OPD yang diakhiri",
        operation_id="agencies_reinstate",
        request=ReasonGiven,
        responses=AgencyShape,
        examples=[OpenApiExample("Batal digabung", value={"reason": "Penggabungan dibatalkan."}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        for_managers(self.rights)
        get_object_or_404(Agency, pk=pk)
        form = ReasonForm(self.bound(ReasonGiven))
        return self.answer(services.reinstate_agency(actor=request.user, agency_id=pk, **cleaned(form)))
