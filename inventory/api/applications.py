"""The inventory of applications and services, and where they overlap."""

from typing import Any, NoReturn

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api._base import AgencyName
from accounts.errors import Invalid
from accounts.models import Agency
from inventory import permissions, queries, services
from inventory.forms import ApplicationForm, CandidateForm, agencies_to_keep, initial_of
from inventory.models import FIRST_YEAR, LAST_YEAR, Application, Category, Hosting, Kind, Status
from inventory.views._base import allow
from spbe_portal.api.base import ApiView, sent_version, with_etag
from spbe_portal.api.serializers import Strict

#: Value of ?attention= -> the same on the page.
ATTENTION = {"idle": "tidak-aktif", "no_contact": "tanpa-kontak", "unchecked": "lama", "candidate": "calon"}


class ApplicationShape(serializers.ModelSerializer):
    """An application. Needs `linked` (see `queries.with_indicators`)."""

    agency = AgencyName()
    url = serializers.CharField()  # may be empty, which no URI is
    indicators = serializers.SerializerMethodField(help_text="Nomor indikator instrumen baku")
    is_idle = serializers.BooleanField(help_text="Tidak aktif, atau lama tidak dipakai")

    class Meta:
        model = Application
        fields = [
            "id",
            "agency",
            "name",
            "purpose",
            "users",
            "kind",
            "category",
            "status",
            "last_used",
            "hosting",
            "url",
            "security_contact",
            "indicators",
            "is_idle",
            "is_candidate",
            "candidate_note",
            "changed_at",
            "checked_at",
            "version",
        ]
        read_only_fields = fields

    def get_indicators(self, application: Application) -> list[str]:
        return [indicator.code for indicator in application.linked]  # type: ignore[attr-defined]


class ApplicationGiven(Strict):
    """What its keepers say of an application; the rules are those of the page's form."""

    agency = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="Id OPD")
    name = serializers.CharField(max_length=150)
    purpose = serializers.CharField(max_length=300)
    users = serializers.CharField(max_length=200, allow_blank=True, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices)
    category = serializers.ChoiceField(choices=Category.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    last_used = serializers.IntegerField(min_value=FIRST_YEAR, max_value=LAST_YEAR, allow_null=True, required=False)
    hosting = serializers.ChoiceField(choices=Hosting.choices)
    url = serializers.CharField(max_length=300, allow_blank=True, required=False)
    security_contact = serializers.CharField(max_length=200, allow_blank=True, required=False)
    indicators = serializers.ListField(child=serializers.CharField(max_length=20), max_length=200, required=False)


class ApplicationChange(ApplicationGiven):
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class ApplicationsAsked(serializers.Serializer):
    search = serializers.CharField(required=False, max_length=100)
    agency = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1, help_text="Id OPD")
    category = serializers.ChoiceField(choices=Category.choices, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    hosting = serializers.ChoiceField(choices=Hosting.choices, required=False)
    indicator = serializers.CharField(required=False, max_length=20, help_text="Nomor indikator")
    attention = serializers.ChoiceField(choices=list(ATTENTION), required=False)


_EXAMPLE = {
    "agency": 1,
    "name": "e-Surat Dinkes",
    "purpose": "Surat masuk, surat keluar, dan disposisi",
    "users": "Pegawai dinas dan puskesmas",
    "kind": "administrasi",
    "category": "kearsipan",
    "status": "aktif",
    "last_used": 2026,
    "hosting": "pusat_data",
    "indicators": ["18", "37"],
}


class _ApplicationView(ApiView):
    serializer_class = ApplicationShape

    def find(self, pk: int) -> Application:
        """The application, if this person may know of it; else 404."""
        visible = Application.objects.visible_to(self.rights).select_related("agency")
        return get_object_or_404(queries.with_indicators(visible), pk=pk)

    def present(self, application: Application) -> dict[str, Any]:
        return dict(ApplicationShape(self.find(application.pk)).data)

    def answer(self, application: Application, **options: Any) -> Response:
        """As it is now; where it was given away and is no longer theirs to see, as it is seen by who has it."""
        found = queries.with_indicators(Application.objects.select_related("agency")).get(pk=application.pk)
        return with_etag(Response(ApplicationShape(found).data, **options), found.version)


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationList(_ApplicationView):
    ordering_fields = ["name", "agency__name", "changed_at", "checked_at", "last_used"]
    queryset = Application.objects.none()

    @extend_schema(
        summary="Daftar aplikasi yang boleh Anda lihat",
        operation_id="applications_list",
        parameters=[ApplicationsAsked],
        responses=ApplicationShape(many=True),
    )
    def get(self, request: Request) -> Response:
        allow(permissions.can_see_inventory(self.rights))
        asked = ApplicationsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        attention = ATTENTION.get(wanted.pop("attention", ""), "")
        if "agency" in wanted:
            wanted["agency"] = Agency(pk=wanted["agency"])
        found = queries.with_attention(queries.applications(self.rights, **wanted), attention)
        return self.listed(queries.with_indicators(found), ApplicationShape)

    @extend_schema(
        summary="Tambah aplikasi",
        operation_id="applications_create",
        request=ApplicationGiven,
        responses={201: ApplicationShape},
        examples=[OpenApiExample("Aplikasi surat", value=_EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        allow(permissions.can_keep_any(self.rights))
        data = self.bound(ApplicationGiven)
        agency = agencies_to_keep(self.rights).filter(pk=data["agency"]).first()
        if agency is None:
            raise Invalid({"agency": "OPD ini tidak ada, atau daftarnya bukan Anda yang memelihara."})
        form = ApplicationForm(data, rights=self.rights)
        _check(form)
        made = services.create_application(
            actor=request.user, agency=agency, facts=form.facts, indicators=form.cleaned_data["indicators"]
        )
        return self.answer(made, status=201, headers={"Location": reverse("api_application", args=[made.pk])})


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationDetail(_ApplicationView):
    @extend_schema(summary="Satu aplikasi", operation_id="applications_retrieve", responses=ApplicationShape)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.find(pk))

    @extend_schema(
        summary="Ubah data aplikasi",
        description="Memindahkan ke OPD lain (agency) hanya oleh koordinator.",
        operation_id="applications_change",
        request=ApplicationChange(partial=True),
        responses=ApplicationShape,
        examples=[OpenApiExample("Berhenti", value={"status": "tidak_aktif", "version": 2}, request_only=True)],
    )
    def patch(self, request: Request, pk: int) -> Response:
        stored = self.find(pk)
        allow(permissions.can_keep(self.rights, stored.agency_id))
        data = self.bound(ApplicationChange, partial=True)
        version = sent_version(request, data)
        if data.get("agency", stored.agency_id) != stored.agency_id:
            allow(permissions.can_move(self.rights))
        form = ApplicationForm(
            {**initial_of(stored), **data, "version": version}, rights=self.rights, application=stored
        )
        _check(form)
        saved = services.edit_application(
            actor=request.user,
            application_id=pk,
            facts=form.facts,
            indicators=form.cleaned_data["indicators"],
            agency=form.cleaned_data.get("agency"),
            version=version,
        )
        return self.answer(saved)


class RemoveGiven(Strict):
    reason = serializers.CharField(max_length=1000)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationRemove(_ApplicationView):
    @extend_schema(
        summary="Hapus aplikasi dari daftar, dengan alasan",
        operation_id="applications_remove",
        request=RemoveGiven,
        responses={204: None},
        examples=[OpenApiExample("Ganda", value={"reason": "Tercatat dua kali.", "version": 1}, request_only=True)],
    )
    def post(self, request: Request, pk: int) -> Response:
        stored = self.find(pk)
        allow(permissions.can_keep(self.rights, stored.agency_id))
        data = self.bound(RemoveGiven)
        version = sent_version(request, data)
        services.remove_application(actor=request.user, application_id=pk, reason=data["reason"], version=version)
        return Response(status=204)


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationConfirm(_ApplicationView):
    @extend_schema(
        summary="Nyatakan datanya masih benar",
        operation_id="applications_confirm",
        request=None,
        responses=ApplicationShape,
    )
    def post(self, request: Request, pk: int) -> Response:
        allow(permissions.can_keep(self.rights, self.find(pk).agency_id))
        return self.answer(services.confirm_application(actor=request.user, application_id=pk))


class MarkGiven(Strict):
    """`is_candidate` false takes the mark away."""

    is_candidate = serializers.BooleanField()
    note = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationMark(_ApplicationView):
    @extend_schema(
        summary="Tandai sebagai calon konsolidasi, atau cabut tandanya",
        operation_id="applications_mark",
        request=MarkGiven,
        responses=ApplicationShape,
        examples=[
            OpenApiExample(
                "Calon", value={"is_candidate": True, "note": "Fungsi surat beralih ke SRIKANDI."}, request_only=True
            )
        ],
    )
    def put(self, request: Request, pk: int) -> Response:
        self.find(pk)
        allow(permissions.can_mark(self.rights))
        data = self.bound(MarkGiven)
        if data["is_candidate"]:
            _check(CandidateForm({"note": data["note"]}))
        return self.answer(services.mark_candidate(actor=request.user, application_id=pk, **data))


def _check(form: Any) -> None:
    if not form.is_valid():
        _refuse(form)


def _refuse(form: Any) -> NoReturn:
    """The form's messages, by field. Raises `Invalid`."""
    raise Invalid({name: " ".join(str(each) for each in found) for name, found in form.errors.items()})


# --- Overlaps ------------------------------------------------------------------------------------------------


class OverlapMemberShape(serializers.ModelSerializer):
    agency = AgencyName()

    class Meta:
        model = Application
        fields = ["id", "name", "agency", "status", "is_candidate"]
        read_only_fields = fields


class OverlapShape(serializers.Serializer):
    """Applications that seem to do the same; a group to look at, not a verdict."""

    kind = serializers.ChoiceField(
        choices=["function", "name"], help_text="Mirip fungsi dan penggunanya, atau namanya"
    )
    category = serializers.CharField(help_text="Kosong untuk kemiripan nama")
    words = serializers.ListField(child=serializers.CharField(), help_text="Kata yang sama")
    applications = OverlapMemberShape(many=True)


class OverlapsAsked(serializers.Serializer):
    category = serializers.ChoiceField(choices=Category.choices, required=False)


@extend_schema(tags=["Inventaris aplikasi"])
class ApplicationOverlaps(ApiView):
    serializer_class = OverlapShape
    filter_backends: list = []

    @extend_schema(
        summary="Kelompok aplikasi yang tumpang tindih",
        operation_id="applications_overlaps_list",
        parameters=[OverlapsAsked],
        responses=OverlapShape(many=True),
    )
    def get(self, request: Request) -> Response:
        allow(permissions.can_see_all(self.rights))
        asked = OverlapsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = queries.overlaps_of(self.rights, asked.validated_data.get("category", ""))
        return self.listed(found.groups, OverlapShape)
