"""What a roadmap is asked: start, target and limits, from the address or from a form sent there."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django import forms
from django.http import QueryDict

from assessments.models import Plan
from assessments.queries.roadmap import Ground, Start
from indicators.roadmap import EFFORT_MAX, ROUTES, Limits, whole_levels
from spbe_portal.formatting import decimal_id

_NUMBER = re.compile(r"[0-9]{1,2}([.,][0-9]{1,2})?")
_WHOLE = re.compile(r"[0-9]{1,4}")
EFFORT_WRONG = f"isi bilangan bulat 0 sampai {EFFORT_MAX}."


class RoadmapForm(forms.Form):
    """Always bound: what is not given has a default. Efforts are read by hand, for there may be hundreds."""

    awal = forms.CharField(required=False)
    target = forms.CharField(required=False)
    langkah = forms.CharField(required=False)
    tetap = forms.MultipleChoiceField(required=False)
    pilihan = forms.CharField(required=False)

    def __init__(self, ground: Ground, data: QueryDict):
        super().__init__(data)
        self.given = data
        self.ground = ground
        self.levels = list(whole_levels(ground.spec))[1:]  # those a rise can lead to from the lowest
        self.codes = [indicator.code for indicator in ground.indicators]
        self.fields["tetap"].choices = [(code, code) for code in self.codes]  # type: ignore[attr-defined]
        self.fields["tetap"].error_messages["invalid_choice"] = "Indikator %(value)s tidak ada dalam instrumen ini."
        self.efforts: dict[int, int] = {}
        self.indicator_efforts: dict[str, dict[int, int]] = {}
        self.wrong: list[tuple[str, str]] = []  # (id of the field, message)

    def clean_target(self) -> Decimal:
        text = self.cleaned_data["target"].strip()
        spec = self.ground.spec
        if _NUMBER.fullmatch(text):
            value = Decimal(text.replace(",", "."))
            if spec.scale_min <= Fraction(value) <= spec.scale_max:
                return value
        low, high = decimal_id(spec.scale_min), decimal_id(spec.scale_max)
        raise forms.ValidationError(
            f"Isi target antara {low} dan {high}, paling banyak dua angka di belakang koma, misalnya {high}."
        )

    def clean_langkah(self) -> int | None:
        text = self.cleaned_data["langkah"].strip()
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= len(self.levels):
            raise forms.ValidationError("Pilih berapa level suatu indikator boleh naik.")
        return int(text)

    def clean(self) -> dict[str, Any]:
        good = super().clean() or {}
        self.efforts = self._efforts("upaya_{}", "Upaya ke level {}")
        for code in self.codes:
            if own := self._efforts(f"u_{code}_{{}}", f"Indikator {code}, upaya ke level {{}}"):
                self.indicator_efforts[code] = own
        for _, message in self.wrong:
            self.add_error(None, message)
        return good

    def _efforts(self, name: str, label: str) -> dict[int, int]:
        """Those that differ from the default, by level."""
        found = {}
        for level in self.levels:
            text = self.given.get(name.format(level), "").strip()
            if not text:
                continue
            if not _WHOLE.fullmatch(text) or int(text) > EFFORT_MAX:
                self.wrong.append((f"id_{name.format(level)}", f"{label.format(level)}: {EFFORT_WRONG}"))
                continue
            if int(text) != level or name != "upaya_{}":
                found[level] = int(text)
        return found

    @property
    def start(self) -> Start:
        return self.ground.start(self.given.get("awal", ""))

    @property
    def goal(self) -> Decimal:
        """The target index asked for."""
        target: Decimal = self.cleaned_data["target"]
        return target

    @property
    def limits(self) -> Limits:
        return Limits(
            fixed=tuple(self.cleaned_data["tetap"]),
            max_step=self.cleaned_data["langkah"],
            efforts=self.efforts,
            indicator_efforts=self.indicator_efforts,
        )

    @property
    def choice(self) -> int:
        """Which route is looked at, from 0."""
        text = self.given.get("pilihan", "")
        return int(text) if _WHOLE.fullmatch(text) and int(text) < ROUTES else 0

    def query(self, **changed: str) -> str:
        """The address of this question, without what is as usual; `changed` values replace those asked."""
        made = QueryDict(mutable=True)
        made["periode"] = str(self.ground.period.pk)
        made["awal"] = self.start.key
        for name in ("target", "langkah", "pilihan"):
            if text := self.given.get(name, "").strip():
                made[name] = text
        made.setlist("tetap", [code for code in self.given.getlist("tetap") if code in self.codes])
        for level, effort in self.efforts.items():
            made[f"upaya_{level}"] = str(effort)
        for code, own in self.indicator_efforts.items():
            for level, effort in own.items():
                made[f"u_{code}_{level}"] = str(effort)
        for name, value in changed.items():
            made[name] = value
        return made.urlencode()

    # --- for the template --------------------------------------------------------------------------

    @property
    def effort_fields(self) -> list[dict[str, Any]]:
        """One for each level: name, level, what stands in it, what is usual."""
        return [self._field(f"upaya_{level}", level, level) for level in self.levels]

    @property
    def indicator_rows(self) -> list[dict[str, Any]]:
        """One for each indicator: itself, whether it is fixed, its effort fields."""
        fixed = set(self.given.getlist("tetap"))
        return [
            {
                "indicator": indicator,
                "is_fixed": indicator.code in fixed,
                "fields": [
                    self._field(f"u_{indicator.code}_{level}", level, self.efforts.get(level, level))
                    for level in self.levels
                ],
            }
            for indicator in self.ground.indicators
        ]

    def _field(self, name: str, level: int, usual: int) -> dict[str, Any]:
        wrong = any(field == f"id_{name}" for field, _ in self.wrong)
        return {"name": name, "level": level, "value": self.given.get(name, ""), "usual": usual, "is_wrong": wrong}

    @property
    def has_own_rules(self) -> bool:
        """Whether anything is set in the folded part of the form."""
        given = self.given
        return bool(given.getlist("tetap") or given.get("langkah") or self.efforts or self.indicator_efforts)

    @property
    def has_wrong_rules(self) -> bool:
        return bool(self.wrong or "langkah" in self.errors or "tetap" in self.errors)

    @property
    def problems(self) -> list[dict[str, str]]:
        """Everything that is wrong, each with the field it stands in."""
        found = [{"url": "#id_target", "text": f"Target: {text}"} for text in self.errors.get("target", [])]
        found += [{"url": "#id_langkah", "text": str(text)} for text in self.errors.get("langkah", [])]
        found += [{"url": "#batasan", "text": str(text)} for text in self.errors.get("tetap", [])]
        return found + [{"url": f"#{field}", "text": text} for field, text in self.wrong]


def asked(ground: Ground, given: QueryDict, plan: Plan | None) -> QueryDict:
    """`given`, or, where it asks for no target, what the plan in force was reckoned with, or what is usual."""
    if "target" in given:
        return given
    data = given.copy()
    if plan is not None:
        _add_rules(data, plan.rules)
        data["target"] = decimal_id(plan.target)
    else:
        data["target"] = decimal_id(usual_target(ground, ground.start(given.get("awal", ""))))
    return data


def usual_target(ground: Ground, start: Start) -> Fraction | Decimal:
    """The period's target, else the instrument's; where that is met, the next predikat, else the top of the scale."""
    period = ground.period
    for target in (period.target, period.instrument.target_index):
        if target is not None and target > start.index:
            return target
    higher = [band.minimum for band in ground.spec.bands if band.minimum > start.index]
    return min(higher, default=Fraction(floor(ground.spec.scale_max)))


def _add_rules(data: QueryDict, rules: Mapping[str, Any]) -> None:
    data.setlist("tetap", rules.get("fixed", []))
    data["langkah"] = str(rules.get("max_step") or "")
    for level, effort in rules.get("efforts", {}).items():
        data[f"upaya_{level}"] = str(effort)
    for code, own in rules.get("indicator_efforts", {}).items():
        for level, effort in own.items():
            data[f"u_{code}_{level}"] = str(effort)
