"""How much may be asked in a minute: by token, and by address where there is none (settings.API_PER_MINUTE)."""

from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import ApiToken


class PerMinute(SimpleRateThrottle):
    """Reads and writes of a token are counted apart, so that who only looks never keeps a program from writing."""

    def __init__(self) -> None:
        """The rate is known only with the request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.rate = f"{settings.API_PER_MINUTE[self.kind_of(request)]}/min"
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: Any) -> str:
        kind = self.kind_of(request)
        # The digest and not the key of the row: another token never begins with this one's count.
        who = request.auth.digest if kind != "anonymous" else ratelimit.get_ip(request._request)
        return f"api:{kind}:{who}"

    @staticmethod
    def kind_of(request: Request) -> str:
        if not isinstance(request.auth, ApiToken):
            return "anonymous"
        return "read" if request.method in SAFE_METHODS else "write"
