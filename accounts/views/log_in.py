"""Log-in by name and password: allauth's view, with the identity provider's button and a count for known browsers."""

from typing import Any

from allauth.account.views import LoginView
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import devices


class LogIn(LoginView):
    """A browser somebody has used before is not held up by a flood from its office's address."""

    http_method_names = ["get", "head", "post"]

    @method_decorator(login_not_required)
    @method_decorator(sensitive_post_parameters("password"))
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        device = devices.any_device(request)
        known = device and ratelimit.consume(request, app="allauth.account", action="login_device", key=device)
        if known:
            return super(LoginView, self).dispatch(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        """What an identity provider said earlier in this session is no longer about who logs in now."""
        for name in ("oidc_log_in", "oidc_two_factor"):
            self.request.session.pop(name, None)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "provider": settings.OIDC}


log_in = LogIn.as_view()
