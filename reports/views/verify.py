"""The public pages that say whether a document is genuine. No log-in; few tries a minute; nothing is stored."""

import hashlib
import time
from io import BytesIO
from typing import Any

from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from assessments.uploads import LimitedUploadHandler, max_bytes
from reports.queries import verify as queries
from spbe_portal.formatting import size_id

#: Checks a minute from one address: people of one office share theirs.
CHECKS_A_MINUTE = 30


class DigestHandler(FileUploadHandler):
    """Reads an upload for its SHA-256 and keeps nothing of it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._digest.update(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        kept = InMemoryUploadedFile(
            BytesIO(), self.field_name, self.file_name or "berkas", self.content_type, file_size, None
        )
        kept.sha256 = self._digest.hexdigest()  # type: ignore[attr-defined]
        return kept


@login_not_required
@csrf_exempt  # the handlers are set before anything reads the form; `_verify` checks the token
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """A form to type a code (`?kode=`), and one to check a file."""
    if request.method == "POST" and (refusal := _too_many(request)):
        return refusal  # before the upload is read
    request.upload_handlers = [LimitedUploadHandler(request), DigestHandler(request)]
    return _verify(request)


@csrf_protect
def _verify(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _check_file(request)
    typed = request.GET.get("kode", "").strip()
    if typed:
        code = queries.plain_code(typed)
        if code:
            return redirect("verify_code", code=code)
        return _too_many(request) or _page(request, typed=typed)
    code_error = "Ketik kode dokumennya." if "kode" in request.GET else ""
    return render(request, "reports/verify.html", {**_shared(), "code_error": code_error})


@login_not_required
@never_cache
@require_safe
def verify_code(request: HttpRequest, code: str) -> HttpResponse:
    """What the portal knows of the document with this code; 404 where it knows none."""
    return _too_many(request) or _page(request, typed=code, genuine=queries.by_code(code))


def _check_file(request: HttpRequest) -> HttpResponse:
    """Compare an uploaded copy with the document of the code given, or find the document it is."""
    typed = request.POST.get("kode", "").strip()
    file = request.FILES.get("berkas")
    if file is None or not file.size:
        error = "Pilih berkas laporan yang akan diperiksa."
        if file is not None:
            error = "Berkas ini kosong (0 byte). Pilih berkas laporan yang utuh."
        elif getattr(request, "too_large_files", []):
            error = (
                f"Berkas terlalu besar untuk diperiksa: paling besar {size_id(max_bytes())}. Laporan di dalam ZIP "
                "dapat diperiksa satu per satu."
            )
        return render(request, "reports/verify.html", {**_shared(), "typed": typed, "error": error}, status=400)
    digest: str = file.sha256  # type: ignore[union-attr]
    named = queries.by_code(typed) if typed else None
    if named and named.is_copy(digest):
        return _page(request, typed=typed, genuine=named, copy="same", digest=digest)
    found = queries.by_digest(digest)
    if found:
        return _page(request, typed=found.code, genuine=found, copy="other" if typed else "same", digest=digest)
    return _page(request, typed=typed, genuine=named, copy="different", digest=digest)


def _page(request: HttpRequest, *, typed: str, genuine: queries.Genuine | None = None, **more: str) -> HttpResponse:
    context = {**_shared(), "typed": typed[:80], "genuine": genuine, **more}
    return render(request, "reports/verify_result.html", context, status=200 if genuine else 404)


def _shared() -> dict[str, Any]:
    return {"max_bytes": max_bytes()}


def _too_many(request: HttpRequest) -> HttpResponse | None:
    """The answer to an address that asks too often; None while it may ask. One count a minute in the cache."""
    key = f"cek:{ratelimit.get_ip(request)}:{int(time.time() // 60)}"
    cache.add(key, 0, timeout=120)
    try:
        count = cache.incr(key)
    except ValueError:  # pushed out in between
        count = 1
    if count <= CHECKS_A_MINUTE:
        return None
    refusal = render(request, "429.html", status=429)
    refusal.headers["Retry-After"] = "60"
    return refusal
