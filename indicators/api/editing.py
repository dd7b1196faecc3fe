"""Copying and publishing an instrument; what lies between is done on the editor's pages."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services._base import require
from indicators.api.instruments import InstrumentShape
from indicators.editor import drafts
from indicators.models import Instrument
from indicators.permissions import can_edit_instruments
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import Strict


class CopyGiven(Strict):
    code = serializers.CharField(max_length=60, help_text="Kode baru: huruf kecil, angka, dan tanda hubung")
    name = serializers.CharField(max_length=200)


class PublishGiven(Strict):
    pass


@extend_schema(tags=["Instrumen"])
class InstrumentCopy(ApiView):
    serializer_class = InstrumentShape
    queryset = Instrument.objects.filter(is_draft=False)

    @extend_schema(
        summary="Salin instrumen menjadi konsep",
        operation_id="instruments_copy",
        request=CopyGiven,
        responses={201: InstrumentShape},
        examples=[
            OpenApiExample(
                "Untuk tahun depan", value={"code": "spbe-47-2027", "name": "SPBE 47 tahun 2027"}, request_only=True
            )
        ],
    )
    def post(self, request: Request, code: str) -> Response:
        require(can_edit_instruments(self.rights))
        source = get_object_or_404(self.get_queryset(), code=code)
        made = drafts.copy(actor=request.user, source=source, **self.bound(CopyGiven))
        return Response(InstrumentShape(made).data, status=201)


@extend_schema(tags=["Instrumen"])
class InstrumentPublish(ApiView):
    serializer_class = InstrumentShape
    queryset = Instrument.objects.all()

    @extend_schema(
        summary="Terbitkan konsep; setelah itu hanya kalimatnya dapat diperbaiki",
        operation_id="instruments_publish",
        request=PublishGiven,
        responses=InstrumentShape,
        examples=[OpenApiExample("Tanpa isi", value={}, request_only=True)],
    )
    def post(self, request: Request, code: str) -> Response:
        require(can_edit_instruments(self.rights))
        found = get_object_or_404(self.get_queryset(), code=code)
        self.bound(PublishGiven)
        return Response(InstrumentShape(drafts.publish(actor=request.user, instrument_id=found.pk, edits=None)).data)
