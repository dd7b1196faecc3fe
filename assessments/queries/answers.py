"""The answers of one assessment with their current decisions: what figures and checks are made of."""

from assessments.models import Answer, Assessment, Review


def load_answers(assessment: Assessment) -> tuple[list[Answer], dict[int, Review]]:
    """All answers in the instrument's order, and the current decision of each by answer id. Two queries."""
    answers = Answer.objects.filter(assessment=assessment).select_related("indicator").order_by("indicator__order")
    current = Review.objects.filter(answer__assessment=assessment, is_current=True).select_related("reviewer")
    return list(answers), {review.answer_id: review for review in current}
