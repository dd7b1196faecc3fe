"""Assessments, answers, evidence, decisions, moves; the library; the audit trail."""

from django.urls import path

from assessments.api import answers, assessments, carry_over, documents, events, evidence, moves, reviews

_ONE = "assessments/<int:pk>/"
_ANSWER = f"{_ONE}answers/<slug:number>/"

urlpatterns = [
    path("assessments/", assessments.AssessmentList.as_view(), name="api_assessments"),
    path(_ONE, assessments.AssessmentDetail.as_view(), name="api_assessment"),
    path(f"{_ONE}problems/", assessments.AssessmentProblems.as_view(), name="api_assessment_problems"),
    path(f"{_ONE}answers/", answers.AnswerList.as_view(), name="api_answers"),
    path(_ANSWER, answers.AnswerDetail.as_view(), name="api_answer"),
    path(f"{_ANSWER}reply/", answers.AnswerReply.as_view(), name="api_answer_reply"),
    path(f"{_ANSWER}evidence/", evidence.EvidenceList.as_view(), name="api_evidence_list"),
    path(f"{_ANSWER}evidence/<int:evidence_pk>/", evidence.EvidenceDetail.as_view(), name="api_evidence"),
    path(f"{_ANSWER}evidence/<int:evidence_pk>/file/", evidence.EvidenceFile.as_view(), name="api_evidence_file"),
    path(f"{_ONE}reviews/", reviews.ReviewList.as_view(), name="api_reviews"),
    path(f"{_ONE}reviews/<slug:number>/", reviews.ReviewDetail.as_view(), name="api_review"),
    path(f"{_ONE}submit/", moves.Submit.as_view(), name="api_assessment_submit"),
    path(f"{_ONE}withdraw/", moves.Withdraw.as_view(), name="api_assessment_withdraw"),
    path(f"{_ONE}return/", moves.Return.as_view(), name="api_assessment_return"),
    path(f"{_ONE}approve/", moves.Approve.as_view(), name="api_assessment_approve"),
    path(f"{_ONE}reopen/", moves.Reopen.as_view(), name="api_assessment_reopen"),
    path(f"{_ONE}cancel/", moves.Cancel.as_view(), name="api_assessment_cancel"),
    path(f"{_ONE}extend/", moves.Extend.as_view(), name="api_assessment_extend"),
    path(f"{_ONE}events/", events.AssessmentEvents.as_view(), name="api_assessment_events"),
    path(f"{_ONE}carry-over/", carry_over.CarryOverList.as_view(), name="api_carry_over"),
    path(f"{_ONE}carry-over/<slug:number>/", carry_over.CarryOverDetail.as_view(), name="api_carry_over_one"),
    path("events/", events.EventList.as_view(), name="api_events"),
    path("documents/", documents.DocumentList.as_view(), name="api_documents"),
    path("documents/<int:pk>/", documents.DocumentDetail.as_view(), name="api_document"),
    path("documents/<int:pk>/versions/", documents.DocumentVersions.as_view(), name="api_document_versions"),
    path("documents/<int:pk>/use-newest/", documents.DocumentUseNewest.as_view(), name="api_document_use_newest"),
    path(
        "documents/<int:pk>/versions/<int:version_number>/file/",
        documents.DocumentFile.as_view(),
        name="api_document_file",
    ),
]
