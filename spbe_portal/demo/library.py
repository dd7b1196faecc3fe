"""The demo agencies' documents: rows for each agency, bytes made once a city."""

import random
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Agency, User
from assessments.models import Document, DocumentVersion
from spbe_portal.demo import files

#: Kinds that an office keeps up to date: another year's is a new version of the same document.
LIVING = frozenset({"daftar", "dokumen_teknis", "pedoman", "sop"})


class Library:
    """Documents by agency, title and year. New rows are collected until `save`."""

    def __init__(self, government: str, today: date):
        self.government = government
        self.today = today
        self.stored: dict[tuple[str, int], dict[str, Any]] = {}
        self.versions: dict[tuple[int, str, int], DocumentVersion] = {}
        self.living: dict[tuple[int, str], DocumentVersion] = {}  # the newest version of what is kept up to date
        self.new_documents: list[Document] = []
        self.new_versions: list[DocumentVersion] = []

    def save(self) -> None:
        """Write the rows collected since the last time."""
        Document.objects.bulk_create(self.new_documents, batch_size=1000)
        DocumentVersion.objects.bulk_create(self.new_versions, batch_size=1000)
        self.new_documents, self.new_versions = [], []

    def version(self, agency: Agency, operator: User, row: dict[str, Any], year: int) -> DocumentVersion:
        """The agency's document of this title and year. The bytes behind it are made once a city."""
        key = (agency.pk, row["title"], year)
        if key not in self.versions:
            stored = self._stored(row, year)
            before = self.living.get(key[:2])
            document = before.document if before else self._document(agency, operator, row, stored)
            self.versions[key] = DocumentVersion(
                document=document,
                number=before.number + 1 if before else 1,
                change=f"Dimutakhirkan untuk tahun {year}" if before else "",
                file=stored["file"],
                original_name=stored["original_name"],
                content_type=stored["content_type"],
                size=stored["size"],
                sha256=stored["sha256"],
                page_count=stored["pages"],
                preview=DocumentVersion.Preview.PENDING,
                uploaded_by=operator,
            )
            self.new_versions.append(self.versions[key])
            if row["kind"] in LIVING:
                self.living[key[:2]] = self.versions[key]
        return self.versions[key]

    def _document(self, agency: Agency, operator: User, row: dict[str, Any], stored: dict[str, Any]) -> Document:
        made = Document(
            agency=agency,
            title=row["title"],
            number=stored["number"],
            date=stored["date"],
            kind=row["kind"],
            valid_until=self._valid_until(row, stored["date"]),
            created_by=operator,
        )
        self.new_documents.append(made)
        return made

    def _valid_until(self, row: dict[str, Any], issued: date) -> date | None:
        """Agreements and decisions on teams end some day; what is always valid says nothing."""
        years = {"perjanjian": 2, "keputusan": 1, "surat_edaran": 3}.get(row["kind"])
        if years is None or random.Random(f"{row['title']} {issued}").random() < 0.3:
            return None
        return date(issued.year + years, 12, 31)

    def _stored(self, row: dict[str, Any], year: int) -> dict[str, Any]:
        key = (row["title"], year)
        if key not in self.stored:
            month, day = map(int, row["typical_date_in_year"].split("-"))
            issued = min(date(year, month, day), date(year, 10, 10), self.today - timedelta(days=20))
            draw = random.Random(f"{row['title']} {year}")
            number = row["number_pattern"].format(n=draw.randint(3, 88), year=year)
            slug = "-".join(row["title"].split())[:80].replace("/", "-")
            if row["kind"] == "tangkapan_layar":
                kind = draw.choice(["PNG", "JPEG"])
                content = files.screenshot(row["title"].removeprefix("Tangkapan layar "), f"Tahun {year}", kind)
                suffix, pages = ("png" if kind == "PNG" else "jpg"), None
                content_type = f"image/{kind.lower()}"
            else:
                pages = min(int(row["pages"]), 3)
                shown = f"{issued.day}-{issued.month}-{issued.year}"
                content = files.pdf(row["title"], number, self.government, shown, pages)
                suffix, content_type = "pdf", "application/pdf"
            name = default_storage.save(f"evidence/demo/{year}-{len(self.stored):03d}.{suffix}", ContentFile(content))
            self.stored[key] = {
                "number": number,
                "date": issued,
                "file": name,
                "original_name": f"{slug}-{year}.{suffix}",
                "content_type": content_type,
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
                "pages": pages,
            }
        return self.stored[key]
