"""Tables of the loop: period -> assignment -> assessment -> answer -> evidence, review, result.

And of the government as a whole: determination, result, plan, follow-up.
"""

from assessments.models.answers import Answer, Contributor, DecisionKind, ReturnReason, Review
from assessments.models.assessments import Assessment, Status
from assessments.models.evidence import CarryOver, Document, DocumentVersion, Evidence, PagePreview, Upload
from assessments.models.imports import SheetDraft
from assessments.models.pemda import Determination, ExternalLevel, PemdaResult
from assessments.models.periods import Assignment, Period
from assessments.models.plans import FollowUp, Plan, PlanRise
from assessments.models.results import Result

__all__ = [
    "Answer",
    "Assessment",
    "Assignment",
    "CarryOver",
    "Contributor",
    "DecisionKind",
    "Determination",
    "Document",
    "DocumentVersion",
    "Evidence",
    "ExternalLevel",
    "FollowUp",
    "PagePreview",
    "PemdaResult",
    "Period",
    "Plan",
    "PlanRise",
    "Result",
    "ReturnReason",
    "Review",
    "SheetDraft",
    "Status",
    "Upload",
]
