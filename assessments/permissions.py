"""Who may do what with an assessment. Plain functions; `docs/permissions.md` is generated from them.

Not visible is 404, visible but not allowed is 403. These functions speak of persons and states,
not of deadlines or completeness: those have their own messages (see `assessments.workflow`).
`wrote` says whether the person wrote anything in the assessment: such a person never reviews it.
"""

from accounts.permissions import Rights
from assessments.models import Assessment, FollowUp, Period, Status
from assessments.models.assessments import HANDED_IN

EDITABLE = (Status.DRAFT, Status.RETURNED)
PUBLISHED = (Status.APPROVED, Status.FINAL)


def is_own(rights: Rights, assessment: Assessment) -> bool:
    """Member of the agency as its operator, or as a verifier who sees it as a member only."""
    return assessment.agency_id in rights.operator_of | rights.verifier_at


def can_see(rights: Rights, assessment: Assessment) -> bool:
    """Know that it exists: status, coverage, index."""
    if rights.is_coordinator or is_own(rights, assessment):
        return True
    return (rights.is_verifier or rights.is_leader) and assessment.status in HANDED_IN


def can_see_answers(rights: Rights, assessment: Assessment) -> bool:
    """Read explanations and evidence. Leaders: from approval on."""
    if rights.is_coordinator or is_own(rights, assessment):
        return True
    if rights.is_verifier and assessment.status in HANDED_IN:
        return True
    return rights.is_leader and assessment.status in PUBLISHED


def can_see_evidence(rights: Rights, assessment: Assessment) -> bool:
    return can_see_answers(rights, assessment)


def can_see_open_decisions(rights: Rights, assessment: Assessment) -> bool:
    """See decisions before they are published: reviewers of other agencies only."""
    if assessment.agency_id in rights.member_of:
        return False
    return rights.is_coordinator or (rights.is_verifier and assessment.status in HANDED_IN)


def may_write(rights: Rights, assessment: Assessment) -> bool:
    """Eligible to write in it at all, whatever its state: the agency's operators, or a coordinator on its behalf."""
    return assessment.agency_id in rights.operator_of or rights.is_coordinator


def can_edit(rights: Rights, assessment: Assessment) -> bool:
    """Change answers and evidence."""
    return assessment.status in EDITABLE and may_write(rights, assessment)


def can_submit(rights: Rights, assessment: Assessment) -> bool:
    return can_edit(rights, assessment)


def can_withdraw(rights: Rights, assessment: Assessment) -> bool:
    return assessment.status == Status.SUBMITTED and may_write(rights, assessment)


def can_reply(rights: Rights, assessment: Assessment) -> bool:
    """Answer a published return or adjustment: while it can be read and is not closed."""
    return assessment.status in (Status.RETURNED, Status.APPROVED) and may_write(rights, assessment)


def acts_on_behalf(rights: Rights, assessment: Assessment) -> bool:
    """Whether a write by this person is on the agency's behalf."""
    return assessment.agency_id not in rights.operator_of


def may_review_agency(rights: Rights, assessment: Assessment, *, wrote: bool) -> bool:
    """Eligible to review it at all, whatever its state."""
    if assessment.agency_id in rights.member_of or wrote:
        return False
    return rights.is_verifier or rights.is_coordinator


def can_review(rights: Rights, assessment: Assessment, *, wrote: bool) -> bool:
    """Decide on answers, return or approve the whole."""
    return assessment.status == Status.SUBMITTED and may_review_agency(rights, assessment, wrote=wrote)


def can_reopen(rights: Rights, assessment: Assessment) -> bool:
    return rights.is_coordinator and assessment.status in PUBLISHED and not assessment.has_imported_levels


def can_cancel(rights: Rights, assessment: Assessment) -> bool:
    return rights.is_coordinator and assessment.status not in (Status.FINAL, Status.CANCELLED)


def can_extend(rights: Rights, assessment: Assessment) -> bool:
    return rights.is_coordinator and assessment.status in EDITABLE


def can_manage_periods(rights: Rights) -> bool:
    return rights.is_coordinator


def can_finalise(rights: Rights, period: Period) -> bool:
    return rights.is_coordinator and period.status == Period.Status.OPEN


def can_remove_imported(rights: Rights, period: Period) -> bool:
    """Take away a past year brought in from a list: who brought it in, while a coordinator."""
    return rights.is_coordinator and period.is_imported and period.created_by_id == rights.user_id


def can_see_results(rights: Rights) -> bool:
    """The list of all agencies' results: reviewers, coordinators, leaders."""
    return rights.is_verifier or rights.is_coordinator or rights.is_leader


def can_see_queue(rights: Rights) -> bool:
    return rights.is_verifier or rights.is_coordinator


def can_report(rights: Rights, assessment: Assessment) -> bool:
    """Make and download the agency report: whoever sees the assessment (PRODUCT's table)."""
    return can_see(rights, assessment)


# --- The government as a whole ---------------------------------------------------------------------


def can_see_pemda(rights: Rights) -> bool:
    """The government's index, its tables and its roadmap."""
    return rights.is_verifier or rights.is_coordinator or rights.is_leader


def can_determine(rights: Rights) -> bool:
    """Fix the government's levels, enter the ministry's."""
    return rights.is_coordinator


def can_assign(rights: Rights) -> bool:
    """Say which agency is PIC of an indicator and which supports it."""
    return rights.is_coordinator


def can_save_plan(rights: Rights) -> bool:
    """Save a roadmap as the period's plan. Reckoning one without saving is open to all who see it."""
    return rights.is_coordinator


def can_see_own_place(rights: Rights) -> bool:
    """The own agency's place in the government's result, once that is final."""
    return rights.is_operator


def can_see_follow_ups(rights: Rights) -> bool:
    """The page; which rows, says `can_see_follow_up`."""
    return can_see_pemda(rights) or rights.is_operator


def can_see_follow_up(rights: Rights, follow_up: FollowUp) -> bool:
    return can_see_pemda(rights) or follow_up.agency_id in rights.operator_of


def can_manage_follow_ups(rights: Rights) -> bool:
    """Make, change, confirm, send back and drop them."""
    return rights.is_coordinator


def can_carry_out(rights: Rights, follow_up: FollowUp) -> bool:
    """Report progress and proof: the owner's operators."""
    return follow_up.agency_id in rights.operator_of


def can_confirm_follow_up(rights: Rights, follow_up: FollowUp) -> bool:
    """Say that a reported one is done: not who reported it."""
    return rights.is_coordinator and follow_up.reported_by_id != rights.user_id


def can_see_proof(rights: Rights, follow_up: FollowUp) -> bool:
    """Open the file: the owner and who checks it; leaders once it is done."""
    if follow_up.agency_id in rights.operator_of or rights.is_coordinator or rights.is_verifier:
        return True
    return rights.is_leader and follow_up.status == FollowUp.Status.DONE


def can_see_library(rights: Rights, agency_id: int) -> bool:
    """The agency's library of documents: its operators, and a coordinator on its behalf."""
    return agency_id in rights.operator_of or rights.is_coordinator


def can_keep_library(rights: Rights, agency_id: int) -> bool:
    """Upload documents and versions, change what is said of them."""
    return can_see_library(rights, agency_id)


def can_see_libraries(rights: Rights) -> bool:
    """Any library at all."""
    return rights.is_operator or rights.is_coordinator


def can_see_history(rights: Rights, assessment: Assessment) -> bool:
    """The audit trail of one assessment: whoever reads its answers, but for leaders."""
    if rights.is_coordinator or is_own(rights, assessment):
        return True
    return rights.is_verifier and assessment.status in HANDED_IN


def can_see_audit_trail(rights: Rights) -> bool:
    """The audit trail of everything, and whether its chain is whole."""
    return rights.is_coordinator


def can_compare_reviews(rights: Rights) -> bool:
    """Decisions on one indicator side by side, and how much each reviewer adjusts."""
    return rights.is_coordinator


def can_remind(rights: Rights) -> bool:
    """See which agencies have not handed in, and remind them."""
    return rights.is_coordinator
