"""What the national package is made of: the government's levels, the PICs' explanations, the evidence they cite."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from assessments.models import Answer, Assignment, DocumentVersion, Evidence, Period, Status
from assessments.queries.pemda import Board, PemdaRow, board
from assessments.uploads.names import TYPES
from indicators.fields import plain_level
from reports.keys import data_key
from reports.models import ReportJob
from reports.package import plan
from reports.package.plan import GAPS, Explained, Gap, Given, Item, Piece
from spbe_portal.formatting import level_id

_EXTENSIONS = {content_type: extension for extension, content_type in TYPES.items()}


@dataclass(frozen=True)
class Sources:
    """A period's package as it would be made now (see `reports.kinds.Sources`)."""

    board: Board
    items: tuple[Item, ...]
    assessment: None = None

    @property
    def period(self) -> Period:
        return self.board.period

    @property
    def is_draft(self) -> bool:
        """The Pemda result is not final."""
        return not self.board.is_locked

    @property
    def revision(self) -> int | None:
        return self.board.result.revision if self.board.result and not self.is_draft else None

    @property
    def key(self) -> str:
        """The same as long as the package would be the same to the byte."""
        score = self.board.score
        about = [self.period.pk, self.period.name, self.period.year, self.board.spec.name, self.is_draft]
        about += [self.revision, str(score.index), score.predicate, score.answered, file_limit()]
        return data_key(ReportJob.Kind.PACKAGE, *about, [asdict(item) for item in self.items])

    @property
    def gaps(self) -> int:
        return sum(len(item.gaps) for item in self.items)

    @property
    def files(self) -> int:
        return sum(len(item.files) for item in self.items)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items)

    @property
    def complete(self) -> int:
        """Indicators without a gap."""
        return sum(not item.gaps for item in self.items)

    def counts(self) -> list[tuple[str, str, int]]:
        """(kind, title, indicators that have it) of the gaps there are, the gravest first."""
        kinds = [{gap.kind for gap in item.gaps} for item in self.items]
        found = [(kind, title, sum(kind in each for each in kinds)) for kind, title in GAPS.items()]
        return [each for each in found if each[2]]


def sources(period_id: int) -> Sources:
    """Twelve queries, whatever there is; four more where the instrument was not read yet. Looks into the storage once
    a file. Raises `Period.DoesNotExist`."""
    period = Period.objects.select_related("instrument").get(pk=period_id)
    table = board(period)
    asked = _pic_answers(period)
    answers = {(answer.assessment_id, answer.indicator_id): answer for answer in asked}
    cited: dict[int, list[Evidence]] = defaultdict(list)
    for evidence in (
        Evidence.objects.filter(answer__in=asked.order_by().values("pk"))
        .select_related("version__document__agency")
        .order_by("answer__assessment__agency__name", "pk")
    ):
        cited[evidence.answer_id].append(evidence)
    there = _Storage()
    lowest = plain_level(period.instrument.scale_min)
    assert lowest is not None
    given = [_given(row, table, answers, cited, there, lowest) for row in table.rows]
    return Sources(table, plan.plan(given, period.pk, file_limit()))


def file_limit() -> int:
    """Bytes that one file of the package may have."""
    return settings.PACKAGE_FILE_MAX_BYTES


def url_of(gap: Gap) -> str:
    """Where it is mended."""
    return reverse(gap.page, args=gap.args)


def _pic_answers(period: Period) -> QuerySet[Answer]:
    """The answers of the PICs to their indicators, of assessments that were not cancelled."""
    leading = Assignment.objects.filter(
        period=period,
        kind=Assignment.Kind.PIC,
        agency=OuterRef("assessment__agency"),
        indicator=OuterRef("indicator"),
    )
    found = Answer.objects.filter(Exists(leading), assessment__period=period)
    return found.exclude(assessment__status=Status.CANCELLED)


class _Storage:
    """Which files are there; each is looked for once."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = default_storage.exists(name)
        return self._known[name]


def _given(
    row: PemdaRow,
    table: Board,
    answers: dict[tuple[int, int], Answer],
    cited: dict[int, list[Evidence]],
    there: _Storage,
    lowest: plan.Level,
) -> Given:
    found = [answers.get((pic.assessment_id or 0, row.indicator_id)) for pic in row.pics]
    names = {group.code: group.name for group in table.spec.aspects}
    level = row.level if row.level is not None else row.suggested
    explained = []
    for pic, answer in zip(row.pics, found, strict=True):
        own = answer.self_level if answer else None
        explained.append(
            Explained(
                agency=pic.agency,
                short_name=pic.short_name,
                assessment_id=pic.assessment_id if pic.status != Status.CANCELLED else None,
                state="" if pic.is_approved else _STATES.get(pic.status, "belum disetujui"),
                is_answered=answer is not None and answer.is_answered,
                is_above_lowest=own is not None and own > lowest,
                fact=answer.fact if answer else "",
                analysis=answer.analysis if answer else "",
            )
        )
    pieces = _merged(evidence for answer in found if answer for evidence in cited.get(answer.pk, []))
    return Given(
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        aspect=names.get(row.aspect, ""),
        level=level,
        is_suggested=row.level is None and level is not None,
        lowest=lowest,
        pics=tuple(explained),
        pieces=tuple(_piece(each, there) for each in pieces),
    )


#: How far an assessment is that is not approved, after its agency's name.
_STATES: dict[str, str] = {
    Status.DRAFT: "belum diajukan",
    Status.SUBMITTED: "menunggu verifikasi",
    Status.RETURNED: "dikembalikan untuk diperbaiki",
    Status.FINAL: "tidak selesai",
}


def _merged(evidence: Iterable[Evidence]) -> list[list[Evidence]]:
    """Several PICs may cite one file: it goes in once, with the pages all of them cite."""
    found: dict[str, list[Evidence]] = {}
    for each in evidence:
        found.setdefault(each.version.sha256 or each.version.url, []).append(each)
    return list(found.values())


def _piece(cited: list[Evidence], there: _Storage) -> Piece:
    version = cited[0].version
    document = version.document
    levels = sorted({each.level for each in cited if each.level is not None})
    is_pdf = version.content_type == plan.PDF
    return Piece(
        version_id=version.pk,
        document_id=document.pk,
        title=document.title,
        number=document.number,
        dated=document.date.isoformat() if document.date else "",
        agency=document.agency.name,
        original_name=version.original_name,
        content_type=version.content_type,
        extension=_EXTENSIONS.get(version.content_type, "bin"),
        size=version.size,
        sha256=version.sha256,
        file=str(version.file.name or ""),
        url=version.url,
        pages="; ".join(dict.fromkeys(each.pages.strip() for each in cited if each.pages.strip())),
        level=", ".join(level_id(level) for level in levels),
        scan=version.scan,
        is_locked=version.is_encrypted and version.page_count is None,
        is_unreadable=is_pdf and not version.is_encrypted and version.preview == DocumentVersion.Preview.FAILED,
        is_there=bool(version.url) or there.has(str(version.file.name)),
    )
