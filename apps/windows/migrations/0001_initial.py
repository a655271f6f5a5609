import apps.kernel.fields
import apps.windows.states
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('clusters', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('reason', models.TextField(blank=True)),
                ('strength', models.CharField(choices=[('hard', 'hard: nothing starts without an exception'), ('soft', 'soft: it may start, knowingly')], default='hard', max_length=4)),
                ('state', models.CharField(choices=[(apps.windows.states.FreezeState['DRAFT'], apps.windows.states.FreezeState['DRAFT']), (apps.windows.states.FreezeState['PREVIEWED'], apps.windows.states.FreezeState['PREVIEWED']), (apps.windows.states.FreezeState['ENFORCED'], apps.windows.states.FreezeState['ENFORCED']), (apps.windows.states.FreezeState['LIFTED'], apps.windows.states.FreezeState['LIFTED'])], default=apps.windows.states.FreezeState['DRAFT'], max_length=9)),
                ('start_local', apps.kernel.fields.WallClockField()),
                ('end_local', apps.kernel.fields.WallClockField()),
                ('zone', models.CharField(max_length=64)),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField()),
                ('tiers', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None)),
                ('types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, size=None)),
                ('exemptions', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField()),
                ('previewed_at', models.DateTimeField(blank=True, null=True)),
                ('enforced_at', models.DateTimeField(blank=True, null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('previewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.windows.states.FreezeState['ENFORCED'])), fields=['start_at', 'end_at'], name='freeze_enforced')],
                'constraints': [models.CheckConstraint(condition=models.Q(('strength__in', ['hard', 'soft'])), name='freeze_strength_known'), models.CheckConstraint(condition=models.Q(('state__in', [apps.windows.states.FreezeState['DRAFT'], apps.windows.states.FreezeState['PREVIEWED'], apps.windows.states.FreezeState['ENFORCED'], apps.windows.states.FreezeState['LIFTED']])), name='freeze_state_known'), models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at'))), name='freeze_ends_after_start', violation_error_message='A freeze ends later than it starts.'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['enforced', 'lifted']), _negated=True), ('previewed_at__isnull', False), _connector='OR'), name='freeze_previewed_first', violation_error_message='A freeze is enforced only after somebody saw the changes it hits.'), models.CheckConstraint(condition=models.Q(('state', 'lifted'), ('lifted_at__isnull', True), _connector='XOR'), name='freeze_lifted_has_time')],
            },
        ),
        migrations.CreateModel(
            name='RecurringWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('maintenance', 'maintenance window'), ('blackout', 'blackout')], max_length=11)),
                ('tiers', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None)),
                ('reason', models.TextField(blank=True)),
                ('start_local', apps.kernel.fields.WallClockField()),
                ('duration_minutes', models.PositiveIntegerField()),
                ('zone', models.CharField(max_length=64)),
                ('rrule', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('cluster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recurring_windows', to='clusters.cluster')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('retired_at__isnull', True)), fields=['cluster'], name='recurring_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['maintenance', 'blackout'])), name='recurring_kind_known'), models.CheckConstraint(condition=models.Q(('duration_minutes__gte', 5), ('duration_minutes__lte', 132480)), name='recurring_duration_in_range', violation_error_message='A window lasts between 5 minutes and 92 days.')],
            },
        ),
        migrations.CreateModel(
            name='FreezeCluster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.cluster')),
                ('freeze', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scope', to='windows.freeze')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('freeze', 'cluster'), name='freeze_cluster_once')],
            },
        ),
        migrations.AddField(
            model_name='Freeze',
            name='clusters',
            field=models.ManyToManyField(related_name='freezes', through='windows.FreezeCluster', to='clusters.cluster'),
        ),
    ]
