"""Last year's answers and evidence in this year's draft: still valid, or not. Nothing is taken over unasked.

A status, a decision or a reply is never copied; what is confirmed becomes the agency's answer of this year, to be
handed in and reviewed like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from assessments.errors import Invalid, Refused, Stale, WrongState
from assessments.models import Answer, CarryOver, Evidence, Status
from assessments.queries import carry_over as queries
from assessments.queries.carry_over import Piece, Proposal
from assessments.services import answers, evidence
from assessments.services._base import Acting, answer_for_edit, locked, note_contribution, require_editable

KEEP, REPLACE, DROP = "ya", "ganti", "tidak"  # as the form sends them


@dataclass(frozen=True)
class Several:
    """What came of deciding several indicators at once: codes, and why others are left as they are."""

    done: list[str]
    left: list[str]


def decide(
    *, assessment_id: int, code: str, user: User, version: int, answer: str = "", pieces: Mapping[int, str]
) -> Proposal:
    """What was decided of one indicator: of last year's answer, and of its evidence by id. Answers how it stands.

    KEEP takes it over: the level (the verified one where it was adjusted) and the texts, or the newest version of
    the document with its pages and level. REPLACE does so over what was typed this year; KEEP never does. DROP notes
    that it is not valid; a document that is attached is taken off again, and an answer that was taken over and not
    touched since is emptied. What is not named stays undecided. `version` is that of this year's answer.

    Raises `Answer.DoesNotExist` where last year had no such indicator, `Evidence.DoesNotExist` for evidence of
    another, `Stale`, `Invalid`, and what `services.answers.save_answer` and `services.evidence.reuse` raise.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer_for_edit(acting, code)
        if acting.assessment.status != Status.DRAFT:
            raise WrongState("Isian tahun lalu hanya dapat dipakai selagi penilaian masih Draf.")
        proposal = _proposal(acting, code)
        known = {piece.evidence.pk: piece for piece in proposal.pieces}
        if not pieces.keys() <= known.keys():
            raise Evidence.DoesNotExist
        if answer:
            _decide_answer(acting, proposal, answer, version)
        for pk, choice in pieces.items():
            _decide_piece(acting, proposal, known[pk], keep=choice == KEEP)
        return _proposal(acting, code)


def keep_several(*, assessment_id: int, user: User, chosen: Mapping[str, int]) -> Several:
    """Last year's answers and evidence of these indicators are still valid: `chosen` has the answer's version by code.

    Takes over what nobody has decided yet. An indicator that was filled in by hand, or changed since its page was
    opened, is left as it is, as is one whose evidence cannot be attached; the others are taken over all the same.
    Raises `Answer.DoesNotExist` for one that last year did not have, and what `decide` raises for the whole.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        require_editable(acting)
        if acting.assessment.status != Status.DRAFT:
            raise WrongState("Isian tahun lalu hanya dapat dipakai selagi penilaian masih Draf.")
        shown = queries.overview(acting.assessment, timezone.localdate())
        proposals = {proposal.code: proposal for proposal in shown.proposals} if shown else {}
        if not chosen.keys() <= proposals.keys():
            raise Answer.DoesNotExist
        done: list[str] = []
        left: list[str] = []
        for code in [code for code in proposals if code in chosen]:
            proposal = proposals[code]
            if not proposal.is_open:
                continue
            if proposal.is_typed or proposal.answer.version != chosen[code]:
                left.append(f"Indikator {code} dilewati: sudah diisi atau diubah tahun ini. Putuskan tersendiri.")
                continue
            try:
                with transaction.atomic():
                    _keep_all(acting, proposal)
            except Refused as refusal:
                left.append(f"Indikator {code} dilewati: {refusal.message}")
            else:
                done.append(code)
        return Several(done, left)


def _keep_all(acting: Acting, proposal: Proposal) -> None:
    if proposal.asks_answer:
        _decide_answer(acting, proposal, KEEP, proposal.answer.version)
    for piece in proposal.pieces:
        if piece.is_open:
            _decide_piece(acting, proposal, piece, keep=True)


def reuse(*, assessment_id: int, code: str, user: User, earlier: Evidence) -> Evidence:
    """Attach the document of earlier evidence of the agency, in its newest version, with the same pages and level.

    Of last year's evidence of the same indicator that is the decision that it is still valid. Raises as
    `services.evidence.reuse`.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer_for_edit(acting, code)
        proposal = None
        if acting.assessment.status == Status.DRAFT:
            shown = queries.overview(acting.assessment, timezone.localdate(), code)
            proposal = shown.find(code) if shown else None
        piece = next((each for each in proposal.pieces if each.evidence.pk == earlier.pk), None) if proposal else None
        newest = earlier.version.document.versions.order_by("-number").first()
        mapped = proposal is not None and proposal.link is not None
        made = _attach(acting, code, earlier, newest.pk if newest else earlier.version_id, with_level=not mapped)
        if proposal and piece:
            _note(acting, proposal, piece, is_valid=True)
        return made


def _proposal(acting: Acting, code: str) -> Proposal:
    shown = queries.overview(acting.assessment, timezone.localdate(), code)
    proposal = shown.find(code) if shown else None
    if proposal is None:
        raise Answer.DoesNotExist
    return proposal


def _decide_answer(acting: Acting, proposal: Proposal, choice: str, version: int) -> None:
    if choice == DROP:
        was_taken = proposal.decision is not None and proposal.decision.is_valid
        if was_taken and proposal.is_same:
            _save(acting, proposal, version, {name: _EMPTY[name] for name in proposal.copied()})
        _note(acting, proposal, None, is_valid=False)
        return
    if proposal.decision and proposal.decision.is_valid and (proposal.is_filled or proposal.is_same):
        return  # said before: what was changed since stays
    if proposal.is_filled and not proposal.is_same:
        if proposal.answer.version != version:
            raise Stale("Isian tahun ini diubah dari tempat lain sejak halaman ini dibuka.", proposal.answer)
        if choice != REPLACE:
            raise Invalid(
                {
                    "answer": "Isian tahun ini sudah ada. Pilih apakah isian tahun lalu menggantikannya, atau "
                    "isian tahun ini tetap dipakai."
                }
            )
    _save(acting, proposal, version, proposal.copied())
    _note(acting, proposal, None, is_valid=True)


_EMPTY: dict[str, Any] = {
    "self_level": None,
    "fact": "",
    "analysis": "",
    "not_applicable": False,
    "not_applicable_reason": "",
}


def _save(acting: Acting, proposal: Proposal, version: int, changes: Mapping[str, Any]) -> None:
    answers.save_answer(
        assessment_id=acting.assessment.pk, code=proposal.code, user=acting.user, version=version, changes=changes
    )


def _decide_piece(acting: Acting, proposal: Proposal, piece: Piece, *, keep: bool) -> None:
    if keep and piece.attached is None:
        _attach(acting, proposal.code, piece.evidence, piece.newest.pk, with_level=proposal.link is None)
    elif not keep and piece.attached is not None:
        evidence.remove(
            assessment_id=acting.assessment.pk,
            code=proposal.code,
            user=acting.user,
            evidence_id=piece.attached.pk,
        )
    _note(acting, proposal, piece, is_valid=keep)


def _attach(acting: Acting, code: str, earlier: Evidence, version_id: int, *, with_level: bool) -> Evidence:
    """`with_level`: of another instrument's indicator the level it supported means nothing here."""
    scale = acting.assessment.period.instrument
    level = earlier.level
    fits = with_level and level is not None and scale.scale_min <= level <= scale.scale_max
    return evidence.reuse(
        assessment_id=acting.assessment.pk,
        code=code,
        user=acting.user,
        version_id=version_id,
        details={"pages": earlier.pages, "level": level if fits else None},
    )


def _note(acting: Acting, proposal: Proposal, piece: Piece | None, *, is_valid: bool) -> None:
    """The row and its event; nothing where the same was said before."""
    before = piece.decision if piece else proposal.decision
    if before is not None and before.is_valid == is_valid:
        return
    row, _ = CarryOver.objects.update_or_create(
        answer=proposal.answer,
        source_answer=None if piece else proposal.source,
        source_evidence=piece.evidence if piece else None,
        defaults={"is_valid": is_valid, "decided_by": acting.user, "decided_at": acting.now},
    )
    note_contribution(acting)
    acting.record(
        "carry.keep" if is_valid else "carry.drop",
        row,
        before={} if before is None else {"valid": before.is_valid},
        after={
            "indicator": proposal.code,
            "valid": is_valid,
            "of": "evidence" if piece else "answer",
            "what": piece.evidence.version.document.title if piece else "",
            "source": piece.evidence.pk if piece else proposal.source.pk,
        },
        on_behalf_of=acting.on_behalf_of,
    )
