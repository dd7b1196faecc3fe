"""Answers to what went wrong: what happened, what is safe, what to do next."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt

from spbe_portal.middleware import API, SESSION_ENDED, wants_json

NO_SUCH_ADDRESS = "Alamat ini tidak ada. Alamat API diawali /api/v1/ dan diakhiri garis miring."
TOO_OLD = "Formulir ini sudah terlalu lama terbuka. Muat ulang halaman, lalu kirim kembali."


def _detail(exception: Exception | None, default: str) -> str:
    """The exception's own sentence where a view gave one, never a technical text."""
    text = exception.args[0] if exception and exception.args else ""
    return text if isinstance(text, str) and text.strip() else default


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old: mostly a session that ended while someone typed."""
    user = getattr(request, "user", None)
    is_expired = user is None or not user.is_authenticated
    if wants_json(request):
        return JsonResponse({"detail": SESSION_ENDED if is_expired else TOO_OLD, "code": "csrf"}, status=403)
    shown = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(shown, {request.get_host()}, require_https=request.is_secure())
    # The path alone: log-in takes people back only to addresses of the portal.
    parts = urlsplit(shown) if is_ours else urlsplit("/")
    back = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    return render(request, "403_csrf.html", {"is_expired": is_expired, "back": back}, status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for a form larger than accepted. Rendered without context: the host itself may be wrong."""
    is_too_big = isinstance(exception, RequestDataTooBig)
    status, name = (413, "413.html") if is_too_big else (400, "400.html")
    if wants_json(request):
        detail = (
            "Isian terlalu besar untuk dikirim. Persingkat teksnya, lalu simpan kembali."
            if is_too_big
            else "Permintaan tidak dapat dibaca. Muat ulang halaman, lalu coba lagi."
        )
        if request.path.startswith(API):
            detail = "Kiriman terlalu besar." if is_too_big else "Permintaan tidak dapat dibaca."
        return JsonResponse({"detail": detail}, status=status)
    return HttpResponse(loader.render_to_string(name), status=status)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    detail = _detail(exception, "Peran Anda tidak mengizinkan tindakan ini.")
    if wants_json(request):
        return JsonResponse({"detail": detail}, status=403)
    return render(request, "403.html", {"detail": detail}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_json(request):
        detail = NO_SUCH_ADDRESS if request.path.startswith(API) else "Halaman tidak ditemukan."
        return JsonResponse({"detail": detail}, status=404)
    return render(request, "404.html", status=404)


@login_not_required
@csrf_exempt
def api_not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address below /api/. It is there so that one without its last slash is not redirected: a program
    would send its POST on as a GET."""
    return page_not_found(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, rendered without context: whatever failed may fail again."""
    if wants_json(request):
        return JsonResponse({"detail": "Terjadi gangguan pada server. Coba lagi beberapa saat lagi."}, status=500)
    return HttpResponse(loader.render_to_string("500.html"), status=500)
