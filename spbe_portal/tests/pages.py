"""A small address book for tests of the frame: every place of the navigation, and pages that fail."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse
from django.shortcuts import render
from django.template import RequestContext, Template
from django.urls import path

from spbe_portal import context
from spbe_portal.widgets import DayInput, MomentInput

handler400 = "spbe_portal.views.bad_request"
handler403 = "spbe_portal.views.permission_denied"
handler404 = "spbe_portal.views.page_not_found"
handler500 = "spbe_portal.views.server_error"


class SampleForm(forms.Form):
    name = forms.CharField(label="Nama", help_text="Seperti yang tercetak.")
    note = forms.CharField(label="Catatan", required=False, widget=forms.Textarea)
    day = forms.DateField(label="Mulai", widget=DayInput)
    moment = forms.DateTimeField(label="Batas waktu", widget=MomentInput)
    kind = forms.ChoiceField(label="Jenis", choices=[("a", "Dinas"), ("b", "Badan")])
    reason = forms.ChoiceField(label="Alasan", widget=forms.RadioSelect, choices=[("x", "Lainnya")])
    agree = forms.BooleanField(label="Sudah diperiksa")
    token = forms.CharField(widget=forms.HiddenInput)


def page(request):
    return render(request, "base.html")


@login_not_required
def public(request):
    return render(request, "base.html")


def form(request):
    """The sample form, bound to what was sent: `?` alone to nothing."""
    template = Template('{% include "_form_fields.html" %}')
    return HttpResponse(template.render(RequestContext(request, {"form": SampleForm(request.GET or None)})))


def save(request):
    return HttpResponse("saved")


@login_not_required
def denied(request):
    raise PermissionDenied("Penilaian ini sudah diajukan.")


@login_not_required
def denied_without_words(request):
    raise PermissionDenied


@login_not_required
def too_big(request):
    raise RequestDataTooBig("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.")


@login_not_required
def suspicious(request):
    raise SuspiciousOperation("secret detail")


@login_not_required
def broken(request):
    raise RuntimeError("secret detail")


_PLACES = [
    value for value in vars(context).values() if isinstance(value, context.Place) and value.url_name not in {"home"}
]
urlpatterns = [
    path("", page, name="home"),
    path("masuk/", public, name="account_login"),
    path("keluar/", page, name="account_logout"),
    path("sandi/", page, name="account_change_password"),
    path("akun/keamanan/", page, name="account_security"),
    path("pemberitahuan/", page, name="notification_list"),
    path("pemberitahuan/jumlah/", page, name="notification_count"),
    path("pemberitahuan/pilihan/", page, name="notification_settings"),
    path("penilaian/1/", page, name="sheet"),
    path("form/", form, name="form"),
    path("save/", save, name="save"),
    path("sesi/", save, name="session_state"),
    path("denied/", denied),
    path("denied-without-words/", denied_without_words),
    path("too-big/", too_big),
    path("suspicious/", suspicious),
    path("broken/", broken),
    *[path(f"{place.url_name}/", page, name=place.url_name) for place in _PLACES],
]
