"""Working papers and lists as files."""

from django.urls import path

from assessments.api import exports, working_paper

_ONE = "assessments/<int:pk>/"
_PAPER = f"{_ONE}working-paper/"

urlpatterns = [
    path(_PAPER, working_paper.WorkingPaper.as_view(), name="api_working_paper"),
    path(f"{_PAPER}<int:draft_pk>/", working_paper.WorkingPaperDraft.as_view(), name="api_working_paper_draft"),
    path(f"{_ONE}evidence/file/", exports.AssessmentEvidenceFile.as_view(), name="api_assessment_evidence_file"),
    path("periods/<int:pk>/results/file/", exports.PeriodResultsFile.as_view(), name="api_period_results_file"),
    path("periods/<int:pk>/evidence/file/", exports.PeriodEvidenceFile.as_view(), name="api_period_evidence_file"),
]
