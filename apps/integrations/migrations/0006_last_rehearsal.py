"""The plan knows its latest rehearsal: lists of 100,000 plans read one row each instead of looking for it."""

import django.db.models.deletion
from django.db import migrations, models

# Of those before: the latest of the plan's integration, unless it was of a version that this plan never had.
_LATEST = """UPDATE integrations_isolationplan AS p SET last_rehearsal_id = (
    SELECT r.id FROM integrations_rehearsal AS r
    WHERE r.integration_id = p.integration_id AND r.plan_version <= p.version
    ORDER BY r.rehearsed_at DESC, r.id DESC LIMIT 1)"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0005_decisions_keep_their_sensitivity")]

    operations = [
        migrations.AddField(
            model_name="isolationplan",
            name="last_rehearsal",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="integrations.rehearsal",
            ),
        ),
        migrations.RunSQL(_LATEST, migrations.RunSQL.noop),
    ]
