"""What the resources of a period share: finding it, and small shapes."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assessments.forms.periods import plausible_day
from assessments.models import Period, Status
from assessments.services._base import require as require
from assessments.services.answers import REASON_MAX
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import LevelNumber, shown

OPENED = (Period.Status.OPEN, Period.Status.FINAL)
#: Statuses as shown: what froze without being approved is "unfinished".
SHOWN_STATUSES = [*Status.values, "unfinished"]


def find_period(view: ApiView, pk: int, *, opened: bool = False) -> Period:
    """The period, if this person may know of it (else 404); `opened`: one that was opened and not cancelled."""
    period = get_object_or_404(Period.objects.visible_to(view.rights).select_related("instrument"), pk=pk)
    if opened and period.status not in OPENED:
        raise Http404
    return period


@extend_schema_field(OpenApiTypes.STR)
class IndexText(serializers.Field):
    """An exact index as text with two decimals, for display."""

    def to_representation(self, value: Any) -> str | None:
        return shown(Fraction(value))


class DayField(serializers.DateField):
    """A day; what year is plausible is for the function underneath to say."""


class PeriodDay(DayField):
    """A day of a period, whose year is not mistyped."""

    def to_internal_value(self, data: Any) -> date:
        return _plausible(super().to_internal_value(data))


class MomentField(serializers.DateTimeField):
    """A moment, with its offset or else in the portal's zone, whose year is not mistyped."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid", format="YYYY-MM-DDThh:mm")
        _plausible(moment.date())
        return moment


def _plausible(day: date) -> date:
    try:
        return plausible_day(day)
    except Exception as problem:  # Django's ValidationError, in the words of the pages
        raise serializers.ValidationError(list(problem.messages)) from None  # type: ignore[attr-defined]


def reason_field(**options: Any) -> serializers.CharField:
    """Why: recorded in the trail. Whether it is needed is for the function underneath to say."""
    given = {"required": False, "default": "", "allow_blank": True, "max_length": REASON_MAX, **options}
    return serializers.CharField(help_text="Alasan; tercatat dalam jejak audit", **given)


class PicShape(serializers.Serializer):
    """One PIC of an indicator and what it answered, as far as that is told."""

    agency = serializers.IntegerField(source="agency_id")
    name = serializers.CharField(source="agency")
    short_name = serializers.CharField()
    assessment = serializers.IntegerField(source="assessment_id", allow_null=True)
    status = serializers.ChoiceField(source="shown_status", choices=["", *SHOWN_STATUSES])
    self_level = LevelNumber(allow_null=True, help_text="Sejak diajukan")
    verified_level = LevelNumber(allow_null=True, help_text="Sejak disetujui")
    not_relevant = serializers.BooleanField()
