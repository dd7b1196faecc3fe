"""Instruments: what is asked, how it is weighted, how the result is named."""

from typing import Any

import django_filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from indicators.models import Instrument
from indicators.queries import InstrumentContent, instrument_content
from indicators.scoring import exact_text
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import LevelNumber


class InstrumentShape(serializers.ModelSerializer):
    scale_min = LevelNumber()
    scale_max = LevelNumber()
    is_in_use = serializers.SerializerMethodField(help_text="Dipakai suatu periode, jadi susunannya tetap")

    class Meta:
        model = Instrument
        fields = [
            "code",
            "name",
            "short_name",
            "version",
            "regulation",
            "regulation_note",
            "source_note",
            "caution",
            "topic",
            "scale_min",
            "scale_max",
            "is_fractional",
            "is_default",
            "is_in_use",
        ]

    def get_is_in_use(self, instrument: Instrument) -> bool:
        return instrument.in_use_since is not None


class LevelShape(serializers.Serializer):
    level = LevelNumber()
    name = serializers.CharField()
    criterion = serializers.CharField(help_text="Kosong: kriteria belum tersedia")
    agency_criterion = serializers.CharField(help_text="Artinya bagi satu OPD, rumusan portal")


class IndicatorShape(serializers.Serializer):
    number = serializers.CharField()
    name = serializers.CharField()
    short_name = serializers.CharField()
    weight = serializers.CharField(help_text="Bobot eksak, dari jumlah 100")
    external_source = serializers.CharField()
    levels = LevelShape(many=True)


class AspectShape(serializers.Serializer):
    number = serializers.CharField()
    name = serializers.CharField()
    weight = serializers.CharField()
    indicators = IndicatorShape(many=True)


class DomainShape(serializers.Serializer):
    number = serializers.CharField(help_text="Kosong: instrumen ini tanpa domain")
    name = serializers.CharField()
    weight = serializers.CharField()
    aspects = AspectShape(many=True)


class BandShape(serializers.Serializer):
    name = serializers.CharField()
    minimum = serializers.CharField()


class InstrumentTreeShape(InstrumentShape):
    """The whole instrument. Needs `content` in its context."""

    domains = serializers.SerializerMethodField()
    predicates = serializers.SerializerMethodField()

    class Meta(InstrumentShape.Meta):
        fields = [*InstrumentShape.Meta.fields, "domains", "predicates"]

    @extend_schema_field(DomainShape(many=True))
    def get_domains(self, instrument: Instrument) -> Any:
        return DomainShape(_tree(self.context["content"]), many=True).data

    @extend_schema_field(BandShape(many=True))
    def get_predicates(self, instrument: Instrument) -> Any:
        return [{"name": band.name, "minimum": str(band.minimum)} for band in self.context["content"].bands]


class InstrumentFilter(django_filters.FilterSet):
    class Meta:
        model = Instrument
        fields = ["code", "is_default"]


@extend_schema(tags=["Instrumen"])
class InstrumentList(ApiView):
    serializer_class = InstrumentShape
    filterset_class = InstrumentFilter
    ordering_fields = ["code", "name"]
    queryset = Instrument.objects.filter(is_draft=False)

    @extend_schema(summary="Daftar instrumen", operation_id="instruments_list", responses=InstrumentShape(many=True))
    def get(self, request: Request) -> Response:
        return self.listed(self.get_queryset(), InstrumentShape)


@extend_schema(tags=["Instrumen"])
class InstrumentDetail(ApiView):
    serializer_class = InstrumentTreeShape

    @extend_schema(
        summary="Satu instrumen dengan domain, aspek, indikator, bobot, dan kriterianya",
        operation_id="instruments_retrieve",
        responses=InstrumentTreeShape,
    )
    def get(self, request: Request, code: str) -> Response:
        found = get_object_or_404(Instrument, code=code, is_draft=False)
        return Response(InstrumentTreeShape(found, context={"content": instrument_content(found)}).data)


def _tree(content: InstrumentContent) -> list[dict[str, Any]]:
    return [
        {
            "number": domain.code,
            "name": domain.name,
            "weight": exact_text(domain.weight),
            "aspects": [
                {
                    "number": aspect.code,
                    "name": aspect.name,
                    "weight": exact_text(aspect.weight),
                    "indicators": [
                        {
                            "number": each.code,
                            "name": each.name,
                            "short_name": each.short_name,
                            "weight": exact_text(each.weight),
                            "external_source": each.external_source,
                            "levels": [
                                {
                                    "level": row.level,
                                    "name": row.name,
                                    "criterion": row.text,
                                    "agency_criterion": row.agency_text,
                                }
                                for row in each.ladder
                            ],
                        }
                        for each in aspect.indicators
                    ],
                }
                for aspect in domain.aspects
            ],
        }
        for domain in content.domains
    ]
