"""Files on their way out: the one way in which stored files are answered with.

Whoever calls has checked that this person may have the file. Here is decided what the answer looks like:
an attachment that no browser runs, in whole or in part (RFC 9110, one range), from this process or, with
`DOWNLOADS_BY_NGINX`, by nginx from the same folder.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from assessments.models import DocumentVersion, PagePreview
from assessments.uploads import clean_name
from spbe_portal.middleware import wants_json

logger = logging.getLogger(__name__)

PRIVATE = "private, no-store"
#: Where nginx finds `MEDIA_ROOT`; nobody can ask for it from outside (deploy/nginx.conf).
INTERNAL = "/internal-files/"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PICTURES = {"png": "image/png", "jpg": "image/jpeg"}
_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)

MISSING = (
    "Keterangannya tercatat, tetapi berkasnya sendiri tidak ada di penyimpanan portal. Sampaikan kepada "
    "administrator. OPD pemiliknya dapat memulihkannya dengan mengunggah berkas yang sama sekali lagi."
)
#: Told of a download that begins; its argument says whether this is only the rest of one that began before.
Note = Callable[[bool], None]


def version_response(request: HttpRequest, version: DocumentVersion, *, note: Note) -> HttpResponseBase:
    """The file of a version as an attachment, or the page that says why it is not given.

    Links are not found. `note` is called where content goes out, before it does; its failure stops it.
    """
    if version.is_link:
        raise Http404
    if (closed := closed_response(request, version)) is not None:
        return closed
    try:
        return version_file(request, version, note=note)
    except FileNotFoundError:
        return missing_response(request)


def version_file(request: HttpRequest, version: DocumentVersion, *, note: Note) -> HttpResponseBase:
    """The file of a version that may be opened. Raises `FileNotFoundError`, and says so in the log."""
    try:
        return serve(
            request,
            version.file,
            name=version.original_name or "bukti",
            content_type=version.content_type,
            digest=version.sha256,
            note=note,
        )
    except FileNotFoundError:
        logger.error("The file of document version %s is not in the storage", version.pk)
        raise


def picture_response(
    request: HttpRequest, version: DocumentVersion, picture: PagePreview, *, note: Note
) -> HttpResponseBase:
    """One page of a version as a picture; not found where it was lost."""
    if (closed := closed_response(request, version)) is not None:
        return closed
    stored = str(picture.file.name).rpartition("/")[2]
    key, _, suffix = stored.partition(".")
    try:
        return serve(
            request,
            picture.file,
            name=f"halaman-{picture.page}.{suffix}",
            content_type=_PICTURES[suffix],
            digest=key,  # every picture has a name of its own
            note=note,
            inline=True,
            cache="private, max-age=600",
        )
    except FileNotFoundError:
        logger.error("The picture of document version %s, page %s is not in the storage", version.pk, picture.page)
        raise Http404 from None


def serve(
    request: HttpRequest,
    file: FieldFile,
    *,
    name: str,
    content_type: str,
    digest: str,
    note: Note | None = None,
    inline: bool = False,
    cache: str = PRIVATE,
) -> HttpResponseBase:
    """A stored file. `digest` names its content for as long as it exists, and becomes the ETag.

    The name goes out without paths and control characters, and shortened (header injection).

    Raises `FileNotFoundError` where it is not in the storage, whoever would send it.
    """
    headers = {
        **_HEADERS,
        "Cache-Control": cache,
        "Content-Disposition": content_disposition_header(not inline, clean_name(name)) or "inline",
        "Content-Type": content_type or "application/octet-stream",
    }
    wanted = request.headers.get("Range", "") if request.method == "GET" else ""
    if settings.DOWNLOADS_BY_NGINX:
        # Ranges and conditions are nginx's: it says that it takes them, and knows its own ETag.
        if not file.storage.exists(str(file.name)):
            raise FileNotFoundError(str(file.name))
        _tell(request, note, _is_rest(wanted))
        where = INTERNAL + quote(str(file.name))
        return HttpResponse(headers={**headers, "X-Accel-Redirect": where})
    headers["Accept-Ranges"] = "bytes"
    source: Any = file.open("rb")
    try:
        size = file.size
        etag = f'"{digest}"'
        headers["ETag"] = etag
        if _is_known(request, etag):
            source.close()
            return HttpResponse(status=304, headers={key: headers[key] for key in ("ETag", "Cache-Control")})
        part = _part_of(wanted, size) if wanted and _if_range(request, etag) else None
        if part is not None and part[0] >= size:
            source.close()
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        if request.method != "GET":
            source.close()
            return HttpResponse(headers={**headers, "Content-Length": str(size)})
        _tell(request, note, part is not None and part[0] > 0)
        if part is None:
            return _Sent(source, filename=clean_name(name), headers={**headers, "Content-Length": str(size)})
        first, last = part
        source.seek(first)
        headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
        return _Sent(_Part(source, last - first + 1), status=206, filename=clean_name(name), headers=headers)
    except BaseException:
        source.close()
        raise


def why_closed(version: DocumentVersion) -> tuple[str, str] | None:
    """Why nobody may open this file now, as title and text; None where it may be opened."""
    if version.scan == DocumentVersion.Scan.INFECTED:
        return (
            "Berkas ini berbahaya",
            "Pemeriksaan virus menemukan sesuatu di dalam berkas ini, jadi berkas tidak dapat dibuka siapa pun. "
            "OPD pemiliknya perlu menggantinya dengan berkas yang bersih.",
        )
    if version.scan == DocumentVersion.Scan.PENDING:
        return (
            "Berkas sedang diperiksa",
            "Berkas ini sedang diperiksa terhadap virus dan dapat dibuka setelah dinyatakan bersih. Biasanya tidak "
            "sampai satu menit: muat ulang halaman ini sebentar lagi.",
        )
    return None


def closed_response(request: HttpRequest, version: DocumentVersion) -> HttpResponse | None:
    """The same as an answer with status 409."""
    closed = why_closed(version)
    return _page(request, 409, *closed) if closed else None


def missing_response(request: HttpRequest) -> HttpResponse:
    """The row is there and its file is not."""
    return _page(request, 404, "Berkas tidak ditemukan di penyimpanan", MISSING)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": text}, status=status)
    response = render(request, "assessments/file_closed.html", {"title": title, "text": text}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _tell(request: HttpRequest, note: Note | None, is_rest: bool) -> None:
    if note is not None and request.method == "GET":
        note(is_rest)


def _is_rest(wanted: str) -> bool:
    """Whether a range begins after the first byte: what a broken download goes on with."""
    found = _RANGE.fullmatch(wanted)
    return found is not None and (int(found[1]) > 0 if found[1] else bool(found[2]))


def _is_known(request: HttpRequest, etag: str) -> bool:
    known = request.headers.get("If-None-Match", "")
    return etag in (each.strip().removeprefix("W/") for each in known.split(",")) or known.strip() == "*"


def _if_range(request: HttpRequest, etag: str) -> bool:
    """A range of what the client began to fetch; a date never fits, since none was given."""
    return request.headers.get("If-Range", etag).strip() == etag


def _part_of(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range asked for; first == size where it lies beyond, None for the whole."""
    found = _RANGE.fullmatch(wanted)
    if found is None or not (found[1] or found[2]):
        return None  # several ranges, another unit, no range at all: the whole is always right
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size - 1) if length else (size, size)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    return (first, last) if first < size else (size, size)


class _Sent(FileResponse):
    """Keeps the headers it is given: Django would name the attachment after the stored file."""

    def set_headers(self, filelike: Any) -> None:
        return None


class _Part:
    """`length` bytes of an open file, from where it stands."""

    def __init__(self, source: BinaryIO, length: int):
        self.source, self.left = source, length

    def read(self, size: int = -1) -> bytes:
        block = self.source.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.source.close()
