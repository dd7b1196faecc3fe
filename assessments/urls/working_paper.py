"""The assessment as a workbook, filled in without a connection."""

from django.urls import URLPattern, path

from assessments.views import working_paper

_PAPER = "penilaian/<int:pk>/kertas-kerja/"

urlpatterns: list[URLPattern] = [
    path(_PAPER, working_paper.working_paper, name="working_paper"),
    path(f"{_PAPER}unduh/", working_paper.working_paper_download, name="working_paper_download"),
    path(f"{_PAPER}<int:draft_pk>/", working_paper.working_paper_review, name="working_paper_review"),
]
