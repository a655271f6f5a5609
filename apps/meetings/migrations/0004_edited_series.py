"""A series says when it last changed, and since when it meets by its rule."""

from django.db import migrations, models

FILL = "UPDATE meetings_meetingseries SET changed_at = COALESCE(ended_at, created_at), times_from = created_at"


class Migration(migrations.Migration):
    dependencies = [("meetings", "0003_sealed_minutes")]

    operations = [
        migrations.AddField("meetingseries", "changed_at", models.DateTimeField(null=True)),
        migrations.AddField("meetingseries", "times_from", models.DateTimeField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("meetingseries", "changed_at", models.DateTimeField()),
        migrations.AlterField("meetingseries", "times_from", models.DateTimeField()),
    ]
