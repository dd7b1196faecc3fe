"""Every page with a period of the instruments that differ most from the default.

SPBE 35 begins at level 0, has three domains and items like 35-1; Pemdi has no domains, values with fractions, no
criteria, and indicators whose value comes from elsewhere.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from io import BytesIO

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Role
from assessments import workflow
from assessments.errors import Invalid
from assessments.models import Answer, Assessment, Assignment, Period
from assessments.queries.assignments import indicators_without_pic
from assessments.queries.pemda import board
from assessments.queries.readiness import problems_of
from assessments.services import determination, periods, reviews
from assessments.services.followups import create_follow_up
from conftest import City, accept_all, fill, hand_in, make_person
from indicators.models import Instrument
from reports.kinds import KINDS
from spbe_portal.formatting import level_id

SPBE_35, PEMDI = "permenpanrb-5-2018", "permenpanrb-8-2026"
CODES = (SPBE_35, PEMDI)
LEVELS = {SPBE_35: 3, PEMDI: Decimal("2.35")}  # what Dinkes says everywhere
LAST = {SPBE_35: "35-3", PEMDI: "20"}
ADJUSTED = {SPBE_35: 0, PEMDI: Decimal("1.26")}  # of LAST, by the verifier


@dataclass
class World:
    """One running period: Dinkes approved, Dinsos handed in, Diskominfo a draft; every value determined but one."""

    city: City
    period: Period
    approved: Assessment
    submitted: Assessment
    draft: Assessment

    @property
    def code(self) -> str:
        return self.period.instrument.code

    @property
    def approved_index(self) -> Fraction:
        """By hand: everything at the one level, the last adjusted."""
        parts = {
            answer.indicator.code: answer.indicator.weight
            for answer in self.approved.answers.select_related("indicator")
        }
        level, last = Fraction(LEVELS[self.code]), LAST[self.code]
        total = sum(parts.values())
        return (level * (total - parts[last]) + Fraction(ADJUSTED[self.code]) * parts[last]) / total

    def get(self, person, name, *args, **query) -> str:
        client = Client()
        client.force_login(person)
        answer = client.get(reverse(name, args=args), query)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()


@pytest.fixture
def world(request, city, instrument) -> World:
    found = Instrument.objects.get(code=request.param)
    period = periods.create_period(
        user=city.coordinator,
        name=f"Penilaian {found.short_name}",
        year=2026,
        instrument=found,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes, city.dinsos, city.diskominfo],
        target=Decimal("3.00"),
    )
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind=Assignment.Kind.PIC)
    workflow.open_period(period_id=period.pk, user=city.coordinator)
    dinkes, dinsos, draft = (
        Assessment.objects.get(period=period, agency=agency) for agency in (city.dinkes, city.dinsos, city.diskominfo)
    )
    level = LEVELS[found.code]
    fill(dinkes, city.operator, level=level)
    dinkes = workflow.submit(assessment_id=dinkes.pk, user=city.operator)
    reviews.decide(
        assessment_id=dinkes.pk,
        code=LAST[found.code],
        user=city.verifier,
        decision="adjust",
        verified_level=str(ADJUSTED[found.code]),
        note="Bukti belum cukup.",
    )
    accept_all(dinkes, city.verifier)
    dinkes = workflow.approve(assessment_id=dinkes.pk, user=city.verifier)
    dinsos = hand_in(dinsos, city.other_operator, level=level)
    determination.determine_suggested(period_id=period.pk, user=city.coordinator)
    period.refresh_from_db()
    return World(city, period, dinkes, dinsos, draft)


both = pytest.mark.parametrize("world", CODES, indirect=True)


#: Where the instrument itself is shown, what must be known of it stands too.
CAUTION = {SPBE_35: "hanya ringkasan dengan kalimat portal", PEMDI: "berasal dari sumber sekunder"}


@both
def test_every_page_of_an_operator(world):
    city, last, caution = world.city, LAST[world.code], CAUTION[world.code]
    operator = make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo))
    for name in ("home", "own_place", "report_list", "followup_list"):
        world.get(operator, name)
    draft = world.draft.pk
    for name in ("sheet", "submit", "index_breakdown"):
        assert caution in world.get(operator, name, draft), name
    for name in ("carry_over", "history"):
        world.get(operator, name, draft)
    world.get(operator, "evidence_pick", draft, last)
    page = world.get(operator, "answer", draft, last)
    assert caution in page
    assert (page.count("Kriteria belum tersedia") > 0) is (world.code == PEMDI)
    assert ('name="value"' in page) is (world.code == PEMDI)
    assert page.count('type="radio" name="choice"') == {SPBE_35: 7, PEMDI: 6}[world.code]
    digits = {SPBE_35: "0 – 5", PEMDI: "1 – 5"}[world.code]
    assert f"<kbd>{digits}</kbd>" in page or digits in page
    for name in ("sheet", "index_breakdown", "history"):
        world.get(city.operator, name, world.approved.pk)
    adjusted = world.get(city.operator, "answer", world.approved.pk, last)
    assert level_id(ADJUSTED[world.code]) in adjusted
    world.get(city.operator, "answer_history", world.approved.pk, last)


@both
def test_every_page_of_a_verifier(world):
    city, last, caution = world.city, LAST[world.code], CAUTION[world.code]
    world.get(city.verifier, "review_queue")
    assert caution in world.get(city.verifier, "review_overview", world.submitted.pk)
    world.get(city.verifier, "approve", world.submitted.pk)
    for assessment in (world.submitted, world.approved):
        assert caution in world.get(city.verifier, "review", assessment.pk, last)


@both
def test_every_page_of_a_coordinator(world):
    city, period, last, caution = world.city, world.period, LAST[world.code], CAUTION[world.code]
    coordinator = city.coordinator
    for name in ("period_list", "audit_trail", "period_create"):
        world.get(coordinator, name)
    for name in ("period", "assignments"):
        assert caution in world.get(coordinator, name, period.pk), name
    for name in ("period_edit", "consistency", "not_handed_in", "period_finalise", "assignments_export"):
        world.get(coordinator, name, period.pk)
    world.get(coordinator, "assignments_preset", period.pk)
    world.get(coordinator, "assignments_preset", period.pk, pola="semua")
    for name in ("determination", "pemda", "heat", "roadmap", "results"):
        assert caution in world.get(coordinator, name, periode=period.pk), name
    world.get(coordinator, "heat", periode=period.pk, indikator=last)
    way = world.get(coordinator, "roadmap", periode=period.pk, target="3,2")
    assert "paling kecil yang mungkin" in way
    world.get(coordinator, "determine", period.pk, last)
    assert caution in world.get(coordinator, "determine", period.pk, "5")
    create_follow_up(
        user=coordinator,
        period_id=period.pk,
        agency_id=city.dinkes.pk,
        text="Lengkapi.",
        due_on=timezone.localdate() + timedelta(days=30),
    )
    world.get(coordinator, "followup_list", periode=period.pk)


#: As PDF too: it takes seconds, so each of these once.
RENDERED = {(PEMDI, "agency"), (PEMDI, "pemda"), (PEMDI, "minutes"), (SPBE_35, "brief")}


@pytest.mark.once
@both
@pytest.mark.parametrize("kind", ["agency", "pemda", "brief", "minutes"])
def test_every_report_as_sheet_and_as_document(world, kind, fonts):
    maker = KINDS[kind].maker
    pk = world.approved.pk if KINDS[kind].of_assessment else world.period.pk
    rows = maker.sources(pk)
    document = maker.document(rows, code="UJI-1", generated_at=timezone.now())
    topic = {SPBE_35: "SPBE", PEMDI: "Pemdi"}[world.code]
    assert (document.topic, topic in document.title) == (topic, True)
    if kind == "agency":
        assert document.verified_index.value == world.approved_index
        assert len(document.domains) == {SPBE_35: 3, PEMDI: 0}[world.code]
    book = load_workbook(BytesIO(maker.write_xlsx(document)))
    cells = " ".join(str(value) for sheet in book for row in sheet.values for value in row if value is not None)
    assert CAUTION[world.code] in cells
    if (world.code, kind) not in RENDERED:
        return
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(maker.render_pdf(document))).pages)
    assert CAUTION[world.code] in " ".join(text.split())


@pytest.mark.parametrize("world", [PEMDI], indirect=True)
def test_values_from_elsewhere_are_nobodys_task_and_the_coordinators_to_enter(world):
    outside = {"5", "6", "7", "18"}
    assigned = set(Assignment.objects.filter(period=world.period).values_list("indicator__code", flat=True))
    assert (len(assigned), assigned & outside) == (16, set())
    assert indicators_without_pic(world.period) == 0
    table = board(world.period)
    waiting = {row.code: row.obstacle for row in table.rows if not row.is_determined}
    assert waiting.keys() == outside
    assert waiting["5"] == "Nilai dari luar: skor Satu Data Indonesia (Bappenas)."
    # What is missing counts as 1, by the instrument; the others are 2.35 and the last 1.26.
    weights = {row.code: row.weight for row in table.rows}
    levels = {code: Fraction(1) if code in outside else Fraction("2.35") for code in weights} | {
        "20": Fraction("1.26")
    }
    assert table.score.index == sum(weights[code] * level for code, level in levels.items()) / 100
    enter = {"period_id": world.period.pk, "code": "5", "user": world.city.coordinator, "level": "2.50"}
    with pytest.raises(Invalid) as refusal:
        determination.determine(**enter)
    assert refusal.value.errors == {
        "reason": "Tulis sumber dan tanggal nilainya (skor Satu Data Indonesia (Bappenas))."
    }
    made = determination.determine(**enter, reason="Bappenas, skor SDI 2025, 3 Maret 2026.")
    assert (made.level, made.suggested) == (Decimal("2.5"), None)


@pytest.mark.parametrize("world", [PEMDI], indirect=True)
def test_a_fraction_is_written_with_a_comma_and_kept_to_two_decimals(world, client):
    city, draft = world.city, world.draft
    client.force_login(make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)))
    save = reverse("answer_save", args=[draft.pk, "20"])

    def stored():
        answer = Answer.objects.get(assessment=draft, indicator__code="20")
        return answer.self_level, answer.not_applicable

    def send(**fields):
        version = Answer.objects.get(assessment=draft, indicator__code="20").version
        return client.post(save, {"version": version, **fields})

    assert send(value="1,26", value_was="").status_code == 302
    assert stored() == (Decimal("1.26"), False)
    text = client.get(reverse("answer", args=[draft.pk, "20"])).content.decode()
    assert '<input class="form-control" id="nilai" name="value" value="1,26"' in text
    assert (text.count("ladder-row is-met"), text.count("ladder-row is-next")) == (1, 1)
    # Without script: a row chosen beside the value as it was; a value typed beside the row as it was.
    send(value="1,26", value_was="1,26", choice="3")
    assert stored() == (3, False)
    send(value="2,5", value_was="3", choice="3")
    assert stored() == (Decimal("2.5"), False)
    send(value="2,5", value_was="2,5", choice="tidak-relevan")
    assert stored() == (None, True)
    refused = send(value="1,265", value_was="", fact="Ada.")
    assert refused.status_code == 400
    text = refused.content.decode()
    assert "Isi bilangan 1 sampai 5, paling banyak dua angka di belakang koma." in text
    assert 'value="1,265"' in text
    assert stored() == (None, True)
    # By script the field's number arrives as the choice.
    assert send(choice="4.75").status_code == 302
    assert stored() == (Decimal("4.75"), False)


@pytest.mark.parametrize("world", [SPBE_35], indirect=True)
def test_above_level_0_asks_for_evidence_and_level_0_for_none(world):
    draft, code = world.draft, LAST[SPBE_35]
    answers = Answer.objects.filter(assessment=draft)
    answers.update(self_level=0)
    assert problems_of(draft) == []
    answers.filter(indicator__code=code).update(self_level=1)
    assert [(each.code, each.indicator) for each in problems_of(draft)] == [
        ("no_explanation", code),
        ("no_evidence", code),
    ]
