"""Systems that are told when something happens."""

from django.urls import path

from accounts.views import webhooks

urlpatterns = [
    path("webhook/", webhooks.webhook_list, name="webhook_list"),
    path("webhook/baru/", webhooks.webhook_create, name="webhook_create"),
    path("webhook/<int:pk>/", webhooks.webhook, name="webhook"),
    path("webhook/<int:pk>/ubah/", webhooks.webhook_edit, name="webhook_edit"),
    path("webhook/<int:pk>/jeda/", webhooks.webhook_pause, name="webhook_pause"),
    path("webhook/<int:pk>/lanjutkan/", webhooks.webhook_resume, name="webhook_resume"),
    path("webhook/<int:pk>/kunci/", webhooks.webhook_secret, name="webhook_secret"),
    path("webhook/<int:pk>/hapus/", webhooks.webhook_remove, name="webhook_remove"),
    path("webhook/<int:pk>/uji/", webhooks.webhook_test, name="webhook_test"),
    path("webhook/<int:pk>/kiriman/<uuid:delivery>/", webhooks.webhook_delivery, name="webhook_delivery"),
    path("webhook/<int:pk>/kiriman/<uuid:delivery>/ulang/", webhooks.webhook_resend, name="webhook_resend"),
]
