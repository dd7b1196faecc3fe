"""Evidence of an answer: adding, describing, removing; and the one door to files and their pictures."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import downloads, permissions, uploads
from assessments.errors import Invalid, Refused
from assessments.forms.fill import EvidenceForm, NewEvidenceForm
from assessments.models import Answer, Assessment, DocumentVersion, Evidence, PagePreview, Upload
from assessments.queries import fill as queries
from assessments.queries.documents import used_elsewhere
from assessments.services import carry_over, reading
from assessments.services import evidence as services
from assessments.services import uploads as upload_services
from assessments.services.library import in_library
from assessments.views._base import allow, files_of, find_assessment, is_writer, number, rights
from assessments.views.fill import answer_page, evidence_context, next_gap_html, other_person, to_answer
from indicators.queries import indicator_content
from spbe_portal.middleware import wants_json
from spbe_portal.templatetags.portal import state as state_tag


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_add(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """POST: files and, or, a link for one answer. GET: the list as it is now, for a script that waits.

    `upload` names a file that arrived in parts before (see `views.uploads`).
    """
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        allow(permissions.can_see_answers(rights(request), assessment))
        if not wants_json(request):
            return to_answer(request, assessment, code, "bukti")
        return JsonResponse(list_json(request, assessment, code))
    if (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    form = NewEvidenceForm(request.POST, prefix="baru", ladder=_ladder(assessment, code))
    added: list[str] = []
    problems: list[str] = [uploads.too_large(name).message for name in getattr(request, "too_large_files", [])]
    status = 413 if problems else 400
    url, url_error = request.POST.get("url", "").strip(), ""
    if form.is_valid():
        for arriving in files_of(request, assessment.agency_id):
            try:
                with arriving as whole:
                    done = services.add_file(
                        assessment_id=assessment.pk,
                        code=code,
                        user=request.user,
                        file=whole.file,
                        name=whole.name,
                        details=form.cleaned_data,
                    )
                added.append(_added_text(done))
            except Upload.DoesNotExist:
                problems.append(upload_services.GONE)
                status = 410
            except Invalid as refusal:
                problems.append(refusal.message)
            except Refused as refusal:
                problems.append(refusal.message)
                status = 409
                break
        if url:
            try:
                services.add_link(
                    assessment_id=assessment.pk, code=code, user=request.user, url=url, details=form.cleaned_data
                )
                added.append("Tautan dilampirkan.")
                url = ""
            except Invalid as refusal:
                url_error = refusal.message
                problems.append(refusal.message)
            except Refused as refusal:
                problems.append(refusal.message)
                status = 409
        if not added and not problems:
            problems.append("Belum ada berkas yang dipilih. Pilih berkas, atau isi tautannya.")
    else:
        problems += [f"{form.fields[name].label}: {errors[0]}" for name, errors in form.errors.items()]
    if wants_json(request):
        body = {**list_json(request, assessment, code), "added": added, "problems": problems}
        if problems:
            return JsonResponse({**body, "detail": problems[0]}, status=status)
        return JsonResponse(body, status=201)
    for text in added:
        messages.success(request, text)
    if not problems:
        return _back(assessment, code)
    for text in problems:
        messages.error(request, text)
    assessment.refresh_from_db()
    return answer_page(request, assessment, code, status=status, new_evidence=form, url_error=url_error)


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_edit(request: HttpRequest, pk: int, code: str, evidence_pk: int) -> HttpResponse:
    """What is said of one piece of evidence."""
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        return to_answer(request, assessment, code, f"bukti-{evidence_pk}")
    if (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    form = EvidenceForm(request.POST, prefix=f"b{evidence_pk}", ladder=_ladder(assessment, code))
    status = 400
    if form.is_valid():
        details = {**form.cleaned_data, "kind": form.cleaned_data["kind"] or "lain"}
        try:
            services.edit(
                assessment_id=assessment.pk, code=code, user=request.user, evidence_id=evidence_pk, details=details
            )
        except (Evidence.DoesNotExist, Answer.DoesNotExist):
            raise Http404 from None
        except Invalid as refusal:
            for name, text in refusal.errors.items():
                form.add_error(name if name in form.fields else None, text)
        except Refused as refusal:
            form.add_error(None, refusal.message)
            status = 409
        else:
            return _done(request, assessment, code, "Keterangan bukti tersimpan.")
    problems = [
        text if name == "__all__" else f"{form.fields[name].label}: {text}"
        for name, texts in form.errors.items()
        for text in texts
    ]
    if wants_json(request):
        body = list_json(request, assessment, code, edited=(evidence_pk, form))
        return JsonResponse({**body, "detail": " ".join(problems), "problems": problems}, status=status)
    messages.error(request, "Keterangan bukti belum tersimpan. " + " ".join(problems))
    assessment.refresh_from_db()
    return answer_page(request, assessment, code, status=status, edited=(evidence_pk, form))


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_remove(request: HttpRequest, pk: int, code: str, evidence_pk: int) -> HttpResponse:
    """Take a piece of evidence from the answer; taking it twice is no error."""
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        return to_answer(request, assessment, code, "bukti")
    if (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    try:
        services.remove(assessment_id=assessment.pk, code=code, user=request.user, evidence_id=evidence_pk)
    except Answer.DoesNotExist:
        raise Http404 from None
    except Evidence.DoesNotExist:
        return _done(request, assessment, code, "Bukti itu sudah tidak ada pada indikator ini.")
    except Refused as refusal:
        return _not_done(request, assessment, code, refusal)
    return _done(request, assessment, code, "Bukti dihapus dari indikator ini. Dokumennya tetap ada di pustaka OPD.")


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_reuse(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Attach a document that the agency used before, from earlier evidence of its own."""
    assessment = find_assessment(request, pk)
    if request.method != "POST":
        return to_answer(request, assessment, code, "tahun-lalu")
    if (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    earlier = get_object_or_404(
        Evidence.objects.filter(answer__assessment__agency_id=assessment.agency_id),
        pk=number(request.POST.get("evidence")),
    )
    try:
        carry_over.reuse(assessment_id=assessment.pk, code=code, user=request.user, earlier=earlier)
    except (Answer.DoesNotExist, DocumentVersion.DoesNotExist):
        raise Http404 from None
    except Refused as refusal:
        return _not_done(request, assessment, code, refusal)
    return _done(request, assessment, code, "Dokumen dilampirkan. Pastikan isinya masih berlaku untuk periode ini.")


@require_safe
def evidence_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself, always as an attachment."""
    evidence = _visible(request, pk)
    return downloads.version_response(
        request,
        evidence.version,
        note=lambda is_rest: reading.note_download(evidence=evidence, user=request.user, is_rest=is_rest),
    )


@require_safe
def evidence_page(request: HttpRequest, pk: int, page: int) -> HttpResponseBase:
    """One page of the evidence as a picture."""
    evidence = _visible(request, pk)
    picture = get_object_or_404(PagePreview, version_id=evidence.version_id, page=page)
    return downloads.picture_response(
        request,
        evidence.version,
        picture,
        note=lambda is_rest: reading.note_view(evidence=evidence, user=request.user),
    )


def _visible(request: HttpRequest, pk: int) -> Evidence:
    """The evidence, if its assessment is visible (else 404) and its contents may be read (else 403)."""
    mine = rights(request)
    evidence = get_object_or_404(
        Evidence.objects.filter(answer__assessment__in=Assessment.objects.visible_to(mine)).select_related(
            "answer__assessment__period", "answer__indicator", "version__document"
        ),
        pk=pk,
    )
    allow(permissions.can_see_evidence(mine, evidence.answer.assessment))
    return evidence


def _ladder(assessment: Assessment, code: str) -> Any:
    found = get_object_or_404(
        Answer.objects.select_related("indicator__instrument"), assessment=assessment, indicator__code=code
    )
    return indicator_content(found.indicator).ladder


def list_json(
    request: HttpRequest, assessment: Assessment, code: str, edited: tuple[int, EvidenceForm] | None = None
) -> dict[str, Any]:
    """The evidence part of the page and what changed beside it. The last check before anything is told."""
    mine = rights(request)
    assessment.refresh_from_db()
    allow(permissions.can_see_answers(mine, assessment))
    try:
        page = queries.answer_page(assessment, code, mine, timezone.now())
    except Answer.DoesNotExist:
        raise Http404 from None
    services.requeue_stuck([evidence.version for evidence in page.evidence])
    context = {
        "assessment": assessment,
        "page": page,
        "is_editable": is_writer(mine, assessment) and not page.lock,
        **evidence_context(assessment, page, edited=edited),
    }
    return {
        "html": render_to_string("assessments/_evidence_list.html", context, request),
        "old_html": render_to_string("assessments/_previous_evidence.html", context, request) if page.previous else "",
        "next_html": "" if page.lock else next_gap_html(assessment, code),
        "count": len(page.evidence),
        "pending": page.is_pending,
        "state": page.state.text,
        "state_html": state_tag(page.state.text, page.state.icon, page.state.kind),
        "gaps": list(page.gaps),
        "gap_text": page.gap_text,
    }


def _done(request: HttpRequest, assessment: Assessment, code: str, text: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({**list_json(request, assessment, code), "detail": text})
    messages.success(request, text)
    return _back(assessment, code)


def _not_done(request: HttpRequest, assessment: Assessment, code: str, refusal: Refused) -> HttpResponse:
    if wants_json(request):
        status = 400 if isinstance(refusal, Invalid) else 409
        return JsonResponse({**list_json(request, assessment, code), "detail": refusal.message}, status=status)
    messages.error(request, refusal.message)
    return _back(assessment, code)


def _added_text(added: services.Added) -> str:
    version = added.evidence.version
    if not added.was_known:
        return f"“{version.document.title}” dilampirkan."
    elsewhere = used_elsewhere(added.evidence)
    where = f" Dokumen itu juga dipakai pada {elsewhere}." if elsewhere else ""
    return (
        f"Isi berkas ini sudah ada di pustaka OPD sebagai {in_library(version)}, jadi dokumen itu yang dilampirkan "
        f"dan tidak disimpan dua kali.{where}"
    )


def _back(assessment: Assessment, code: str, anchor: str = "bukti") -> HttpResponse:
    return redirect(f"{reverse('answer', args=[assessment.pk, code])}#{anchor}")
