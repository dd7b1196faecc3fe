"""Attaching documents of the library to an answer: a page of its own, and a part of the indicator page."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assessments.errors import Invalid, Refused
from assessments.forms.library import PickForm
from assessments.models import Answer, Assessment, DocumentVersion
from assessments.queries import fill, library
from assessments.services import evidence as services
from assessments.services._base import is_returned
from assessments.views._base import allow, find_assessment, is_writer, rights
from assessments.views.evidence import list_json
from assessments.views.fill import other_person
from indicators.queries import indicator_content
from spbe_portal.middleware import wants_json

NOTHING = "Belum ada dokumen yang dipilih. Centang paling sedikit satu."


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_pick(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """GET: documents of the agency's library to choose from. POST: attach those that are ticked."""
    assessment = find_assessment(request, pk)
    if request.method == "POST" and (other := other_person(request)) is not None:
        return other
    allow(is_writer(rights(request), assessment))
    answer = get_object_or_404(
        Answer.objects.select_related("indicator__instrument"), assessment=assessment, indicator__code=code
    )
    answer.assessment = assessment
    if request.method != "POST":
        return _page(request, answer)
    form = _form(request, answer)
    if not form.is_valid():
        text = next(iter(form.errors.values()))[0]
        return _refused(request, answer, form, str(text), 400)
    wanted = form.wanted()
    if not wanted:
        return _refused(request, answer, form, NOTHING, 400)
    try:
        done = services.attach(assessment_id=assessment.pk, code=code, user=request.user, wanted=wanted)
    except DocumentVersion.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        return _refused(request, answer, form, refusal.message, 400 if isinstance(refusal, Invalid) else 409)
    text = _text(done)
    if wants_json(request):
        return JsonResponse({**list_json(request, assessment, code), "detail": text})
    messages.success(request, text)
    return redirect(f"{reverse('answer', args=[assessment.pk, code])}#bukti")


def _form(request: HttpRequest, answer: Answer) -> PickForm:
    text = request.GET.get("q", "").strip()[:100]
    picker = library.picker(answer, text, request.GET.get("halaman"))
    data = request.POST if request.method == "POST" else None
    return PickForm(data, picker=picker, ladder=indicator_content(answer.indicator).ladder)


def _page(
    request: HttpRequest, answer: Answer, form: PickForm | None = None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    form = form or _form(request, answer)
    assessment: Assessment = answer.assessment
    lock = fill.lock_of(assessment, is_returned=is_returned(answer), now=timezone.now())
    context = {
        "assessment": assessment,
        "answer": answer,
        "form": form,
        "picker": form.picker,
        "page": form.picker.page,
        "problem": problem,
        "lock": lock,
    }
    is_part = request.headers.get("HX-Request") == "true"
    template = "assessments/_evidence_pick.html" if is_part else "assessments/evidence_pick.html"
    return render(request, template, context, status=status)


def _refused(request: HttpRequest, answer: Answer, form: PickForm, text: str, status: int) -> HttpResponse:
    if wants_json(request):
        body = list_json(request, answer.assessment, answer.indicator.code)
        return JsonResponse({**body, "detail": text}, status=status)
    return _page(request, answer, form, problem=text, status=status)


def _text(done: services.Attached) -> str:
    parts = []
    if done.added:
        parts.append(
            f"“{done.added[0].version.document.title}” dilampirkan."
            if len(done.added) == 1
            else f"{len(done.added)} dokumen dilampirkan."
        )
    parts += [
        f"“{evidence.version.document.title}” sekarang memakai versi {evidence.version.number}."
        for evidence in done.replaced
    ]
    if done.known:
        parts.append(
            "Dokumen itu sudah dilampirkan sebelumnya."
            if not parts and done.known == 1
            else f"{done.known} sudah dilampirkan sebelumnya."
        )
    return " ".join(parts)
