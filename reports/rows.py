"""The rows of a report's tables, as plain frozen values. Pure.

Levels are exact; they are written by `spbe_portal.formatting`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from spbe_portal.formatting import level_id

#: How many letters stand on a line of what a recommendation asks for.
LINE_LETTERS = 56

Level = int | Decimal | Fraction

ACCEPTED, ADJUSTED, RETURNED = "accept", "adjust", "return"
DECISIONS = {ACCEPTED: "Diterima", ADJUSTED: "Disesuaikan", RETURNED: "Dikembalikan"}


@dataclass(frozen=True)
class IndicatorRow:
    """One assigned indicator. `level_name` names the level that counts (`level`)."""

    code: str
    short_name: str
    aspect: str  # code
    weight: Fraction
    self_level: Level | None = None
    verified_level: Level | None = None
    last_level: Level | None = None
    level_name: str = ""
    decision: str = ""  # "accept", "adjust", "return" or "" (none, or not published)
    not_relevant: bool = False
    not_relevant_reason: str = ""
    documents: tuple[str, ...] = ()  # labels of `DocumentRow`, "B1"
    counts_as: Level | None = None  # what stands for the own level: the lowest one, where it is said not relevant
    on_behalf: bool = False  # filled in by a coordinator for the agency
    filled_by: str = ""  # by whom, where it was; results frozen before that was kept do not say
    attached_by: tuple[str, ...] = ()  # who attached evidence to it for the agency
    is_frozen: bool = False  # as "tidak selesai": no decision will come

    @property
    def self_shown(self) -> Level | None:
        """The own level as it counts in the own index."""
        return self.counts_as if self.self_level is None else self.self_level

    @property
    def is_answered(self) -> bool:
        return self.not_relevant or self.self_level is not None

    @property
    def is_left_out(self) -> bool:
        """Accepted as not relevant: no part of the index."""
        return self.not_relevant and self.decision == ACCEPTED

    @property
    def level(self) -> Level | None:
        """The level that counts: the verified one, or the agency's own while there is none."""
        return self.self_level if self.verified_level is None else self.verified_level

    @property
    def state(self) -> str:
        """The name of the level, and the decision where it is more than "accepted"."""
        if not self.is_answered:
            return "Belum diisi"
        if self.not_relevant and self.verified_level is None:
            if self.decision == ACCEPTED:
                return "Tidak relevan, diterima"
            if self.decision == RETURNED:
                return "Tidak relevan, dikembalikan"
            return f"Tidak relevan, {'tidak diverifikasi' if self.is_frozen else 'menunggu verifikasi'}"
        if self.decision in {ADJUSTED, RETURNED}:
            return "; ".join(part for part in (self.level_name, DECISIONS[self.decision].lower()) if part)
        return self.level_name


@dataclass(frozen=True)
class ReviewNote:
    """A published return or adjustment, and what the agency replied."""

    code: str
    short_name: str
    decision: str  # "adjust" or "return"
    self_level: Level | None
    verified_level: Level | None
    note: str
    reason: str = ""  # in words
    reply: str = ""
    round: int = 1

    @property
    def decision_name(self) -> str:
        return DECISIONS[self.decision]


@dataclass(frozen=True)
class Recommendation:
    """What one indicator needs for its next level. `gain` is what that level adds to the index."""

    code: str
    short_name: str
    aspect_name: str
    level: Level
    next_level: Level
    next_level_name: str
    gain: Fraction
    criterion: str = ""  # empty: no criteria available
    criterion_for_agency: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def is_long(self) -> bool:
        """Too long to be moved to the next page whole: eight lines or more, of about `LINE_LETTERS` each."""
        texts = (self.next_level_name + self.criterion, self.criterion_for_agency, "; ".join(self.evidence))
        return sum(ceil(len(text) / LINE_LETTERS) for text in texts) >= 8


@dataclass(frozen=True)
class EvidenceUse:
    """Where a document serves as evidence: indicator, pages, level it supports."""

    code: str
    pages: str = ""
    level: Level | None = None


@dataclass(frozen=True)
class DocumentRow:
    """One version of one document, cited by one or more answers. Either a file or a link."""

    label: str  # "B1"
    title: str
    number: str
    date: date | None
    kind: str
    uses: tuple[EvidenceUse, ...]
    file_name: str = ""
    size: int | None = None
    sha256: str = ""
    link: str = ""

    @property
    def use_lines(self) -> tuple[str, ...]:
        """Where it serves, a line for each set of pages and level: "8, 11, 12", "3: level 4, hal. 5-7"."""
        codes: dict[tuple[Level | None, str], list[str]] = {}
        for use in self.uses:
            codes.setdefault((use.level, use.pages), []).append(use.code)
        lines = []
        for (level, pages), served in codes.items():
            level_words = "" if level is None else f"level {level_id(level)}"
            details = ", ".join(part for part in (level_words, f"hal. {pages}" if pages else "") if part)
            lines.append(", ".join(served) + (f": {details}" if details else ""))
        return tuple(lines)

    @property
    def hash_head(self) -> str:
        return self.sha256[:32]

    @property
    def hash_tail(self) -> str:
        return self.sha256[32:]
