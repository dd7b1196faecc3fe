"""Shapes that several resources use."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.scoring import Score, exact_text, round_display
from spbe_portal.api.inputs import Strict as Strict  # beside the shapes, for who needs both


@extend_schema_field(OpenApiTypes.NUMBER)
class LevelNumber(serializers.Field):
    """A level: a whole number, or one with two decimals where the instrument has such; whether it is one of the
    instrument's is for the function underneath to say."""

    default_error_messages = {"invalid": "Isi dengan bilangan, misalnya 3."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float | str) or len(str(data)) > 20:
            self.fail("invalid")
        return data

    def to_representation(self, value: int | Decimal) -> int | float:
        return int(value) if value == int(value) else float(value)


class CoverageShape(serializers.Serializer):
    answered = serializers.IntegerField(help_text="Indikator yang terisi")
    assigned = serializers.IntegerField(help_text="Indikator yang ditugaskan")


class IndexShape(serializers.Serializer):
    """An index with all that belongs beside it; see `index_shape`."""

    index = serializers.CharField(allow_null=True, help_text="Dua desimal, untuk ditampilkan")
    index_exact = serializers.CharField(allow_null=True, help_text="Semua angka di belakang koma, atau pecahan a/b")
    predicate = serializers.CharField(allow_null=True, help_text="Menurut indeks yang belum dibulatkan")
    coverage = CoverageShape()
    domains = serializers.DictField(child=serializers.CharField(allow_null=True))
    aspects = serializers.DictField(child=serializers.CharField(allow_null=True))


def index_shape(score: Score) -> dict[str, Any]:
    """A score as `compute_index` writes it."""
    return {
        "index": shown(score.index),
        "index_exact": None if score.index is None else exact_text(score.index),
        "predicate": score.predicate,
        "coverage": {"answered": score.answered, "assigned": score.assigned},
        "domains": {code: shown(value) for code, value in score.domains.items()},
        "aspects": {code: shown(value) for code, value in score.aspects.items()},
    }


def shown(value: Fraction | None) -> str | None:
    return None if value is None else str(round_display(value))
