"""The least-effort way to a target index: reckoned when asked, and the plan of a period."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assessments import permissions
from assessments.api.period_shapes import IndexText, find_period, require
from assessments.errors import Invalid
from assessments.models import Period, Plan
from assessments.queries import roadmap as queries
from assessments.services.plans import NAME_MAX, save_plan
from indicators.roadmap import EFFORT_MAX, ROUTES, BadLimits, Limits, Rise, Route, routes
from indicators.scoring import UnknownIndicator, exact_text
from spbe_portal.api.base import ApiView
from spbe_portal.api.serializers import LevelNumber, Strict, shown
from spbe_portal.formatting import decimal_id

#: Value of `start` -> the same in `queries.roadmap`.
STARTS = {"now": queries.NOW, "last": queries.LAST, "external": queries.EXTERNAL}
_KEYS = {key: name for name, key in STARTS.items()}


class Efforts(serializers.DictField):
    """Effort of a rise to each level, by level."""

    child = serializers.IntegerField(min_value=0, max_value=EFFORT_MAX)


class RoadmapGiven(Strict):
    target = serializers.DecimalField(max_digits=4, decimal_places=2, help_text="Target indeks")
    start = serializers.ChoiceField(
        choices=list(STARTS),
        required=False,
        help_text="Level awal: now (periode ini), last (hasil Pemda terdahulu), external (nilai eksternal). "
        "Tanpa ini: yang pertama yang lengkap",
    )
    fixed = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        max_length=500,
        help_text="Nomor indikator yang tidak dinaikkan",
    )
    max_step = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=100, help_text="Kenaikan paling banyak, dalam level"
    )
    efforts = Efforts(required=False, help_text="Upaya ke setiap level; tanpa ini level n berupaya n")
    indicator_efforts = serializers.DictField(
        child=Efforts(), required=False, help_text="Upaya ke setiap level menurut nomor indikator"
    )
    alternatives = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=ROUTES, help_text="Berapa jalan yang dihitung"
    )


class PlanGiven(RoadmapGiven):
    """A route that was reckoned with the same values before: `mark` is what the answer said of it."""

    name = serializers.CharField(max_length=NAME_MAX)
    choice = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=ROUTES - 1, help_text="Jalan yang mana, dari 0"
    )
    mark = serializers.CharField(max_length=64, help_text="Tanda jalan itu, dari jawaban roadmap")


class StartShape(serializers.Serializer):
    key = serializers.SerializerMethodField()
    label = serializers.CharField()
    index = IndexText()
    predicate = serializers.CharField()
    known = serializers.IntegerField(help_text="Indikator yang ada levelnya; lainnya dihitung terendah")
    total = serializers.IntegerField()

    @extend_schema_field(serializers.ChoiceField(choices=list(STARTS)))
    def get_key(self, start: queries.Start) -> str:
        return _KEYS[start.key]


class RiseShape(serializers.Serializer):
    number = serializers.CharField()
    start = LevelNumber()
    end = LevelNumber()
    effort = serializers.IntegerField()
    gain = serializers.CharField(help_text="Kenaikan indeks, eksak")


class RouteShape(serializers.Serializer):
    """`reachable` false: the target is out of reach, and these are all the rises there are."""

    reachable = serializers.BooleanField()
    effort = serializers.IntegerField()
    index = serializers.CharField(allow_null=True)
    index_exact = serializers.CharField(allow_null=True)
    predicate = serializers.CharField(allow_null=True)
    mark = serializers.CharField()
    rises = RiseShape(many=True)


class RoadmapShape(serializers.Serializer):
    start = StartShape()
    target = serializers.CharField()
    routes = RouteShape(many=True, help_text="Yang paling ringan dahulu")


class PlannedShape(serializers.Serializer):
    number = serializers.CharField(source="code")
    name = serializers.CharField()
    start = LevelNumber()
    end = LevelNumber()
    now = LevelNumber(allow_null=True)
    is_reached = serializers.BooleanField()


class PlanShape(serializers.Serializer):
    """The plan in force and what became of it."""

    name = serializers.CharField()
    target = IndexText()
    start = serializers.CharField()
    index = IndexText(help_text="Bila semua kenaikan tercapai")
    predicate = serializers.CharField()
    effort = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    reached = serializers.IntegerField(help_text="Kenaikan yang sudah tercapai")
    rises = PlannedShape(many=True)


class _RoadmapView(ApiView):
    def find(self, pk: int) -> Period:
        period = find_period(self, pk, opened=True)
        require(permissions.can_see_pemda(self.rights))
        return period


_EXAMPLE = {"target": "4.00", "fixed": ["22"], "max_step": 2, "alternatives": 3}


@extend_schema(tags=["Peta jalan"])
class Roadmap(_RoadmapView):
    serializer_class = RoadmapShape

    @extend_schema(
        summary="Hitung jalan paling ringan ke target",
        description="Tidak menyimpan apa pun.",
        operation_id="periods_roadmap",
        request=RoadmapGiven,
        responses=RoadmapShape,
        examples=[OpenApiExample("Ke indeks 4,00", value=_EXAMPLE, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        period = self.find(pk)
        data = self.bound(RoadmapGiven)
        ground = queries.ground(period)
        start = _start(ground, data)
        target = _target(ground, data["target"])
        try:
            found = routes(ground.spec, start.levels, Fraction(target), _limits(data), count=data["alternatives"])
        except UnknownIndicator as problem:
            raise Invalid({"fixed": str(problem)}) from None
        except BadLimits as problem:
            raise Invalid({"efforts": str(problem)}) from None
        return Response(
            {"start": StartShape(start).data, "target": str(target), "routes": [_route(each) for each in found]}
        )


@extend_schema(tags=["Peta jalan"])
class PlanDetail(_RoadmapView):
    serializer_class = PlanShape

    def present(self, current: Any) -> list[dict[str, Any]]:
        """What is reckoned now, where it is no longer the route that was seen."""
        return [_route(each) for each in current]

    @extend_schema(summary="Rencana periode yang berlaku", operation_id="periods_plan_retrieve", responses=PlanShape)
    def get(self, request: Request, pk: int) -> Response:
        period = self.find(pk)
        plan = queries.plan_in_force(period)
        if plan is None:
            raise Plan.DoesNotExist
        return Response(_plan(queries.ground(period), plan))

    @extend_schema(
        summary="Simpan satu jalan sebagai rencana periode",
        description="Dihitung ulang: bila bukan lagi jalan yang Anda lihat (mark), 409 dengan yang sekarang.",
        operation_id="periods_plan_save",
        request=PlanGiven,
        responses=PlanShape,
        examples=[
            OpenApiExample(
                "Jalan pertama",
                value={**_EXAMPLE, "name": "Peta jalan 2026", "choice": 0, "mark": "0f3a…"},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, pk: int) -> Response:
        period = self.find(pk)
        require(permissions.can_save_plan(self.rights))
        data = self.bound(PlanGiven)
        ground = queries.ground(period)
        try:
            plan = save_plan(
                user=request.user,
                period_id=pk,
                start=_start(ground, data).key,
                target=_target(ground, data["target"]),
                limits=_limits(data),
                choice=data["choice"],
                mark=data["mark"],
                name=data["name"],
            )
        except UnknownIndicator as problem:
            raise Invalid({"fixed": str(problem)}) from None
        except BadLimits as problem:
            raise Invalid({"efforts": str(problem)}) from None
        except Invalid as refusal:
            raise Invalid({{"nama": "name"}.get(name, name): text for name, text in refusal.errors.items()}) from None
        return Response(_plan(ground, plan))


def _start(ground: queries.Ground, data: Mapping[str, Any]) -> queries.Start:
    """The start asked for. Raises `Invalid` where there is none of it."""
    if "start" not in data:
        return ground.default_start
    found = next((start for start in ground.starts if start.key == STARTS[data["start"]]), None)
    if found is None:
        offered = ", ".join(_KEYS[start.key] for start in ground.starts)
        raise Invalid({"start": f"Level awal ini belum ada pada periode ini. Yang ada: {offered}."})
    return found


def _target(ground: queries.Ground, target: Decimal) -> Decimal:
    low, high = ground.spec.scale_min, ground.spec.scale_max
    if not low <= Fraction(target) <= high:
        raise Invalid({"target": f"Isi target antara {decimal_id(low)} dan {decimal_id(high)}."})
    return target


def _limits(data: Mapping[str, Any]) -> Limits:
    return Limits(
        fixed=tuple(dict.fromkeys(data.get("fixed", ()))),
        max_step=data.get("max_step"),
        efforts=_by_level("efforts", data.get("efforts", {})),
        indicator_efforts={
            code: _by_level("indicator_efforts", own) for code, own in data.get("indicator_efforts", {}).items()
        },
    )


def _by_level(field: str, efforts: Mapping[str, int]) -> dict[int, int]:
    if any(not (level.isascii() and level.isdigit() and len(level) < 4) for level in efforts):
        raise Invalid({field: "Level ditulis sebagai bilangan bulat, misalnya “3”."})
    return {int(level): effort for level, effort in efforts.items()}


def _route(route: Route) -> dict[str, Any]:
    return {
        "reachable": route.reachable,
        "effort": route.effort,
        "index": shown(route.index),
        "index_exact": None if route.index is None else exact_text(route.index),
        "predicate": route.predicate,
        "mark": queries.mark_of(route),
        "rises": [RiseShape(_rise(rise)).data for rise in route.rises],
    }


def _rise(rise: Rise) -> dict[str, Any]:
    gain = exact_text(rise.gain)
    return {"number": rise.indicator, "start": rise.start, "end": rise.end, "effort": rise.effort, "gain": gain}


def _plan(ground: queries.Ground, plan: Plan) -> dict[str, Any]:
    progress = queries.progress(ground, plan)
    kept = {
        name: getattr(plan, name) for name in ("name", "target", "start", "index", "predicate", "effort", "created_at")
    }
    return dict(PlanShape({**kept, "reached": progress.reached, "rises": progress.rows}).data)
