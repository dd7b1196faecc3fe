"""Last year's answers and evidence, asked whether they are still valid."""

from django.urls import path

from assessments.views import carry_over

urlpatterns = [
    path("penilaian/<int:pk>/tahun-lalu/", carry_over.carry_over, name="carry_over"),
    path("penilaian/<int:pk>/tahun-lalu/sekaligus/", carry_over.carry_over_several, name="carry_over_several"),
    path("penilaian/<int:pk>/tahun-lalu/<slug:code>/", carry_over.carry_over_one, name="carry_over_one"),
]
