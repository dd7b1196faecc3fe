"""People and their roles, for who manages accounts."""

from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import MAX_KEY, RoleShape, cleaned, for_managers
from accounts.api.agencies import ReasonGiven
from accounts.forms import MembershipForm, NewPersonForm, PersonForm, ReasonForm
from accounts.models import Membership, Role, User
from accounts.permissions import can_edit_person
from accounts.services import mailed_links
from accounts.services import people as services
from accounts.services._base import require
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.inputs import Strict


class PersonShape(serializers.ModelSerializer):
    """Needs `memberships` prefetched with their agencies."""

    email = serializers.CharField(help_text="Kosong bila tidak ada")
    has_password = serializers.BooleanField(source="has_usable_password", help_text="Sudah membuat kata sandi")
    is_administrator = serializers.BooleanField(source="is_superuser")
    memberships = RoleShape(many=True, help_text="Semua peran: berlaku, akan datang, dan yang sudah berakhir")

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "name",
            "position",
            "email",
            "is_active",
            "is_administrator",
            "has_password",
            "memberships",
            "version",
        ]
        read_only_fields = fields


class PersonChange(Strict):
    """The rules are those of the page's form."""

    username = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=150)
    position = serializers.CharField(max_length=150, allow_blank=True, required=False)
    email = serializers.CharField(max_length=254, allow_blank=True, required=False)
    version = serializers.IntegerField(min_value=1, max_value=MAX_KEY, required=False)


class RoleGiven(Strict):
    agency = serializers.IntegerField(min_value=1, max_value=MAX_KEY, help_text="Id OPD")
    role = serializers.ChoiceField(Role.choices)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True, required=False)


class PersonGiven(RoleGiven, PersonChange):
    version = None  # type: ignore[assignment]


class RoleEnd(Strict):
    last_day = serializers.DateField(
        allow_null=True, required=False, help_text="Hari terakhir; kosong: sekarang juga, dan semua sesinya berakhir"
    )
    reason = serializers.CharField(max_length=1000)


class PersonFilter(django_filters.FilterSet):
    username = django_filters.CharFilter(label="Nama pengguna", lookup_expr="iexact", max_length=150)
    is_active = django_filters.BooleanFilter(label="Akun terbuka")
    agency = django_filters.NumberFilter(method="held", label="Id OPD tempat perannya berlaku hari ini")
    role = django_filters.ChoiceFilter(
        choices=Role.choices, method="held", label="Peran yang berlaku hari ini; bersama agency: di OPD itu"
    )
    search = django_filters.CharFilter(method="named", max_length=100, label="Bagian nama, jabatan, atau surel")

    class Meta:
        model = User
        fields: list[str] = []

    def held(self, found: Any, name: str, value: Any) -> QuerySet[User]:
        """Both together: the same role at the same agency."""
        asked = {key: self.form.cleaned_data.get(key) for key in ("agency", "role")}
        current = Membership.objects.current()
        if asked["agency"]:
            current = current.filter(agency_id=asked["agency"])
        if asked["role"]:
            current = current.filter(role=asked["role"])
        return found.filter(pk__in=current.values("user"))

    def named(self, found: Any, name: str, text: str) -> QuerySet[User]:
        for word in text.split():
            found = found.filter(
                Q(name__icontains=word)
                | Q(username__icontains=word)
                | Q(position__icontains=word)
                | Q(email__icontains=word)
            )
        return found


class _PersonView(ApiView):
    serializer_class = PersonShape
    queryset = User.objects.prefetch_related(
        Prefetch("memberships", Membership.objects.select_related("agency").order_by("-valid_from", "-id"))
    ).order_by("name")

    def find(self, pk: int) -> User:
        """The person, for who may change them. Raises `PermissionDenied`, `Http404`."""
        for_managers(self.rights)
        found = get_object_or_404(User, pk=pk)
        require(can_edit_person(self.rights, found))
        return found

    def answer(self, pk: int, **options: Any) -> Response:
        found = self.get_queryset().get(pk=pk)
        return with_etag(Response(PersonShape(found).data, **options), found.version)

    def present(self, person: User) -> dict[str, Any]:
        return dict(PersonShape(self.get_queryset().get(pk=person.pk)).data)


@extend_schema(tags=["Pengguna"])
class PersonList(_PersonView):
    filterset_class = PersonFilter
    ordering_fields = ["name", "username"]

    @extend_schema(summary="Daftar pengguna", operation_id="people_list", responses=PersonShape(many=True))
    def get(self, request: Request) -> Response:
        for_managers(self.rights)
        return self.listed(self.get_queryset(), PersonShape)

    @extend_schema(
        summary="Tambah pengguna dengan peran pertamanya",
        description=(
            "Yang bersurel menerima undangan bila portal dapat mengirim surel; bagi yang lain, tautan kata sandi "
            "dibuat di halaman pengguna."
        ),
        operation_id="people_create",
        request=PersonGiven,
        responses={201: PersonShape},
        examples=[
            OpenApiExample(
                "Operator",
                value={
                    "username": "operator-dinsos",
                    "name": "Operator Dinas Sosial",
                    "agency": 3,
                    "role": "operator",
                    "valid_from": "2026-01-01",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        for_managers(self.rights)
        made = services.create_person(actor=request.user, **cleaned(NewPersonForm(self.bound(PersonGiven))))
        if mailed_links.may_invite(request.user, made):
            mailed_links.invite(actor=request.user, person_id=made.pk)
        return self.answer(made.pk, status=201, headers={"Location": reverse("api_person", args=[made.pk])})


@extend_schema(tags=["Pengguna"])
class PersonDetail(_PersonView):
    @extend_schema(summary="Satu pengguna", operation_id="people_retrieve", responses=PersonShape)
    def get(self, request: Request, pk: int) -> Response:
        for_managers(self.rights)
        return self.answer(get_object_or_404(User, pk=pk).pk)

    @extend_schema(
        summary="Ubah data pengguna",
        operation_id="people_change",
        request=PersonChange(partial=True),
        responses=PersonShape,
        examples=[OpenApiExample("Jabatan", value={"position": "Pranata Komputer", "version": 1}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        stored = self.find(pk)
        data = self.bound(PersonChange, partial=True)
        version = sent_version(request, data)
        held = {name: getattr(stored, name) for name in services.DETAILS}
        details = cleaned(PersonForm({**held, **data, "version": version}, person=stored))
        sent = {name: value for name, value in details.items() if name in data}
        services.edit_person(actor=request.user, person_id=pk, details=sent, version=version)
        return self.answer(pk)


class _AccountAct(_PersonView):
    """An act on an account with a reason."""

    act: Any = None

    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        type(self).act(actor=request.user, person_id=pk, **cleaned(ReasonForm(self.bound(ReasonGiven))))
        return self.answer(pk)


_WHY = [OpenApiExample("Alasan", value={"reason": "Mutasi ke luar pemerintah daerah."}, request_only=True)]


@extend_schema(tags=["Pengguna"])
class PersonDeactivate(_AccountAct):
    act = staticmethod(services.deactivate_person)

    @extend_schema(
        summary="Nonaktifkan akun; semua sesi dan tokennya berakhir",
        operation_id="people_deactivate",
        request=ReasonGiven,
        responses=PersonShape,
        examples=_WHY,
    )
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk)


@extend_schema(tags=["Pengguna"])
class PersonActivate(_AccountAct):
    act = staticmethod(services.activate_person)

    @extend_schema(
        summary="Aktifkan lagi akun",
        operation_id="people_activate",
        request=ReasonGiven,
        responses=PersonShape,
        examples=_WHY,
    )
    def post(self, request: Request, pk: int) -> Response:
        return super().post(request, pk)


@extend_schema(tags=["Pengguna"])
class RoleAdd(_PersonView):
    @extend_schema(
        summary="Beri peran",
        operation_id="people_memberships_create",
        request=RoleGiven,
        responses={201: PersonShape},
        examples=[
            OpenApiExample(
                "Verifikator",
                value={"agency": 2, "role": "verifier", "valid_from": "2026-01-01"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.find(pk)
        services.add_membership(actor=request.user, person_id=pk, **cleaned(MembershipForm(self.bound(RoleGiven))))
        return self.answer(pk, status=201)


@extend_schema(tags=["Pengguna"])
class RoleEnding(_PersonView):
    @extend_schema(
        summary="Akhiri peran",
        operation_id="memberships_end",
        request=RoleEnd,
        responses=PersonShape,
        examples=[OpenApiExample("Sekarang juga", value={"reason": "Mutasi ke Dinas Sosial."}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        for_managers(self.rights)
        membership = get_object_or_404(Membership.objects.select_related("user"), pk=pk)
        require(can_edit_person(self.rights, membership.user))
        data = self.bound(RoleEnd)
        services.end_membership(
            actor=request.user, membership_id=pk, last_day=data.get("last_day"), reason=data["reason"]
        )
        return self.answer(membership.user_id)
