"""Who has not handed in, and reminding them."""

from django.urls import path

from assessments.views import reminders

urlpatterns = [
    path("periode/<int:pk>/belum-mengajukan/", reminders.not_handed_in, name="not_handed_in"),
    path("periode/<int:pk>/ingatkan/", reminders.remind, name="remind"),
]
