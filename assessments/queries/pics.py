"""The PICs of the indicators, what they answered, and the level that suggests for the government.

What an agency says is shown from its hand-in on, what is verified from approval on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Agency
from assessments import levels as texts
from assessments.models import Assessment, Assignment, Period, Status
from assessments.models.assessments import HANDED_IN
from assessments.permissions import PUBLISHED
from indicators.models import Indicator

Level = int | Decimal


@dataclass(frozen=True)
class PicAnswer:
    """One PIC of an indicator. `status` is its assessment's, empty where there is none.

    `self_level` is there from the hand-in on, `verified_level` from approval on. `not_relevant`: it says so, or,
    from approval on, that was accepted. `is_approved`: approved, or final and complete.
    """

    agency_id: int
    agency: str
    short_name: str
    assessment_id: int | None
    status: str
    self_level: Level | None
    verified_level: Level | None
    not_relevant: bool
    is_approved: bool = False

    @property
    def shown_status(self) -> str:
        """As a badge shows it: what froze without approval is *tidak selesai*."""
        return "unfinished" if self.status == Status.FINAL and not self.is_approved else self.status


def suggestion(pics: Iterable[PicAnswer], external_source: str = "") -> tuple[Level | None, str]:
    """The suggested level of an indicator, or None and why there is none.

    The lowest of its PICs' verified levels; none without a PIC, while one is not approved, or where one is not
    relevant. `external_source` is where the value comes from if agencies do not give it: then a PIC is not missed.
    """
    pics = tuple(pics)
    if not pics and external_source:
        return None, f"Nilai dari luar: {external_source}."
    if not pics:
        return None, "Belum ada PIC."
    absent = [pic.short_name for pic in pics if pic.status in ("", Status.CANCELLED)]
    if absent:
        return None, f"{_listed(absent)} tidak ikut dinilai."
    unfinished = [pic.short_name for pic in pics if pic.shown_status == "unfinished"]
    if unfinished:
        return None, f"Penilaian {_listed(unfinished)} tidak selesai."
    waiting = [pic.short_name for pic in pics if not pic.is_approved]
    if waiting:
        return None, f"Penilaian {_listed(waiting)} belum disetujui."
    not_relevant = [pic.short_name for pic in pics if pic.not_relevant]
    if not_relevant:
        return None, f"Tidak relevan bagi {_listed(not_relevant)}."
    verified = [pic.verified_level for pic in pics if pic.verified_level is not None]
    if len(verified) < len(pics):
        return None, f"{_listed([pic.short_name for pic in pics if pic.verified_level is None])} belum dinilai."
    return min(verified), ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} dan {names[-1]}"


def pic_answers(period: Period, indicators: Iterable[Indicator]) -> dict[int, tuple[PicAnswer, ...]]:
    """The PICs of `indicators` and what they answered, by indicator id. Two queries."""
    codes = {indicator.pk: indicator.code for indicator in indicators}
    assignments = list(
        Assignment.objects.filter(period=period, kind=Assignment.Kind.PIC, indicator__in=codes)
        .select_related("agency")
        .order_by("agency__name")
    )
    found: dict[int, _Packed] = {}
    rows = (
        Assessment.objects.filter(period=period, agency__in={assignment.agency_id for assignment in assignments})
        .order_by()
        .values_list("agency", "pk", "status", "self_levels", "verified_levels")
    )
    for agency, pk, status, own, verified in rows:
        said = texts.unpack(own) if status in HANDED_IN else {}
        found[agency] = _Packed(pk, status, said, texts.unpack(verified) if status in PUBLISHED else {})
    pics: dict[int, list[PicAnswer]] = {pk: [] for pk in codes}
    for assignment in assignments:
        code = codes[assignment.indicator_id]
        pics[assignment.indicator_id].append(_pic(assignment.agency, code, found.get(assignment.agency_id, _NOTHING)))
    return {pk: tuple(row) for pk, row in pics.items()}


@dataclass(frozen=True)
class _Packed:
    """One assessment with its levels by code."""

    pk: int | None
    status: str
    own: dict[str, str]
    verified: dict[str, str]


_NOTHING = _Packed(None, "", {}, {})


def _pic(agency: Agency, code: str, packed: _Packed) -> PicAnswer:
    said, decided = packed.own.get(code, ""), packed.verified.get(code, "")
    return PicAnswer(
        agency_id=agency.pk,
        agency=agency.name,
        short_name=agency.short_name,
        assessment_id=packed.pk,
        status=packed.status,
        self_level=texts.number(said),
        verified_level=texts.number(decided),
        not_relevant=(decided if packed.verified else said) == texts.NOT_RELEVANT,
        is_approved=bool(packed.verified),
    )
