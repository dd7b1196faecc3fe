"""What is a person's own: who they are here, and what the portal told them."""

from typing import Any

import django_filters
from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import MAX_KEY, RoleShape
from accounts.bell import unread
from accounts.models import ApiToken, Membership, Notification, NotificationKind, User
from accounts.services import notifications as services
from spbe_portal.api.base import ApiView
from spbe_portal.api.inputs import Strict


class OwnTokenShape(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = ["name", "beginning", "scope", "created_at", "expires_at"]
        read_only_fields = fields


class OwnShape(serializers.ModelSerializer):
    """Needs `memberships_now`, `unread` and `token` set on the person."""

    email = serializers.CharField(help_text="Kosong bila tidak ada")
    is_administrator = serializers.BooleanField(source="is_superuser")
    memberships = RoleShape(many=True, source="memberships_now", help_text="Peran yang berlaku hari ini")
    unread = serializers.IntegerField(help_text="Pemberitahuan yang belum dibaca")
    token = OwnTokenShape(help_text="Token yang dipakai")

    class Meta:
        model = User
        fields = ["id", "username", "name", "position", "email", "is_administrator", "memberships", "unread", "token"]
        read_only_fields = fields


@extend_schema(tags=["Masuk"])
class Me(ApiView):
    serializer_class = OwnShape
    pagination_class = None

    @extend_schema(summary="Siapa Anda di sini: peran, OPD, dan token", operation_id="me", responses=OwnShape)
    def get(self, request: Request) -> Response:
        person = request.user
        current = Membership.objects.current().filter(user=person).select_related("agency")
        person.memberships_now = list(current.order_by("agency__short_name", "role"))
        person.unread = unread(person)
        person.token = request.auth
        return Response(OwnShape(person).data)


class NotificationShape(serializers.ModelSerializer):
    url = serializers.SerializerMethodField(help_text="Halaman portal tentang hal ini; kosong bila tidak ada")

    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "text", "url", "created_at", "read_at"]
        read_only_fields = fields

    def get_url(self, told: Notification) -> str:
        return f"{settings.PUBLIC_URL}{told.path}" if told.path else ""


class ReadGiven(Strict):
    until = serializers.IntegerField(
        min_value=1, max_value=MAX_KEY, help_text="Id pemberitahuan terbaru yang sudah Anda lihat"
    )


class ReadShape(serializers.Serializer):
    marked = serializers.IntegerField(help_text="Berapa yang ditandai")


class NotificationFilter(django_filters.FilterSet):
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull", label="Hanya yang belum dibaca")
    kind = django_filters.ChoiceFilter(choices=NotificationKind.choices, label="Jenis")

    class Meta:
        model = Notification
        fields: list[str] = []


class _NotificationView(ApiView):
    serializer_class = NotificationShape
    queryset = Notification.objects.none()  # the key's type, for the document

    def get_queryset(self) -> Any:
        return services.shown_to(self.request.user)


@extend_schema(tags=["Pemberitahuan"])
class NotificationList(_NotificationView):
    filterset_class = NotificationFilter
    ordering_fields = ["created_at"]

    @extend_schema(
        summary="Pemberitahuan Anda, yang terbaru dahulu",
        operation_id="notifications_list",
        responses=NotificationShape(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.listed(self.get_queryset(), NotificationShape)


@extend_schema(tags=["Pemberitahuan"])
class NotificationRead(_NotificationView):
    @extend_schema(
        summary="Tandai satu pemberitahuan sudah dibaca",
        operation_id="notifications_read",
        request=None,
        responses=NotificationShape,
    )
    def post(self, request: Request, pk: int) -> Response:
        return Response(NotificationShape(services.mark_read(user=request.user, pk=pk)).data)


@extend_schema(tags=["Pemberitahuan"])
class NotificationReadAll(_NotificationView):
    serializer_class = ReadShape

    @extend_schema(
        summary="Tandai semua yang sudah Anda lihat",
        description="Yang datang sesudah until tetap belum dibaca.",
        operation_id="notifications_read_all",
        request=ReadGiven,
        responses=ReadShape,
        examples=[OpenApiExample("Sampai 120", value={"until": 120}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        sent = self.bound(ReadGiven)
        return Response({"marked": services.mark_all_read(user=request.user, until=sent["until"])})
