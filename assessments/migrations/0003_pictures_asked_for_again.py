from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("assessments", "0002_edits_of_periods_have_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="documentversion",
            name="queued_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
