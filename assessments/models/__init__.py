"""Tables of the loop: period -> assignment -> assessment -> answer -> evidence, review, result."""

from assessments.models.answers import Answer, Contributor, DecisionKind, ReturnReason, Review
from assessments.models.assessments import Assessment, Status
from assessments.models.evidence import Document, DocumentVersion, Evidence, PagePreview
from assessments.models.periods import Assignment, Period
from assessments.models.results import Result

__all__ = [
    "Answer",
    "Assessment",
    "Assignment",
    "Contributor",
    "DecisionKind",
    "Document",
    "DocumentVersion",
    "Evidence",
    "PagePreview",
    "Period",
    "Result",
    "ReturnReason",
    "Review",
    "Status",
]
