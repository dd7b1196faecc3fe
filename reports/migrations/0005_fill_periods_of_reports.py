"""So far every report is of an assessment: its period is the report's, its agency whom the report is about."""

from django.db import migrations, models


def fill(apps, schema_editor):
    jobs = apps.get_model("reports", "ReportJob").objects
    assessments = apps.get_model("assessments", "Assessment").objects
    jobs.update(
        period_id=models.Subquery(assessments.filter(pk=models.OuterRef("assessment_id")).values("period_id")[:1]),
        shown_subject=models.Subquery(
            assessments.filter(pk=models.OuterRef("assessment_id")).values("agency__name")[:1]
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_reports_know_their_period")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
