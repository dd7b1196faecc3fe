"""What the operators of the demo city answer and attach.

Levels come from the seeded generator around the means of `city.json`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from accounts.models import Agency, User
from assessments.models import Answer, Assessment, Contributor, Evidence
from indicators.models import Instrument
from spbe_portal.demo.carried import Carried
from spbe_portal.demo.city import PAST_YEARS, domain_of
from spbe_portal.demo.library import Library
from spbe_portal.demo.rows import Rows

#: A PIC is further in its own indicators than an agency is in most: so many levels, by year.
PIC_AHEAD = {2024: 0.2, 2025: 0.45}


@dataclass
class Answering:
    """All operators at work; `agencies` and `operators` by slug."""

    city: dict[str, Any]
    random: Random
    instrument: Instrument
    agencies: dict[str, Agency]
    operators: dict[str, User]
    library: Library
    carried: Carried

    @cached_property
    def _noise(self) -> dict[tuple[str, str], float]:
        """How an agency stands in an indicator, beside its mean: the same in every year."""
        return {
            (slug, indicator.code): self.random.gauss(0, 0.75)
            for slug in self.agencies
            for indicator in self.instrument.indicators.all()
        }

    def _level(self, slug: str, code: str, domain: str, year: int) -> int:
        history = self.city["history"][slug]
        key = str(year) if year in PAST_YEARS else max(history)
        mean = history[key]["self_mean"][domain] + (0 if year in PAST_YEARS else 0.25)
        mean += PIC_AHEAD.get(year, 0.45) if slug in self.city["pic"].get(code, ()) else 0
        return max(1, min(5, round(mean + self._noise[slug, code])))

    def fill(
        self,
        slug: str,
        assessment: Assessment,
        year: int,
        rows: Rows,
        share: float,
        at: datetime,
        *,
        carries: bool = False,
    ) -> list[Answer]:
        """Fill `share` of the answers, in the sheet's order with gaps, and collect their evidence.

        With `carries` that is last year's, as far as it is still valid.
        """
        agency, operator = self.agencies[slug], self.operators[slug]
        answers = list(assessment.answers.select_related("indicator__aspect__domain").order_by("indicator__order"))
        wanted = round(len(answers) * share)
        skipped = set(self.random.sample(range(len(answers)), len(answers) - wanted)) if share > 0.5 else set()
        for position, answer in enumerate(answers):
            if position in skipped or (share <= 0.5 and position >= wanted):
                continue
            indicator = answer.indicator
            answer.changed_by, answer.changed_at, answer.version = operator, at - timedelta(hours=3), 2
            is_pic = slug in self.city["pic"].get(indicator.code, ())
            if not is_pic and (hint := self._not_relevant(agency, indicator)):
                answer.not_applicable, answer.not_applicable_reason = True, hint
                continue
            domain = domain_of(indicator)
            level = self._level(slug, indicator.code, domain, year)
            texts = self.city["texts"]
            text = (
                texts["level_1_by_domain"][domain] if level == 1 else texts["indicators"][indicator.code][str(level)]
            )
            answer.self_level = level
            answer.fact = text["fact"].format(agency=agency.name)
            answer.analysis = text["analysis"].format(agency=agency.name)
            if carries:
                rows.evidence += self.carried.take(answer, agency, operator, year, answer.changed_at)
            elif level > 1:
                self._attach(answer, agency, operator, year, level, rows)
        if wanted:
            rows.contributors.append(Contributor(assessment=assessment, user=operator))
        rows.answers.extend(answers)
        return answers

    def _not_relevant(self, agency: Agency, indicator: Any) -> str:
        if agency.kind not in (Agency.Kind.KECAMATAN, Agency.Kind.BAGIAN):
            return ""
        kind = agency.get_kind_display().lower()
        for hint in indicator.not_relevant_hints:
            if kind in hint["kind"].lower() and self.random.random() < 0.35:
                return str(hint["reason"])
        return ""

    def _attach(self, answer: Answer, agency: Agency, operator: User, year: int, level: int, rows: Rows) -> None:
        offered = self.city["documents"][answer.indicator.code]
        fitting = [row for row in offered if min(row["levels"]) <= level] or offered[:1]
        seen = set()
        for row in fitting[-3:]:
            if row["title"] in seen:
                continue
            seen.add(row["title"])
            supports = [number for number in row["levels"] if number <= level] or [level]
            version = self.library.version(agency, operator, row, year)
            rows.evidence.append(
                Evidence(
                    answer=answer,
                    version=version,
                    added_by=operator,
                    pages="1" if version.page_count == 1 else f"1-{version.page_count}" if version.page_count else "",
                    level=max(supports),
                )
            )
