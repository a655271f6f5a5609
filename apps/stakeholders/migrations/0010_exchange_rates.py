"""Rates between currencies. None is ever rewritten: the database itself refuses it."""

import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


FORWARD = """
CREATE FUNCTION stakeholders_refuse_rewriting_rates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A rate is never rewritten or removed.'
        USING ERRCODE = 'restrict_violation', HINT = 'Record another one of that day: the one recorded last counts.';
END $$;
CREATE TRIGGER stakeholders_rate_append_only BEFORE UPDATE OR DELETE ON stakeholders_exchangerate
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting_rates();
"""
BACKWARD = """
DROP TRIGGER stakeholders_rate_append_only ON stakeholders_exchangerate;
DROP FUNCTION stakeholders_refuse_rewriting_rates();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('stakeholders', '0009_required_links'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('into', models.CharField(max_length=3)),
                ('rate', models.DecimalField(decimal_places=8, max_digits=16)),
                ('as_of', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['into', 'currency', '-as_of', '-id'], name='exchange_rate_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$'), ('into__regex', '^[A-Z]{3}$'), models.Q(('currency', models.F('into')), _negated=True)), name='exchange_rate_between_two', violation_error_message='A rate lies between two different currencies, each of three letters.'), models.CheckConstraint(condition=models.Q(('rate__gte', Decimal('1E-8')), ('rate__lte', Decimal('1000000'))), name='exchange_rate_bounded', violation_error_message='The rate is out of range.')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
