"""Berita Acara: what was done and what came out of it, with true states only. Pure."""

from dataclasses import dataclass, field
from datetime import date

from reports.documents.government import Government

#: Letters of a digest on paper; `verify_chain` finds it by them.
SHORT = 16


@dataclass(frozen=True)
class Trail:
    """How far the audit trail of the period had come: (stream, count, head) of each chain, and the newest anchor."""

    heads: tuple[tuple[str, int, str], ...] = ()
    digest: str = ""  # over all of them
    anchor_day: date | None = None
    anchor_digest: str = ""

    @property
    def events(self) -> int:
        return sum(count for _, count, _ in self.heads)

    @property
    def short(self) -> str:
        return self.digest[:SHORT]

    @property
    def anchor_short(self) -> str:
        return self.anchor_digest[:SHORT]


@dataclass(frozen=True, kw_only=True)
class Minutes(Government):
    trail: Trail = field(default_factory=Trail)

    @property
    def title(self) -> str:
        return f"{self.heading} Verifikasi Penilaian Mandiri {self.topic} {self.government} {self.year}"

    @property
    def heading(self) -> str:
        return "Rancangan Berita Acara" if self.is_draft else "Berita Acara"

    @property
    def signatories(self) -> tuple[tuple[str, str], ...]:
        return (
            (f"Koordinator {self.topic}", "Sekretaris Daerah"),
            ("Penanggung Jawab", ""),
            ("Ketua Tim Asesor Internal", ""),
        )

    @property
    def followed(self) -> int:
        """Indicators determined as suggested."""
        return sum(row.level is not None and not row.differs for row in self.indicators)

    @property
    def changed(self) -> int:
        """Indicators determined otherwise than suggested."""
        return sum(row.differs and row.suggested is not None for row in self.indicators)

    @property
    def without_suggestion(self) -> int:
        """Indicators determined where there was no suggestion."""
        return sum(row.differs and row.suggested is None for row in self.indicators)
