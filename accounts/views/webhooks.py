"""Webhooks, for who manages accounts: which systems are told of what, and what they were told."""

import json
import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Refused, Stale
from accounts.models import Webhook, WebhookDelivery
from accounts.permissions import can_manage_webhooks, rights_of
from accounts.services import webhooks as services
from accounts.views._base import SignedIn, allow, beside, details_of, explain, posted
from accounts.webhooks.addresses import allowed_hosts, is_on
from accounts.webhooks.deliveries import MAX_ATTEMPTS
from accounts.webhooks.forms import WebhookForm

PAGE_SIZE = 50


@require_safe
def webhook_list(request: SignedIn) -> HttpResponse:
    _allow(request)
    latest = WebhookDelivery.objects.filter(webhook=OuterRef("pk")).order_by("-created_at", "pk")
    found = (
        Webhook.objects.filter(removed_at=None)
        .order_by("name", "pk")
        .annotate(
            waiting=Count("deliveries", filter=Q(deliveries__status="waiting")),
            latest_status=Subquery(latest.values("status")[:1]),
            latest_at=Subquery(latest.values("created_at")[:1]),
        )
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("halaman"))
    for webhook in page.object_list:
        webhook.event_names = _names(webhook)
    return render(request, "accounts/webhook_list.html", {"page": page, "is_on": is_on(), "hosts": allowed_hosts()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_create(request: SignedIn) -> HttpResponse:
    """The secret of the new one is in the answer itself and nowhere else."""
    _allow(request)
    form = WebhookForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            webhook, plain = services.create(actor=request.user, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            return _secret(request, webhook, plain, is_new=True)
    return render(request, "accounts/webhook_form.html", {"form": form, "is_on": is_on(), "hosts": allowed_hosts()})


@require_safe
def webhook(request: SignedIn, pk: int) -> HttpResponse:
    """What it is, and its log."""
    _allow(request)
    shown = _found(pk)
    page = Paginator(shown.deliveries.all(), PAGE_SIZE).get_page(request.GET.get("halaman"))
    for delivery in page.object_list:
        delivery.event_name = services.EVENT_NAMES.get(delivery.event, delivery.event)
    context = {"webhook": shown, "event_names": _names(shown), "page": page, "is_on": is_on(), "most": MAX_ATTEMPTS}
    return render(request, "accounts/webhook.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_edit(request: SignedIn, pk: int) -> HttpResponse:
    _allow(request)
    shown = _found(pk)
    form = WebhookForm(posted(request), webhook=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit(
                actor=request.user, webhook_id=pk, details=details_of(form), version=form.cleaned_data["version"]
            )
        except Stale as stale:
            shown = stale.current
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Webhook tersimpan.")
            return redirect("webhook", pk)
    context = {"form": form, "webhook": _found(pk), "hosts": allowed_hosts(), "is_on": is_on()}
    return render(request, "accounts/webhook_form.html", {**context, "differences": beside(form, shown)})


@require_POST
def webhook_pause(request: SignedIn, pk: int) -> HttpResponse:
    _allow(request)
    services.set_active(actor=request.user, webhook_id=_found(pk).pk, is_active=False)
    messages.success(request, "Webhook dijeda. Kejadian selama jeda tidak diberitahukan.")
    return redirect("webhook", pk)


@require_POST
def webhook_resume(request: SignedIn, pk: int) -> HttpResponse:
    _allow(request)
    services.set_active(actor=request.user, webhook_id=_found(pk).pk, is_active=True)
    messages.success(request, "Webhook dilanjutkan. Kiriman yang menunggu segera dikirim.")
    return redirect("webhook", pk)


@never_cache
@require_POST
def webhook_secret(request: SignedIn, pk: int) -> HttpResponse:
    """A new secret, in the answer itself and nowhere else."""
    _allow(request)
    changed, plain = services.renew_secret(actor=request.user, webhook_id=_found(pk).pk)
    return _secret(request, changed, plain, is_new=False)


@require_POST
def webhook_remove(request: SignedIn, pk: int) -> HttpResponse:
    _allow(request)
    removed = services.remove(actor=request.user, webhook_id=_found(pk).pk)
    messages.success(request, f"Webhook {removed.name} dihapus. Penerimanya tidak diberi tahu lagi.")
    return redirect("webhook_list")


@require_POST
def webhook_test(request: SignedIn, pk: int) -> HttpResponse:
    _allow(request)
    _found(pk)
    try:
        made = services.try_out(actor=request.user, webhook_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("webhook", pk)
    messages.success(request, "Kiriman uji dibuat. Muat ulang halaman ini untuk melihat jawaban penerima.")
    return redirect("webhook_delivery", pk, made.pk)


@require_safe
def webhook_delivery(request: SignedIn, pk: int, delivery: uuid.UUID) -> HttpResponse:
    """One line of the log: what was sent and what came back."""
    _allow(request)
    shown = get_object_or_404(WebhookDelivery.objects.select_related("webhook"), pk=delivery, webhook=_found(pk))
    context = {
        "webhook": shown.webhook,
        "delivery": shown,
        "event_name": services.EVENT_NAMES.get(shown.event, shown.event),
        "payload": json.dumps(shown.payload, indent=2, ensure_ascii=False, sort_keys=True),
        "most": MAX_ATTEMPTS,
        "is_on": is_on(),
    }
    return render(request, "accounts/webhook_delivery.html", context)


@require_POST
def webhook_resend(request: SignedIn, pk: int, delivery: uuid.UUID) -> HttpResponse:
    _allow(request)
    shown = get_object_or_404(WebhookDelivery, pk=delivery, webhook=_found(pk))
    try:
        again = services.send_again(actor=request.user, delivery=shown)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("webhook_delivery", pk, delivery)
    messages.success(request, "Kiriman yang sama dikirim ulang.")
    return redirect("webhook_delivery", pk, again.pk)


def _allow(request: SignedIn) -> None:
    allow(can_manage_webhooks(rights_of(request.user)))


def _found(pk: int) -> Webhook:
    return get_object_or_404(Webhook.objects.select_related("created_by"), pk=pk, removed_at=None)


def _names(webhook: Webhook) -> list[str]:
    return [services.EVENT_NAMES.get(event, event) for event in webhook.events]


def _secret(request: SignedIn, webhook: Webhook, plain: str, *, is_new: bool) -> HttpResponse:
    context = {"webhook": webhook, "plain": plain, "is_new": is_new, "back": reverse("webhook", args=[webhook.pk])}
    return render(request, "accounts/webhook_secret.html", context)
