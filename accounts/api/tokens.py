"""Tokens for programs that know a person's password, and the token in use."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError as TooMany
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, PermissionDenied, Throttled
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.adapter import TOO_MANY
from accounts.models import ApiToken, User
from accounts.permissions import rights_of
from accounts.services import tokens, two_factor
from spbe_portal.api.base import ApiView
from spbe_portal.api.inputs import Strict

MISMATCH = (
    "Nama pengguna atau kata sandi tidak cocok. Bila Anda masuk dengan akun pemerintah, buat token di halaman "
    "Token API portal."
)
INACTIVE = "Akun ini tidak aktif. Hubungi koordinator penilaian bila Anda masih memerlukannya."


class Mismatch(APIException):
    status_code = 401
    default_detail = MISMATCH
    auth_header = "Token"


class NewToken(Strict):
    username = serializers.CharField(max_length=150, help_text="Nama pengguna")
    password = serializers.CharField(max_length=4096, trim_whitespace=False, help_text="Kata sandi")
    name = serializers.CharField(max_length=100, default="Program", help_text="Nama token, untuk dikenali pemiliknya")
    scope = serializers.ChoiceField(ApiToken.Scope.choices, default=ApiToken.Scope.WRITE)
    days = serializers.IntegerField(
        min_value=1, max_value=90, default=tokens.USUAL_LIFE, help_text="Masa berlaku dalam hari"
    )


class TokenShape(serializers.ModelSerializer):
    token = serializers.CharField(help_text="Hanya ditampilkan sekali ini")

    class Meta:
        model = ApiToken
        fields = ["token", "name", "scope", "expires_at"]


@extend_schema(tags=["Token"])
class TokenView(ApiView):
    """The only resource that takes a password; whoever needs the second factor is sent to the token page."""

    serializer_class = TokenShape
    pagination_class = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """A token that ended must not keep a program from asking for another."""
        is_asking = self.request is not None and self.request.method == "POST"
        return [] if is_asking else super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        """A token to read with may end itself."""
        return [AllowAny() if self.request.method == "POST" else IsAuthenticated()]

    @extend_schema(
        summary="Buat token dengan nama pengguna dan kata sandi",
        description=(
            "Akun dengan verifikasi dua langkah, dan akun yang masuk lewat penyedia identitas, membuat token di "
            "halaman Token API. Paling banyak sepuluh token yang dibuat dengan cara ini berlaku bersamaan; yang "
            "tertua dicabut."
        ),
        operation_id="token_create",
        auth=[],
        request=NewToken,
        responses={201: TokenShape},
        examples=[
            OpenApiExample(
                "Token 30 hari",
                value={"username": "operator-dinkes", "password": "kata-sandi-anda", "name": "Sinkronisasi e-Kinerja"},
                request_only=True,
            )
        ],
    )
    @method_decorator(sensitive_variables("sent"))
    def post(self, request: Request) -> Response:
        if ratelimit.consume(request._request, app="allauth.account", action="login") is None:
            raise Throttled(wait=60)
        sent = self.bound(NewToken)
        user = _proved(request, sent["username"], sent["password"])
        if two_factor.is_on(user) or two_factor.is_required(rights_of(user)):
            page = f"{settings.PUBLIC_URL}{reverse('token_list')}"
            raise PermissionDenied(f"Akun ini memakai verifikasi dua langkah. Buat token di {page}")
        made, plain = tokens.make_by_password(user=user, name=sent["name"], scope=sent["scope"], days=sent["days"])
        made.token = plain  # type: ignore[attr-defined]
        return Response(TokenShape(made).data, status=201)

    @extend_schema(
        summary="Cabut token yang dipakai", operation_id="token_destroy", request=None, responses={204: None}
    )
    def delete(self, request: Request) -> Response:
        tokens.revoke(user=request.user, pk=request.auth.pk)
        return Response(status=204)


def _proved(request: Request, username: str, password: str) -> User:
    """Who this is, by the same counts as the log-in page. Raises what the caller answers with."""
    adapter: Any = get_adapter()
    try:
        user = adapter.authenticate(request._request, username=username, password=password)
    except TooMany:
        raise Throttled(wait=300, detail=TOO_MANY.split(" Tunggu")[0]) from None
    if user is None:
        raise Mismatch
    if not user.is_active:
        raise PermissionDenied(INACTIVE)
    return user
