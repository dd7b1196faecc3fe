"""The audit trail: of one assessment, and of everything. The sentence as pages word it, beside what was recorded."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency
from accounts.permissions import Rights
from assessments import permissions, sentences
from assessments.api._base import KeyFilter, LoopView
from assessments.forms.periods import plausible_day
from assessments.models import Assessment
from assessments.queries import audit_trail as trails
from assessments.queries import history as histories
from assessments.queries.audit_trail import Trail
from assessments.queries.history import Line, Wanted
from assessments.services._base import require
from audit.models import Event


class ChangeShape(serializers.Serializer):
    label = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class EventShape(serializers.Serializer):
    """One event. Of a decision that is not for its reader only what was announced is told."""

    id = serializers.IntegerField(source="event.pk")
    at = serializers.DateTimeField(source="event.at")
    actor = serializers.CharField(source="line.who")
    role = serializers.CharField(source="line.role", help_text="Peran yang dipegang saat itu")
    on_behalf_of = serializers.CharField(source="line.on_behalf_of", help_text="OPD yang diwakili; kosong: tidak ada")
    kind = serializers.ChoiceField(source="line.kind", choices=list(sentences.KINDS.items()))
    action = serializers.CharField(source="event.action")
    number = serializers.CharField(
        source="line.indicator", help_text="Indikator; kosong: bukan tentang satu indikator"
    )
    sentence = serializers.SerializerMethodField()
    reason = serializers.CharField(source="line.reason")
    changes = ChangeShape(many=True, source="line.changes", help_text="Perubahan seperti dibaca di halaman")
    before = serializers.JSONField(help_text="Seperti tercatat")
    after = serializers.JSONField(help_text="Seperti tercatat; teks panjang sebagai sidik dan selisih")
    stream = serializers.CharField(source="event.stream")
    subject_type = serializers.CharField(source="event.subject_type")
    subject_id = serializers.CharField(source="event.subject_id")
    digest = serializers.CharField(source="event.digest", help_text="Segel rantai jejak audit")

    def get_sentence(self, row: dict[str, Any]) -> str:
        line: Line = row["line"]
        return f"{line.who} {line.text}"


class DayFieldOfYear(forms.DateField):
    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        return plausible_day(day) if day else None


class DayFilter(django_filters.DateFilter):
    field_class = DayFieldOfYear


class EventFilter(django_filters.FilterSet):
    person = KeyFilter(help_text="Id pelaku")
    kind = django_filters.ChoiceFilter(choices=list(sentences.KINDS.items()))
    number = django_filters.CharFilter(max_length=20, help_text="Nomor indikator")
    since = DayFilter()
    until = DayFilter()

    class Meta:
        model = Event
        fields: list[str] = []

    def wanted(self) -> Wanted:
        given = self.form.cleaned_data
        return Wanted(
            person=given.get("person"),
            kind=given.get("kind") or "",
            indicator=given.get("number") or "",
            since=given.get("since"),
            until=given.get("until"),
        )

    def filter_queryset(self, events: QuerySet[Event]) -> QuerySet[Event]:
        wanted = self.wanted()
        events = histories.narrowed(events, wanted)
        return histories.of_indicator(events, None, wanted.indicator) if wanted.indicator else events


class StreamField(forms.CharField):
    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not re.fullmatch(r"[a-z_]+:[0-9A-Za-z_-]{1,40}", text):
            raise ValidationError("Aliran tidak dikenal; tulis seperti assessment:12.")
        return text


class StreamFilter(django_filters.CharFilter):
    field_class = StreamField


class TrailFilter(EventFilter):
    agency = extend_schema_field(OpenApiTypes.INT)(
        django_filters.ModelChoiceFilter(queryset=Agency.objects.all(), help_text="Id OPD")
    )
    stream = StreamFilter(help_text="Satu aliran, misalnya assessment:12 atau library:3")

    def filter_queryset(self, events: QuerySet[Event]) -> QuerySet[Event]:
        given = self.form.cleaned_data
        return trails.narrowed_trail(
            events, Trail(wanted=self.wanted(), agency=given.get("agency"), about=given.get("stream") or "")
        )


def rows_of(events: Sequence[Event], lines: Sequence[Line], kept_back: set[str]) -> list[dict[str, Any]]:
    """Each event with its line; `kept_back`: streams of which decisions are told as they were announced only."""
    by_id = {event.pk: event for event in events}
    found = []
    for line in lines:
        event = by_id[line.pk]
        hides = event.action == histories.DECISION and event.stream in kept_back
        found.append({"event": event, "line": line, "before": {} if hides else event.before, "after": event.after})
    return found


def _kept_back(rights: Rights, assessments: Sequence[Assessment]) -> set[str]:
    return {
        histories.stream_of(each.pk) for each in assessments if not permissions.can_see_open_decisions(rights, each)
    }


@extend_schema(tags=["Jejak audit"])
class AssessmentEvents(LoopView):
    serializer_class = EventShape
    filterset_class = EventFilter
    queryset = Event.objects.all()

    @extend_schema(
        summary="Riwayat satu penilaian, terbaru dahulu",
        operation_id="assessments_events",
        responses=EventShape(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        assessment = self.find(pk)
        require(permissions.can_see_history(self.rights, assessment))
        kept_back = _kept_back(self.rights, [assessment])

        def told(events: list[Event]) -> list[dict[str, Any]]:
            return rows_of(events, histories.worded(events, lambda event: bool(kept_back)), kept_back)

        found = histories.readable_events(self.rights, assessment).select_related("actor", "on_behalf_of")
        return self.listed(found.order_by("-id"), EventShape, told)


@extend_schema(tags=["Jejak audit"])
class EventList(LoopView):
    serializer_class = EventShape
    filterset_class = TrailFilter
    queryset = Event.objects.all()

    @extend_schema(
        summary="Jejak audit seluruh portal, terbaru dahulu",
        operation_id="events_list",
        responses=EventShape(many=True),
    )
    def get(self, request: Request) -> Response:
        require(permissions.can_see_audit_trail(self.rights))
        own = Assessment.objects.filter(agency__in=self.rights.member_of)
        kept_back = _kept_back(self.rights, list(own))

        def told(events: list[Event]) -> list[dict[str, Any]]:
            return rows_of(events, [row.line for row in trails.rows_of(self.rights, events)], kept_back)

        found = histories.readable_events(self.rights).select_related("actor", "on_behalf_of")
        return self.listed(found.order_by("-id"), EventShape, told)
