from django.db import migrations


def fill(apps, schema_editor):
    """Write `self_levels` and `verified_levels` of what was answered before the columns were there."""
    Assessment = apps.get_model("assessments", "Assessment")
    Answer = apps.get_model("assessments", "Answer")
    Review = apps.get_model("assessments", "Review")
    for assessment in Assessment.objects.filter(self_levels="").iterator(chunk_size=200):
        answers = list(
            Answer.objects.filter(assessment=assessment).select_related("indicator").order_by("indicator__order")
        )
        own = [(a.indicator.code, "x" if a.not_applicable else a.self_level) for a in answers]
        assessment.self_levels = _pack(own)
        if assessment.verified_exact:
            reviews = {
                review.answer_id: review
                for review in Review.objects.filter(answer__assessment=assessment, is_current=True, is_published=True)
            }
            assessment.verified_levels = _pack([(a.indicator.code, _decided(reviews.get(a.pk))) for a in answers])
        assessment.save(update_fields=["self_levels", "verified_levels"])


def _decided(review):
    if review is None or review.decision == "return":
        return None
    return "x" if review.verified_level is None else review.verified_level


def _pack(levels):
    return " ".join(f"{code}={'' if level is None else level}" for code, level in levels)


class Migration(migrations.Migration):

    dependencies = [("assessments", "0005_government_levels_plans_and_follow_ups")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
