"""Where an operator's agency stands in a final result; of the others only how many stand where."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from assessments.api.period_shapes import IndexText, find_period, require
from assessments.permissions import can_see_own_place
from reports.queries import place as queries
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import LevelNumber


class BinShape(serializers.Serializer):
    low = IndexText()
    high = IndexText()
    others = serializers.IntegerField()
    is_own = serializers.BooleanField()


class PartShape(serializers.Serializer):
    number = serializers.CharField(source="code")
    name = serializers.CharField()
    is_domain = serializers.BooleanField()
    own = IndexText(allow_null=True)
    government = IndexText(allow_null=True)


class LevelCountShape(serializers.Serializer):
    level = LevelNumber()
    agencies = serializers.IntegerField()


class IndicatorPlaceShape(serializers.Serializer):
    number = serializers.CharField(source="column.code")
    level = LevelNumber(allow_null=True)
    not_relevant = serializers.BooleanField()
    government = LevelNumber(allow_null=True)
    others = serializers.IntegerField()
    counts = serializers.SerializerMethodField(help_text="Kosong: terlalu sedikit OPD lain untuk ditampilkan")

    @extend_schema_field(LevelCountShape(many=True, allow_null=True))
    def get_counts(self, place: queries.IndicatorPlace) -> Any:
        if place.counts is None:
            return None
        return LevelCountShape(
            [{"level": level, "agencies": number} for level, number in place.counts], many=True
        ).data


class PlaceShape(serializers.Serializer):
    index = IndexText()
    predicate = serializers.CharField()
    government_index = IndexText(allow_null=True)
    government_predicate = serializers.CharField()
    others = serializers.IntegerField(help_text="OPD lain yang hasilnya lengkap")
    same = serializers.IntegerField(help_text="Di antaranya yang ditugasi indikator yang sama")
    bins = BinShape(many=True, allow_null=True, help_text="Kosong: terlalu sedikit untuk dibandingkan")
    parts = PartShape(many=True)
    indicators = IndicatorPlaceShape(many=True)


class OwnPlaceShape(serializers.Serializer):
    assessment = serializers.IntegerField(source="assessment.pk")
    agency = AgencyName(source="assessment.agency")
    place = PlaceShape(allow_null=True, help_text="Kosong: hasilnya tidak selesai, jadi tanpa indeks")


class PlaceAsked(serializers.Serializer):
    agency = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1, help_text="Id OPD Anda")


@extend_schema(tags=["Nilai Pemda"])
class OwnPlace(ApiView):
    serializer_class = OwnPlaceShape
    filter_backends: list = []

    @extend_schema(
        summary="Posisi OPD Anda dalam hasil yang final",
        operation_id="periods_own_place",
        parameters=[PlaceAsked],
        responses=OwnPlaceShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk)
        require(can_see_own_place(self.rights))
        asked = PlaceAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        agency: Any = asked.validated_data.get("agency")
        for assessment in queries.choices(self.rights):
            if assessment.period_id == period.pk and agency in (None, assessment.agency_id):
                return Response(OwnPlaceShape({"assessment": assessment, "place": queries.place(assessment)}).data)
        raise Http404
