"""Log-in as the default for every view, answers in the language of the caller; nothing left behind."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.http import urlencode

NOTHING_OF_THE_DEVICE = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)
API = "/api/"  # everything below is answered to programs, whatever goes wrong
WRONG_METHOD = "Alamat ini hanya menerima kiriman formulir."
SESSION_ENDED = "Sesi Anda berakhir. Masuk kembali untuk melanjutkan."


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, or a program, which a page in answer would not help."""
    if request.path.startswith(API):
        return True
    if request.headers.get("X-Requested-With") in {"XMLHttpRequest", "fetch"}:
        return True
    accepted = request.headers.get("Accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _shown_page(request: HttpRequest) -> str:
    """Path and query of the page the person looks at, not of the fragment it asked for; "" where it says none."""
    try:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:  # no address at all, such as http://[x
        return ""
    return f"{shown.path}?{shown.query}" if shown.query else shown.path


class PortalLoginRequiredMiddleware(LoginRequiredMiddleware):
    """Without a session: pages go to log-in and come back, scripts get 401 and keep what was typed."""

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:  # type: ignore[override]
        if wants_json(request):
            return JsonResponse({"detail": SESSION_ENDED}, status=401)
        if request.headers.get("HX-Request") == "true":
            back = _shown_page(request)
            target = resolve_url(self.get_login_url(view_func))
            if back.startswith("/") and not back.startswith("//"):
                target = f"{target}?{urlencode({self.get_redirect_field_name(view_func): back})}"
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return super().handle_no_permission(request, view_func)


def leave_nothing_behind(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Pages of a signed-in person are not kept by the browser: office PCs are shared, and Back must not show them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-store"
        return response

    return middleware


def close_the_rest(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """No other site may embed what we answer, and pages ask for nothing of the device (the camera is a file field)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", NOTHING_OF_THE_DEVICE)
        return response

    return middleware


def explain_wrong_method(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """An address that only takes what a form sends, opened as a page: Django's answer is empty, ours is a page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or response.content:
            return response
        if wants_json(request):
            page: HttpResponse = JsonResponse({"detail": WRONG_METHOD}, status=405)
        else:
            page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return middleware
