"""What an answer says, without how it is spaced or when it was saved: to see whether it was changed."""

import json
from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from django.db.models import QuerySet

from assessments.models import Answer, Evidence


class Piece(NamedTuple):
    """One piece of evidence as far as it can be mended: the version, where in it, and what it is called."""

    version_id: int
    pages: str
    level: Decimal | int | None
    title: str
    number: str
    date: object
    kind: str
    scan: str = "none"

    @property
    def said(self) -> tuple[object, ...]:
        """What a person says of the document; not `scan`, which a scanner changes."""
        return self.title, self.number, self.date, self.kind


_FIELDS = tuple(
    name
    if name in ("version_id", "pages", "level")
    else "version__scan"
    if name == "scan"
    else f"version__document__{name}"
    for name in Piece._fields
)


def pieces_of(evidence: QuerySet[Evidence]) -> dict[int, list[Piece]]:
    """The pieces of `evidence` by answer id. One query."""
    found: dict[int, list[Piece]] = {}
    for answer_id, *values in evidence.order_by().values_list("answer_id", *_FIELDS):
        found.setdefault(answer_id, []).append(Piece(*values))
    return found


def piece_of(evidence: Evidence) -> Piece:
    """The same of a row with its version and document already read."""
    document = evidence.version.document
    return Piece(
        evidence.version_id,
        evidence.pages,
        evidence.level,
        document.title,
        document.number,
        document.date,
        document.kind,
        evidence.version.scan,
    )


def content_digest(answer: Answer, pieces: Iterable[Piece]) -> str:
    """SHA-256 of the level, the texts and the evidence, white space aside. No query."""
    said = [
        _number(answer.self_level),
        answer.not_applicable,
        *(_text(text) for text in (answer.fact, answer.analysis, answer.not_applicable_reason)),
        sorted(
            [piece.version_id, _text(piece.pages), _number(piece.level), *map(_text, piece.said)] for piece in pieces
        ),
    ]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _number(level: Decimal | int | None) -> str:
    return "" if level is None else f"{Decimal(level).normalize():f}"
