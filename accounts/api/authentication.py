"""Who a program works for: `Authorization: Token ...`."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.middleware import TWO_FACTOR_FIRST
from accounts.models import ApiToken, User
from accounts.services import tokens

WRONG = "Token tidak berlaku: salah, dicabut, kedaluwarsa, atau sesi pemiliknya diakhiri. Buat token baru."
READ_ONLY = "Token ini hanya untuk membaca."


class TokenAuthentication(BaseAuthentication):
    """`request.user` is the token's owner, `request.auth` the `ApiToken`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"token":
            return None
        if len(words) != 2:
            raise AuthenticationFailed(WRONG)
        token = tokens.find(words[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(WRONG)
        if tokens.lacks_second_factor(token.user):
            raise PermissionDenied(TWO_FACTOR_FIRST)
        tokens.touch(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class TokenAllows(BasePermission):
    """Default deny: a token, and one that may write where something is written."""

    message = READ_ONLY

    def has_permission(self, request: Request, view: object) -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        return request.method in SAFE_METHODS or request.auth.scope == ApiToken.Scope.WRITE
