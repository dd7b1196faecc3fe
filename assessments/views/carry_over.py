"""Last year's answers and evidence: still valid? The list of indicators, and one indicator at a time."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assessments import permissions
from assessments.errors import Refused
from assessments.forms.carry_over import CarryOverForm, SeveralForm
from assessments.models import Answer, Assessment, Evidence, Status
from assessments.queries import carry_over as queries
from assessments.queries.content import pieces_of
from assessments.queries.fill import lock_of
from assessments.services import carry_over as services
from assessments.views._base import allow, find_assessment, is_writer, rights
from indicators.mapping_data import OURS
from indicators.queries import indicator_content

FILTERS = (("belum", "Belum diputuskan"), ("sudah", "Sudah diputuskan"), ("semua", "Semua"))


@require_safe
def carry_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Which indicators had something last year, and what was said of it."""
    assessment = find_assessment(request, pk)
    allow(is_writer(rights(request), assessment))
    if assessment.status != Status.DRAFT:
        return _no_draft(request, assessment)
    shown = queries.overview(assessment, timezone.localdate())
    proposals = shown.proposals if shown else []
    open_count = sum(proposal.is_open for proposal in proposals)
    counts = {"belum": open_count, "sudah": len(proposals) - open_count, "semua": len(proposals)}
    wanted = request.GET.get("filter", "")
    if wanted not in counts:
        wanted = "belum" if open_count else "semua"
    return render(
        request,
        "assessments/carry_over.html",
        {
            **_around(request, assessment),
            "overview": shown,
            "rows": [row for row in proposals if wanted == "semua" or row.is_open == (wanted == "belum")],
            "chips": [(key, label, counts[key]) for key, label in FILTERS],
            "wanted": wanted,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def carry_over_one(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """One indicator: last year's beside this year's, a question for each thing. `?semua=1` chooses yes beforehand."""
    assessment = find_assessment(request, pk)
    allow(is_writer(rights(request), assessment))
    if assessment.status != Status.DRAFT:
        return _no_draft(request, assessment)
    shown = queries.overview(assessment, timezone.localdate())
    proposal = shown.find(code) if shown else None
    if shown is None or proposal is None:
        raise Http404
    status, refusal = 200, None
    if request.method == "POST":
        form = CarryOverForm(request.POST, proposal=proposal)
        status = 422
        if form.is_valid():
            try:
                done = services.decide(assessment_id=pk, code=code, user=request.user, **form.values())
            except (Answer.DoesNotExist, Evidence.DoesNotExist):
                raise Http404 from None
            except Refused as refused:
                refusal, status = refused.message, 409
                assessment.refresh_from_db()
            else:
                return _saved(request, assessment, shown, done)
    else:
        form = CarryOverForm(proposal=proposal, all_valid="semua" in request.GET)
    content = indicator_content(proposal.answer.indicator)
    names = {row.level: row.name for row in content.ladder}
    asked_then = indicator_content(proposal.source.indicator) if proposal.link else content
    old_names = {row.level: row.name for row in asked_then.ladder}  # another instrument names its levels otherwise
    return render(
        request,
        "assessments/carry_over_one.html",
        {
            **_around(request, assessment),
            "overview": shown,
            "proposal": proposal,
            "content": content,
            "form": form,
            "refusal": refusal,
            "old_name": old_names.get(proposal.source.self_level, ""),
            "verified_name": old_names.get(proposal.review.verified_level, "") if proposal.review else "",
            "now_name": names.get(proposal.answer.self_level, ""),
            "now_pieces": len(pieces_of(Evidence.objects.filter(answer=proposal.answer)).get(proposal.answer.pk, [])),
            "following": shown.after(code),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def carry_over_several(request: HttpRequest, pk: int) -> HttpResponse:
    """All of one aspect (`?aspek=`) listed, to be said valid at once. What was typed this year is left alone."""
    assessment = find_assessment(request, pk)
    allow(is_writer(rights(request), assessment))
    if assessment.status != Status.DRAFT:
        return _no_draft(request, assessment)
    shown = queries.overview(assessment, timezone.localdate())
    groups = shown.by_aspect() if shown else []
    if shown is None or not groups:
        return redirect("carry_over", pk)
    offers = {aspect: [each for each in rows if each.is_open and not each.is_typed] for aspect, rows in groups}
    wanted = request.GET.get("aspek") or next((aspect.code for aspect, rows in offers.items() if rows), "")
    aspect, proposals = next((group for group in groups if group[0].code == wanted), groups[0])
    if wanted and aspect.code != wanted:
        raise Http404
    form = SeveralForm(request.POST if request.method == "POST" else None, offered=offers[aspect])
    status, refusal = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = services.keep_several(assessment_id=pk, user=request.user, chosen=form.chosen())
            except Answer.DoesNotExist:
                raise Http404 from None
            except Refused as refused:
                refusal, status = refused.message, 409
                assessment.refresh_from_db()
            else:
                if done.done:
                    messages.success(
                        request,
                        f"{len(done.done)} indikator dinyatakan masih berlaku: {', '.join(done.done)}. Isian dan "
                        "buktinya sekarang ada di penilaian ini.",
                    )
                for text in done.left:
                    messages.warning(request, text)
                return redirect("carry_over", pk)
    return render(
        request,
        "assessments/carry_over_several.html",
        {
            **_around(request, assessment),
            "overview": shown,
            "aspect": aspect,
            "aspects": [(each, len(rows)) for each, rows in offers.items()],
            "form": form,
            "refusal": refusal,
            "typed": [each for each in proposals if each.is_open and each.is_typed],
        },
        status=status,
    )


def _around(request: HttpRequest, assessment: Assessment) -> dict[str, object]:
    lock = lock_of(assessment, is_returned=False, now=timezone.now())
    return {
        "assessment": assessment,
        "lock": lock,
        "ours": OURS,
        "on_behalf": not lock and permissions.acts_on_behalf(rights(request), assessment),
    }


def _saved(
    request: HttpRequest, assessment: Assessment, before: queries.Overview, done: queries.Proposal
) -> HttpResponse:
    if done.is_open:
        messages.success(
            request,
            f"Pilihan untuk indikator {done.code} tersimpan. Masih ada {done.open_count} yang belum diputuskan.",
        )
        return redirect("carry_over_one", assessment.pk, done.code)
    following = before.after(done.code)
    if following is None:
        messages.success(request, f"Pilihan untuk indikator {done.code} tersimpan. Semua sudah diputuskan.")
        return redirect(f"{reverse('carry_over', args=[assessment.pk])}?filter=semua")
    messages.success(request, f"Pilihan untuk indikator {done.code} tersimpan.")
    return redirect("carry_over_one", assessment.pk, following)


def _no_draft(request: HttpRequest, assessment: Assessment) -> HttpResponse:
    messages.info(request, "Isian tahun lalu hanya dapat dipakai selagi penilaian masih Draf.")
    return redirect("sheet", assessment.pk)
