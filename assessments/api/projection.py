"""What a period's levels become under another instrument: the portal's own estimate, as a range."""

from fractions import Fraction
from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions
from assessments.api.period_shapes import IndexText, find_period, require
from assessments.queries import projection as queries
from indicators.scoring import exact_text
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import IndexShape, LevelNumber, index_shape


@extend_schema_field(OpenApiTypes.STR)
class ExactText(serializers.Field):
    """An exact value as text: decimals, or a fraction a/b."""

    def to_representation(self, value: Fraction) -> str:
        return exact_text(value)


class ProjectionFeedShape(serializers.Serializer):
    """One of our indicators and what it gives."""

    number = serializers.CharField()
    name = serializers.CharField()
    share = ExactText(help_text="Bagian yang diteruskan, 0 sampai 1")
    level = LevelNumber(allow_null=True, help_text="Kosong: belum diketahui")
    note = serializers.CharField()


class ProjectionRowShape(serializers.Serializer):
    """One indicator of the target."""

    number = serializers.CharField(source="row.code")
    name = serializers.CharField(source="indicator.name")
    weight = ExactText(source="row.weight")
    aspect = serializers.CharField()
    covered = ExactText(source="row.covered", help_text="Bagian yang tercakup level yang diketahui, 0 sampai 1")
    low = ExactText(source="row.low", help_text="Perkiraan terendah")
    high = ExactText(source="row.high", help_text="Perkiraan tertinggi")
    is_new = serializers.BooleanField(source="row.is_new", help_text="Tidak ada indikator asalnya")
    external_source = serializers.CharField(source="indicator.external_source", help_text="Nilai dari luar instansi")
    feeds = ProjectionFeedShape(many=True)


class ProjectionStartShape(serializers.Serializer):
    """Levels to start from."""

    key = serializers.CharField()
    label = serializers.CharField()
    index = IndexText()
    known = serializers.IntegerField()
    total = serializers.IntegerField()


class ProjectionShape(serializers.Serializer):
    """An estimate of the portal, not of the ministry; the index lies between low and high."""

    period = serializers.IntegerField()
    source = serializers.CharField(help_text="Kode instrumen periode")
    target = serializers.CharField(help_text="Kode instrumen tujuan")
    targets = serializers.ListField(child=serializers.CharField(), help_text="Instrumen tujuan yang dipetakan")
    start = ProjectionStartShape()
    starts = ProjectionStartShape(many=True)
    low = IndexShape()
    high = IndexShape()
    covered = ExactText(help_text="Bagian bobot tujuan yang tercakup, 0 sampai 1")
    unused = serializers.IntegerField(help_text="Indikator asal yang tidak berperan pada tujuan")
    indicators = ProjectionRowShape(many=True)


class ProjectionAsked(serializers.Serializer):
    target = serializers.CharField(required=False, max_length=60, help_text="Kode instrumen tujuan")
    start = serializers.CharField(required=False, max_length=40, help_text="Kunci salah satu starts")


def shown(found: queries.Projection) -> dict[str, Any]:
    rows = [
        {
            "row": line.row,
            "indicator": line.indicator,
            "aspect": part.group.name,
            "feeds": [
                {"number": feed.source, "name": ours.name, "share": feed.share, "level": level, "note": feed.note}
                for feed, ours, level in line.sources
            ],
        }
        for part in found.parts
        for line in part.lines
    ]
    told = {
        "period": found.period.pk,
        "source": found.source.code,
        "target": found.target.code,
        "targets": [each.code for each in found.targets],
        "start": found.start,
        "starts": found.starts,
        "low": index_shape(found.estimate.low),
        "high": index_shape(found.estimate.high),
        "covered": found.estimate.covered,
        "unused": found.unused,
        "indicators": rows,
    }
    return ProjectionShape(told).data


@extend_schema(tags=["Nilai Pemda"])
class Projection(ApiView):
    serializer_class = ProjectionShape

    @extend_schema(
        summary="Perkiraan indeks menurut instrumen lain, sebagai rentang",
        description="Misalnya menuju Pemdi. Perkiraan portal, bukan nilai kementerian. 404 bila instrumen periode ini "
        "tidak dipetakan ke instrumen lain.",
        operation_id="periods_projection_retrieve",
        parameters=[ProjectionAsked],
        responses=ProjectionShape,
    )
    def get(self, request: Request, pk: int) -> Response:
        period = find_period(self, pk, opened=True)
        require(permissions.can_see_pemda(self.rights))
        sent = ProjectionAsked(data=request.query_params)
        sent.is_valid(raise_exception=True)
        target, start = sent.validated_data.get("target", ""), sent.validated_data.get("start", "")
        found = queries.projection(period, target, start)
        if found is None:
            raise Http404
        if target and found.target.code != target:
            raise ValidationError({"target": ["Instrumen periode ini tidak dipetakan ke instrumen itu."]})
        if start and found.start.key != start:
            raise ValidationError({"start": ["Tidak ada nilai awal dengan kunci itu."]})
        return Response(shown(found))
