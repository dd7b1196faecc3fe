"""What log-in asks for after the password."""

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from accounts.middleware import satisfied_elsewhere


class CodeStage(AuthenticateStage):
    """The code of the second factor, unless the identity provider has asked for one and that counts."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return super()._should_handle(request) and not satisfied_elsewhere(request)
