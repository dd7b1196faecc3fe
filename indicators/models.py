"""Instruments: what is asked, how it is weighted and how the result is named. All of it is data.

An instrument knows nothing of periods or answers. Weights are exact fractions
(PermenPANRB 5/2018 has weights of 10/3), kept as numerator and denominator.
"""

from fractions import Fraction
from math import ceil, floor

from django.db import models
from django.db.models import F, Q

from indicators.fields import LevelField


class InstrumentManager(models.Manager["Instrument"]):
    def get_by_natural_key(self, code: str) -> "Instrument":
        return self.get(code=code)


class Instrument(models.Model):
    """One published questionnaire, for example the 47 indicators of PermenPANRB 59/2020."""

    code = models.SlugField("kode", max_length=60, unique=True)
    name = models.CharField("nama", max_length=200)
    short_name = models.CharField("nama singkat", max_length=60)
    version = models.PositiveIntegerField("versi", default=1)
    # What it rates, as titles say it: "Indeks SPBE", "Indeks Pemdi".
    topic = models.CharField("yang dinilai", max_length=30, default="SPBE")
    regulation = models.CharField("dasar hukum", max_length=200)
    regulation_note = models.TextField("keberlakuan", blank=True)
    source_note = models.TextField("sumber", blank=True)
    help_text = models.TextField("keterangan", blank=True)
    # What whoever reads or fills the instrument must know first; stands on every page that shows it.
    caution = models.TextField("peringatan", blank=True)
    is_default = models.BooleanField("bawaan", default=False)
    scale_min = LevelField("level terendah")
    scale_max = LevelField("level tertinggi")
    is_fractional = models.BooleanField("nilai pecahan", default=False)
    # What an indicator without an answer counts as; empty means the lowest level of the scale.
    missing_level = LevelField("nilai bila belum terisi", null=True, blank=True)
    target_level = LevelField("target level indikator", null=True, blank=True)
    target_index = models.DecimalField("target indeks", max_digits=6, decimal_places=4, null=True, blank=True)
    # A copy that is being edited: no period may use it before it is published (indicators.services).
    is_draft = models.BooleanField("konsep", default=False)
    copied_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="copies")
    edits = models.PositiveIntegerField(default=0, editable=False)  # of a draft, counted up by every change
    # Set by indicators.services.mark_in_use; from then on the structure is frozen.
    in_use_since = models.DateTimeField("dipakai sejak", null=True, blank=True)

    objects = InstrumentManager()

    class Meta:
        ordering = ["-is_default", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(scale_min__lt=F("scale_max")), name="instrument_scale_in_order"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="instrument_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.code,)

    @property
    def level_keys(self) -> str:
        """The digit keys that stand for its whole levels: "1 – 5"."""
        return f"{ceil(self.scale_min)} – {floor(self.scale_max)}"


class _PartManager(models.Manager):
    """Natural keys of the parts of an instrument: (instrument code, own code)."""

    def get_by_natural_key(self, instrument: str, code: str):
        return self.get(instrument__code=instrument, code=code)


class PredicateBand(models.Model):
    """A predikat and the lowest (unrounded) index that earns it."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="bands")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    minimum = models.DecimalField(max_digits=6, decimal_places=4)

    objects = _PartManager()

    class Meta:
        ordering = ["instrument", "-minimum"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "code"], name="band_code_once"),
            models.UniqueConstraint(fields=["instrument", "minimum"], name="band_minimum_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.instrument.code, self.code)

    natural_key.dependencies = ["indicators.instrument"]  # type: ignore[attr-defined]


class LevelName(models.Model):
    """What a level is called; `capability` tells ladders apart (process, service)."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="level_names")
    code = models.SlugField(max_length=40)  # "process-3"
    capability = models.SlugField(max_length=20)
    level = LevelField()
    name = models.CharField(max_length=60)

    objects = _PartManager()

    class Meta:
        ordering = ["instrument", "capability", "level"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "capability", "level"], name="level_name_once"),
            models.UniqueConstraint(fields=["instrument", "code"], name="level_name_code_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.instrument.code, self.code)

    natural_key.dependencies = ["indicators.instrument"]  # type: ignore[attr-defined]


class WeightedModel(models.Model):
    """A share of the whole of 100, as an exact fraction."""

    weight_numerator = models.PositiveIntegerField()
    weight_denominator = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    @property
    def weight(self) -> Fraction:
        return Fraction(self.weight_numerator, self.weight_denominator)


class Domain(WeightedModel):
    """The coarsest grouping. Some instruments have none."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="domains")
    code = models.SlugField(max_length=20)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    capability = models.SlugField(max_length=20)

    objects = _PartManager()

    class Meta:
        ordering = ["instrument", "order"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "code"], name="domain_code_once"),
            models.CheckConstraint(condition=Q(weight_denominator__gte=1), name="domain_weight_whole"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.instrument.code, self.code)

    natural_key.dependencies = ["indicators.instrument"]  # type: ignore[attr-defined]


class Aspect(WeightedModel):
    """A group of indicators, inside a domain where the instrument has domains."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="aspects")
    domain = models.ForeignKey(Domain, models.CASCADE, null=True, blank=True, related_name="aspects")
    code = models.SlugField(max_length=20)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)

    objects = _PartManager()

    class Meta:
        ordering = ["instrument", "order"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "code"], name="aspect_code_once"),
            models.CheckConstraint(condition=Q(weight_denominator__gte=1), name="aspect_weight_whole"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return (self.instrument.code, self.code)

    natural_key.dependencies = ["indicators.instrument", "indicators.domain"]  # type: ignore[attr-defined]


class Indicator(WeightedModel):
    """One scored item. `code` is what people call it ("12", "35-2").

    Where one indicator of the regulation is scored in several items, each item is a row and
    `group` holds the indicator's number ("35").
    """

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="indicators")
    aspect = models.ForeignKey(Aspect, models.CASCADE, related_name="indicators")
    code = models.SlugField(max_length=20)
    order = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=20, blank=True)
    name = models.CharField("nama resmi", max_length=300)
    short_name = models.CharField("nama singkat", max_length=150)
    capability = models.SlugField(max_length=20)
    question = models.TextField(blank=True)
    explanation = models.TextField(blank=True)
    note = models.TextField("catatan", blank=True)  # what later guidelines add or sharpen
    external_source = models.CharField("sumber nilai dari luar", max_length=200, blank=True)
    # Wording for one agency: ours, not the regulation's.
    agency_explanation = models.TextField(blank=True)
    agency_evidence = models.JSONField(default=list, blank=True)  # list[str]
    fact_hint = models.TextField(blank=True)
    analysis_hint = models.TextField(blank=True)
    not_relevant_hints = models.JSONField(default=list, blank=True)  # list[{"kind": str, "reason": str}]
    common_mistakes = models.JSONField(default=list, blank=True)  # list[str]

    objects = _PartManager()

    class Meta:
        ordering = ["instrument", "order"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "code"], name="indicator_code_once"),
            models.UniqueConstraint(fields=["instrument", "order"], name="indicator_order_once"),
            models.CheckConstraint(condition=Q(weight_denominator__gte=1), name="indicator_weight_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.code}. {self.short_name}"

    @property
    def is_external(self) -> bool:
        """Its value comes from elsewhere: the coordinator enters it, and no pattern assigns it to agencies."""
        return bool(self.external_source)

    def natural_key(self) -> tuple[str, str]:
        return (self.instrument.code, self.code)

    natural_key.dependencies = ["indicators.instrument", "indicators.aspect"]  # type: ignore[attr-defined]


class LevelCriterionManager(models.Manager["LevelCriterion"]):
    def get_by_natural_key(self, instrument: str, indicator: str, level: str) -> "LevelCriterion":
        return self.get(indicator__instrument__code=instrument, indicator__code=indicator, level=level)


class LevelCriterion(models.Model):
    """What must be true for a level, and what that means for one agency."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="criteria")
    level = LevelField()
    text = models.TextField()
    agency_text = models.TextField(blank=True)

    objects = LevelCriterionManager()

    class Meta:
        ordering = ["indicator", "level"]
        constraints = [models.UniqueConstraint(fields=["indicator", "level"], name="criterion_level_once")]

    def __str__(self) -> str:
        return f"{self.indicator.code}, level {self.level}"

    def natural_key(self) -> tuple[str, str, str]:
        return (self.indicator.instrument.code, self.indicator.code, str(self.level))

    natural_key.dependencies = ["indicators.indicator"]  # type: ignore[attr-defined]


class EvidenceHintManager(models.Manager["EvidenceHint"]):
    def get_by_natural_key(self, instrument: str, indicator: str, order: int) -> "EvidenceHint":
        return self.get(indicator__instrument__code=instrument, indicator__code=indicator, order=order)


class EvidenceHint(models.Model):
    """Evidence that usually supports the given levels."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="evidence_hints")
    order = models.PositiveSmallIntegerField()
    levels = models.JSONField()  # list[int]
    text = models.TextField()

    objects = EvidenceHintManager()

    class Meta:
        ordering = ["indicator", "order"]
        constraints = [models.UniqueConstraint(fields=["indicator", "order"], name="evidence_hint_order_once")]

    def __str__(self) -> str:
        return self.text[:80]

    def natural_key(self) -> tuple[str, str, int]:
        return (self.indicator.instrument.code, self.indicator.code, self.order)

    natural_key.dependencies = ["indicators.indicator"]  # type: ignore[attr-defined]


class IndicatorMappingManager(models.Manager["IndicatorMapping"]):
    def get_by_natural_key(self, source: str, code: str, target: str, target_code: str) -> "IndicatorMapping":
        return self.get(
            source__instrument__code=source,
            source__code=code,
            target__instrument__code=target,
            target__code=target_code,
        )


class IndicatorMapping(models.Model):
    """Pemetaan: what an indicator of a later instrument (`target`) takes over from one of an earlier (`source`).

    The share is the part of what `source` asks that `target` still asks (0 < share <= 1), by our own reading: no
    regulation gives one.
    """

    source = models.ForeignKey(Indicator, models.CASCADE, related_name="later")
    target = models.ForeignKey(Indicator, models.CASCADE, related_name="earlier")
    share_numerator = models.PositiveSmallIntegerField()
    share_denominator = models.PositiveSmallIntegerField(default=1)
    note = models.TextField("keterangan", blank=True)

    objects = IndicatorMappingManager()

    class Meta:
        ordering = ["target__order", "source__order"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="mapping_once"),
            models.CheckConstraint(
                condition=Q(share_numerator__gte=1, share_numerator__lte=F("share_denominator")),
                name="mapping_share_is_a_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} -> {self.target_id}"

    @property
    def share(self) -> Fraction:
        return Fraction(self.share_numerator, self.share_denominator)

    def natural_key(self) -> tuple[str, str, str, str]:
        return (
            self.source.instrument.code,
            self.source.code,
            self.target.instrument.code,
            self.target.code,
        )

    natural_key.dependencies = ["indicators.indicator"]  # type: ignore[attr-defined]
