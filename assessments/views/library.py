"""The agency's library: the list, adding, one document and its versions. (Attaching to an answer: `views.picker`.)"""

import logging
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agency
from accounts.permissions import Rights
from assessments import downloads, permissions, uploads
from assessments.errors import Invalid, Refused, Stale
from assessments.forms.library import EditDocumentForm, LibraryFilters, NewDocumentForm, VersionForm, numbers
from assessments.models import Document, DocumentVersion, Evidence, PagePreview, Upload
from assessments.queries import library as queries
from assessments.queries.documents import document_page
from assessments.queries.history import Entry, of_document
from assessments.services import documents as services
from assessments.services import reading
from assessments.services import uploads as upload_services
from assessments.services.evidence import is_frozen, requeue_stuck
from assessments.services.library import AlreadyThere, Kept, in_library
from assessments.views._base import allow, files_of, rights
from assessments.views.fill import other_person
from spbe_portal.middleware import wants_json

logger = logging.getLogger(__name__)
get_or_post = require_http_methods(["GET", "HEAD", "POST"])
_RECOGNISED = "pustaka_dikenali"  # in the session: versions that were offered instead of being stored twice


@require_safe
def document_list(request: HttpRequest) -> HttpResponse:
    """The documents of one agency; who keeps several chooses with `?opd=`."""
    mine = rights(request)
    allow(permissions.can_see_libraries(mine))
    agencies, agency = _chosen(request, mine)
    context: dict[str, Any] = {"agencies": agencies, "agency": agency}
    if agency is not None:
        filters = LibraryFilters(request.GET)
        wanted = filters.wanted()
        shown = queries.library_list(agency.pk, wanted, request.GET.get("halaman"))
        context |= {
            "filters": filters,
            "wanted": wanted,
            "shown": shown,
            "page": shown.page,
            "states": [chip for chip in shown.states if chip[2] or chip[0] in ("", wanted.state)],
            "is_narrowed": bool(wanted.text or wanted.state or wanted.kind),
            **_keeping(mine, agency),
        }
    return render(request, "assessments/document_list.html", context)


@get_or_post
def document_add(request: HttpRequest) -> HttpResponse:
    """Files and links into the library, without an answer. Scripts send one file at a time and get the list back.

    `upload` names a file that arrived in parts before (see `views.uploads`).
    """
    mine = rights(request)
    allow(permissions.can_see_libraries(mine))
    _, agency = _chosen(request, mine)
    if agency is None:
        return redirect("document_list")
    allow(permissions.can_keep_library(mine, agency.pk))
    if request.method != "POST":
        if wants_json(request):
            return JsonResponse(_added_json(request, agency))
        return _add_page(request, agency, NewDocumentForm(prefix="baru"))
    if (other := other_person(request)) is not None:
        return other
    form = NewDocumentForm(request.POST, prefix="baru")
    added: list[str] = []
    problems: list[str] = [uploads.too_large(name).message for name in getattr(request, "too_large_files", [])]
    status = 413 if problems else 400
    url, url_error = request.POST.get("url", "").strip(), ""
    if form.is_valid():
        for arriving in files_of(request, agency.pk):
            try:
                with arriving as whole:
                    kept = services.add_file(
                        agency_id=agency.pk,
                        user=request.user,
                        file=whole.file,
                        name=whole.name,
                        details=form.details(),
                    )
                added.append(_kept(request, kept))
            except Upload.DoesNotExist:
                problems.append(upload_services.GONE)
                status = 410
            except Refused as refusal:
                problems.append(refusal.message)
        if url:
            try:
                kept = services.add_link(agency_id=agency.pk, user=request.user, url=url, details=form.details())
                added.append(_kept(request, kept))
                url = ""
            except Refused as refusal:
                url_error = refusal.message
                problems.append(refusal.message)
        if not added and not problems:
            problems.append("Belum ada berkas yang dipilih. Pilih berkas, atau isi tautannya.")
    else:
        problems += [f"{form.fields[name].label}: {errors[0]}" for name, errors in form.errors.items()]
    if wants_json(request):
        body = {**_added_json(request, agency), "added": added, "problems": problems}
        if problems:
            return JsonResponse({**body, "detail": problems[0]}, status=status)
        return JsonResponse(body, status=201)
    for text in added:
        messages.success(request, text)
    if not problems:
        return redirect(_address("document_add", agency))
    for text in problems:
        messages.error(request, text)
    return _add_page(request, agency, form, url=url, url_error=url_error, status=status)


@require_safe
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """What is said of a document, its versions and where it is used."""
    found = _find(request, pk)
    mine = rights(request)
    page = document_page(found, mine, timezone.now())
    requeue_stuck(page.versions)
    keeps = permissions.can_keep_library(mine, found.agency_id)
    context = {
        "document": found,
        "page": page,
        "behind_ids": {use.evidence.pk for use in page.open_behind},
        "keeps": keeps,
        "is_frozen": keeps and page.is_used and is_frozen(found),
        "acts": [Entry(line, (line,)) for line in of_document(found, page.versions)] if keeps else [],
        "can_remove": keeps and not page.is_used and not services.was_used(found),
        **_keeping(mine, found.agency),
    }
    return render(request, "assessments/document.html", context)


@get_or_post
def document_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    allow(permissions.can_keep_library(rights(request), found.agency_id))
    if request.method != "POST" and is_frozen(found):
        messages.warning(request, services.FROZEN)
        return redirect("document", pk)
    form = EditDocumentForm(request.POST if request.method == "POST" else None, document=found)
    beside: list[Any] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.edit_document(
                    document_id=pk,
                    user=request.user,
                    details=form.details(),
                    version=form.cleaned_data["version"],
                )
            except Stale as refusal:
                beside = form.beside(refusal.current)
                status = 409
            except Refused as refusal:
                _explain(form, refusal)
            else:
                messages.success(request, "Keterangan dokumen tersimpan.")
                return redirect("document", pk)
    context = {"form": form, "document": found, "differences": beside, **_keeping(rights(request), found.agency)}
    return render(request, "assessments/document_edit.html", context, status=status)


@get_or_post
def document_version(request: HttpRequest, pk: int) -> HttpResponse:
    """A new version, and which answers use it from now on. `upload` names a file that arrived in parts before."""
    found = _find(request, pk)
    mine = rights(request)
    allow(permissions.can_keep_library(mine, found.agency_id))
    page = document_page(found, mine, timezone.now())
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = VersionForm(*sent, page=page)
    known: DocumentVersion | None = None
    if request.method == "POST":
        for name in getattr(request, "too_large_files", []):
            form.add_error("file", uploads.too_large(name).message)
        if form.is_valid():
            try:
                return _versioned(request, found, form)
            except Evidence.DoesNotExist:
                raise Http404 from None
            except Upload.DoesNotExist:
                form.add_error("file", upload_services.GONE)
            except AlreadyThere as refusal:
                known = refusal.version
                _explain(form, refusal)
            except Refused as refusal:
                _explain(form, refusal)
    context = {
        "form": form,
        "document": found,
        "page": page,
        "known": known,
        "waiting": upload_services.waiting(
            key=form.data.get("upload", ""), user=request.user, agency_id=found.agency_id
        ),
        "max_bytes": uploads.max_bytes(),
        **_keeping(mine, found.agency),
    }
    return render(request, "assessments/document_version.html", context, status=422 if form.errors else 200)


@require_POST
def document_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers that still use an older version point to the newest from now on."""
    found = _find(request, pk)
    wanted = numbers(request.POST.getlist("pakai"))
    if not wanted:
        messages.warning(request, "Belum ada isian yang dipilih.")
        return redirect("document", pk)
    try:
        done = services.use_newest(document_id=found.pk, user=request.user, evidence_ids=wanted)
    except Evidence.DoesNotExist:
        raise Http404 from None
    _say_moved(request, done)
    return redirect("document", pk)


@get_or_post
def document_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a document that was never used out of the library. GET leads back to its page."""
    found = _find(request, pk)
    if request.method != "POST":
        return redirect("document", pk)
    allow(permissions.can_keep_library(rights(request), found.agency_id))
    try:
        services.remove_document(document_id=pk, user=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("document", pk)
    messages.success(request, f"“{found.title}” dihapus dari pustaka.")
    return redirect(_address("document_list", found.agency))


@require_safe
def document_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of one version, always as an attachment."""
    version = _find_version(request, pk)
    return downloads.version_response(
        request,
        version,
        note=lambda is_rest: reading.note_document_download(version=version, user=request.user, is_rest=is_rest),
    )


@require_safe
def document_preview(request: HttpRequest, pk: int, page: int) -> HttpResponseBase:
    """One page of a version as a picture."""
    version = _find_version(request, pk)
    picture = get_object_or_404(PagePreview, version=version, page=page)
    return downloads.picture_response(
        request,
        version,
        picture,
        note=lambda is_rest: reading.note_document_view(version=version, user=request.user),
    )


# --- Shared ------------------------------------------------------------------------------------------


def _find(request: HttpRequest, pk: int) -> Document:
    """The document, if it is in a library that this person may see (else 404), with its agency."""
    return get_object_or_404(queries.visible(rights(request)).select_related("agency"), pk=pk)


def _find_version(request: HttpRequest, pk: int) -> DocumentVersion:
    visible = queries.visible(rights(request))
    return get_object_or_404(DocumentVersion.objects.filter(document__in=visible).select_related("document"), pk=pk)


def _chosen(request: HttpRequest, mine: Rights) -> tuple[list[Agency], Agency | None]:
    """The agencies whose library this person may open, and the one of `?opd=`; 404 for any other.

    Without `?opd=`: the own agency, the first by name; a coordinator has to choose.
    """
    agencies = queries.agencies_of(mine)
    if wanted := request.GET.get("opd", ""):
        found = next((agency for agency in agencies if [agency.pk] == numbers([wanted])), None)
        if found is None:
            raise Http404
        return agencies, found
    return agencies, next((agency for agency in agencies if agency.pk in mine.operator_of), None)


def _keeping(mine: Rights, agency: Agency) -> dict[str, Any]:
    """Whether this person keeps the agency's library, and for whom."""
    keeps = permissions.can_keep_library(mine, agency.pk)
    return {
        "can_keep": keeps,
        "on_behalf": agency.pk not in mine.operator_of and mine.is_coordinator,
        "agency": agency,
        "list_url": _address("document_list", agency) if keeps else reverse("document_list"),
        "add_url": _address("document_add", agency),
    }


def _address(name: str, agency: Agency) -> str:
    return f"{reverse(name)}?opd={agency.pk}"


def _explain(form: Any, refusal: Refused) -> None:
    if not isinstance(refusal, Invalid):
        form.add_error(None, refusal.message)
        return
    for name, text in refusal.errors.items():
        form.add_error(name if name in form.fields else None, text)


def _versioned(request: HttpRequest, found: Document, form: VersionForm) -> HttpResponse:
    values, pk = form.cleaned_data, found.pk
    shared = {"document_id": pk, "user": request.user, "change": values["change"], "evidence_ids": values["pakai"]}
    if values["file"]:
        done = services.add_file_version(file=values["file"], name=values["file"].name or "", **shared)
    elif key := values["upload"]:
        with upload_services.take(key=key, user=request.user, agency_id=found.agency_id) as whole:
            done = services.add_file_version(file=whole.file, name=whole.name, **shared)
    else:
        done = services.add_link_version(url=values["url"], **shared)
    messages.success(request, f"Versi {done.version.number} tersimpan. Versi sebelumnya tetap dapat dibuka.")
    _say_moved(request, done)
    return redirect("document", pk)


def _say_moved(request: HttpRequest, done: services.NewVersion) -> None:
    if done.moved:
        codes = ", ".join(dict.fromkeys(evidence.answer.indicator.code for evidence in done.moved))
        messages.success(request, f"Indikator {codes} sekarang memakai versi {done.version.number}.")
    for text in done.kept:
        messages.warning(request, f"Tetap memakai versi lama. {text}")


def _kept(request: HttpRequest, kept: Kept) -> str:
    """What is said of a file or link that arrived; what was known is remembered, to be offered in the list."""
    if not kept.was_known:
        return f"“{kept.version.document.title}” tersimpan di pustaka."
    known = [pk for pk in request.session.get(_RECOGNISED, []) if pk != kept.version.pk]
    request.session[_RECOGNISED] = [kept.version.pk, *known][:20]
    return f"Isi yang sama sudah ada di pustaka sebagai {in_library(kept.version)}, jadi tidak disimpan lagi."


def _arrived(request: HttpRequest, agency: Agency) -> dict[str, Any]:
    """What this person brought in lately, and what was there already."""
    recognised = request.session.get(_RECOGNISED, [])
    found = DocumentVersion.objects.filter(pk__in=recognised, document__agency=agency).select_related("document")
    by_id = {version.pk: version for version in found}
    return {
        "recognised": [by_id[pk] for pk in recognised if pk in by_id],
        "recent": queries.recent(agency.pk, request.user.pk),
    }


def _added_json(request: HttpRequest, agency: Agency) -> dict[str, Any]:
    """The list of what arrived, in the shape that `upload.js` knows."""
    arrived = _arrived(request, agency)
    return {
        "html": render_to_string("assessments/_library_arrived.html", arrived, request),
        "count": len(arrived["recent"]),
        "pending": False,
    }


def _add_page(
    request: HttpRequest,
    agency: Agency,
    form: NewDocumentForm,
    *,
    url: str = "",
    url_error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "url": url,
        "url_error": url_error,
        "accept": uploads.ACCEPT,
        "max_bytes": uploads.max_bytes(),
        "in_parts": upload_services.IN_PARTS_ABOVE,
        "types_text": uploads.TYPES_TEXT,
        **_arrived(request, agency),
        **_keeping(rights(request), agency),
    }
    return render(request, "assessments/document_add.html", context, status=status)
