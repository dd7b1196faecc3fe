"""What a copied instrument says otherwise than what it was copied from."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services._base import require
from indicators.editor.comparison import compare
from indicators.models import Instrument
from indicators.permissions import can_edit_instruments
from spbe_portal.api.base import ApiView


class PassageShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["same", "out", "in", "gap"], help_text="out: hilang; in: ditambahkan")
    text = serializers.CharField()


class FieldChangeShape(serializers.Serializer):
    """One field: two values, and for a long text its passages."""

    label = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    passages = PassageShape(many=True)


class DifferenceShape(serializers.Serializer):
    what = serializers.CharField(help_text="Bagian instrumen, misalnya Indikator 12")
    kind = serializers.ChoiceField(choices=["new", "gone", "changed"])
    changes = FieldChangeShape(many=True)


class DifferencesShape(serializers.Serializer):
    instrument = serializers.CharField()
    copied_from = serializers.CharField(allow_null=True, help_text="Kosong: bukan salinan")
    differences = DifferenceShape(many=True)


@extend_schema(tags=["Instrumen"])
class InstrumentDifferences(ApiView):
    serializer_class = DifferencesShape
    queryset = Instrument.objects.select_related("copied_from")

    @extend_schema(
        summary="Perbedaan salinan instrumen dari asalnya",
        operation_id="instruments_differences_retrieve",
        responses=DifferencesShape,
    )
    def get(self, request: Request, code: str) -> Response:
        require(can_edit_instruments(self.rights))
        found = get_object_or_404(self.get_queryset(), code=code)
        source = found.copied_from
        told: dict[str, Any] = {
            "instrument": found.code,
            "copied_from": source.code if source else None,
            "differences": compare(source, found) if source else [],
        }
        return Response(DifferencesShape(told).data)
