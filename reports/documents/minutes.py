"""Berita Acara: what was done and what came out of it, with true states only. Pure."""

from dataclasses import dataclass

from reports.documents.government import Government

SIGNATORIES = (
    ("Koordinator SPBE", "Sekretaris Daerah"),
    ("Penanggung Jawab", ""),
    ("Ketua Tim Asesor Internal", ""),
)


@dataclass(frozen=True, kw_only=True)
class Minutes(Government):
    @property
    def title(self) -> str:
        return f"{self.heading} Verifikasi Penilaian Mandiri SPBE {self.government} {self.year}"

    @property
    def heading(self) -> str:
        return "Rancangan Berita Acara" if self.is_draft else "Berita Acara"

    @property
    def signatories(self) -> tuple[tuple[str, str], ...]:
        return SIGNATORIES

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
