"""Reports know the revision of the result they are made of; those made so far learn it from the time of their making."""

from django.db import migrations, models


def fill(apps, schema_editor):
    """The revision that was in force when the report was made."""
    jobs = apps.get_model("reports", "ReportJob").objects.filter(is_draft=False)
    results = apps.get_model("assessments", "Result").objects
    for job in jobs.iterator():
        made = job.started_at or job.created_at
        revision = (
            results.filter(assessment=job.assessment_id, finalised_at__lte=made)
            .order_by("-revision")
            .values_list("revision", flat=True)
            .first()
        )
        if revision:
            jobs.filter(pk=job.pk).update(result_revision=revision)


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0003_pictures_asked_for_again"),
        ("reports", "0002_list_newest_first_by_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportjob",
            name="result_revision",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="revisi hasil"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
