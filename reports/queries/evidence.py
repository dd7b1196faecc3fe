"""The list of evidence: each cited version of a document once."""

from datetime import date
from typing import Any

from reports.queries.values import level_of
from reports.rows import DocumentRow, EvidenceUse


def documents_of(rows: list[dict[str, Any]]) -> tuple[tuple[DocumentRow, ...], dict[str, tuple[str, ...]]]:
    """Each cited version once, in the order of its first use, and the labels each indicator cites."""
    facts: dict[tuple[Any, ...], dict[str, Any]] = {}
    uses: dict[tuple[Any, ...], list[EvidenceUse]] = {}
    for row in rows:
        for evidence in row["evidence"]:
            version = tuple(
                evidence[field] for field in ("title", "number", "date", "version", "file", "url", "sha256")
            )
            facts.setdefault(version, evidence)
            uses.setdefault(version, []).append(
                EvidenceUse(row["code"], evidence["pages"], level_of(evidence["level"]))
            )
    documents = []
    labels: dict[str, tuple[str, ...]] = {}
    for number, (version, evidence) in enumerate(facts.items(), start=1):
        label = f"B{number}"
        for use in uses[version]:
            labels[use.code] = (*labels.get(use.code, ()), label)
        documents.append(
            DocumentRow(
                label=label,
                title=evidence["title"],
                number=evidence["number"],
                date=date.fromisoformat(evidence["date"]) if evidence["date"] else None,
                kind=evidence["kind"],
                uses=tuple(uses[version]),
                file_name="" if evidence["url"] else evidence["file"],
                size=None if evidence["url"] else evidence["size"],
                sha256=evidence["sha256"],
                link=evidence["url"],
            )
        )
    return tuple(documents), labels
