"""Webhooks for programs, for who manages them: the pages' functions."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import MAX_KEY
from accounts.models import Webhook, WebhookDelivery, WebhookEvent
from accounts.permissions import can_manage_webhooks
from accounts.services import webhooks as services
from accounts.services._base import require
from accounts.webhooks.addresses import MAX_LENGTH
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.inputs import Strict


class WebhookShape(serializers.ModelSerializer):
    events = serializers.ListField(child=serializers.ChoiceField(WebhookEvent.choices))

    class Meta:
        model = Webhook
        fields = ["id", "name", "url", "events", "is_active", "created_at", "version"]
        read_only_fields = fields


class NewWebhookShape(WebhookShape):
    secret = serializers.CharField(help_text="Kunci penanda tangan. Hanya ada dalam jawaban ini")

    class Meta(WebhookShape.Meta):
        fields = [*WebhookShape.Meta.fields, "secret"]


class WebhookGiven(Strict):
    name = serializers.CharField(max_length=services.NAME_MAX)
    url = serializers.CharField(max_length=MAX_LENGTH, help_text="Pada host yang diizinkan administrator")
    events = serializers.ListField(
        child=serializers.ChoiceField(WebhookEvent.choices), allow_empty=False, max_length=len(WebhookEvent)
    )


class WebhookChange(WebhookGiven):
    is_active = serializers.BooleanField(help_text="false: dijeda")
    version = serializers.IntegerField(min_value=1, max_value=MAX_KEY)


class DeliveryShape(serializers.ModelSerializer):
    event = serializers.CharField(help_text="Salah satu kejadian, atau webhook.test")
    payload = serializers.DictField(child=serializers.JSONField(), help_text="Yang dikirim: event, id, at, data")
    answer = serializers.IntegerField(allow_null=True, help_text="Status HTTP jawaban terakhir")

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "event",
            "payload",
            "status",
            "attempts",
            "next_attempt_at",
            "answer",
            "error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class _WebhookView(ApiView):
    serializer_class = WebhookShape
    queryset = Webhook.objects.filter(removed_at=None).order_by("name", "pk")

    def find(self, pk: int) -> Webhook:
        """Raises `PermissionDenied`, `Http404`."""
        require(can_manage_webhooks(self.rights))
        return get_object_or_404(self.get_queryset(), pk=pk)

    def answer(self, webhook: Webhook) -> Response:
        return with_etag(Response(WebhookShape(webhook).data), webhook.version)

    def present(self, webhook: Webhook) -> dict[str, Any]:
        return dict(WebhookShape(webhook).data)


@extend_schema(tags=["Webhook"])
class WebhookList(_WebhookView):
    ordering_fields = ["name", "created_at"]

    @extend_schema(summary="Daftar webhook", operation_id="webhooks_list", responses=WebhookShape(many=True))
    def get(self, request: Request) -> Response:
        require(can_manage_webhooks(self.rights))
        return self.listed(self.get_queryset(), WebhookShape)

    @extend_schema(
        summary="Tambah webhook; kuncinya hanya ada dalam jawaban ini",
        operation_id="webhooks_create",
        request=WebhookGiven,
        responses={201: NewWebhookShape},
        examples=[
            OpenApiExample(
                "Dasbor",
                value={
                    "name": "Dasbor kota",
                    "url": "https://dasbor.contoh.go.id/terima",
                    "events": ["assessment.submitted", "period.finalised"],
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        require(can_manage_webhooks(self.rights))
        webhook, plain = services.create(actor=request.user, **self.bound(WebhookGiven))
        webhook.secret = plain  # type: ignore[attr-defined]
        return with_etag(Response(NewWebhookShape(webhook).data, status=201), webhook.version)


@extend_schema(tags=["Webhook"])
class WebhookDetail(_WebhookView):
    @extend_schema(summary="Satu webhook", operation_id="webhooks_retrieve", responses=WebhookShape)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.find(pk))

    @extend_schema(
        summary="Ubah, jeda, atau lanjutkan webhook",
        operation_id="webhooks_change",
        request=WebhookChange(partial=True),
        responses=WebhookShape,
        examples=[OpenApiExample("Jeda", value={"is_active": False, "version": 1}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        self.find(pk)
        data = self.bound(WebhookChange, partial=True)
        version = sent_version(request, data)
        return self.answer(services.change(actor=request.user, webhook_id=pk, details=data, version=version))

    @extend_schema(summary="Hapus webhook", operation_id="webhooks_remove", request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        self.find(pk)
        services.remove(actor=request.user, webhook_id=pk)
        return Response(status=204)


@extend_schema(tags=["Webhook"])
class WebhookTest(_WebhookView):
    @extend_schema(
        summary="Kirim uji ke satu webhook", operation_id="webhooks_test", request=None, responses={202: DeliveryShape}
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        made = services.try_out(actor=request.user, webhook_id=pk)
        return Response(DeliveryShape(made).data, status=202)


@extend_schema(tags=["Webhook"])
class DeliveryList(_WebhookView):
    @extend_schema(
        summary="Kiriman satu webhook, yang terbaru dahulu",
        operation_id="webhooks_deliveries_list",
        responses=DeliveryShape(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        return self.listed(self.find(pk).deliveries.order_by("-created_at", "pk"), DeliveryShape)
