"""When a hold began, and what a person raised a risk to: neither is lost when the other facts move."""

import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cab', '0004_imported_records'),
        ('clusters', '0002_names_and_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='change',
            name='change_risk_never_lowered',
        ),
        migrations.RemoveConstraint(
            model_name='change',
            name='change_raised_risk_has_reason',
        ),
        migrations.AddField(
            model_name='change',
            name='held_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='change',
            name='risk_raised_to',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.RunSQL(
            """
            UPDATE cab_change SET held_at = now() WHERE on_hold;
            UPDATE cab_change SET risk_raised_to = risk WHERE risk_raised_by_id IS NOT NULL;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('risk', django.db.models.functions.comparison.Greatest('risk_computed', 'risk_raised_to')), ('risk__gte', 1), ('risk__lte', 5), ('risk_computed__gte', 1)), name='change_risk_never_lowered', violation_error_message='A risk may be raised above what was computed, never lowered below it.'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('risk_raised_by__isnull', True), ('risk_raised_to__isnull', True), ('risk_reason', '')), models.Q(('risk_raised_by__isnull', False), ('risk_raised_to__isnull', False), models.Q(('risk_reason', ''), _negated=True)), _connector='OR'), name='change_raised_risk_has_reason', violation_error_message='Raising a risk needs a reason.'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('on_hold', True), ('held_at__isnull', True), _connector='XOR'), name='change_held_has_time'),
        ),
    ]
