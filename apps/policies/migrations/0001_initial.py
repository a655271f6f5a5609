import apps.policies.states
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
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
                ('cluster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='clusters.cluster')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cluster',), name='policy_once_per_cluster', nulls_distinct=False, violation_error_message='There is a policy for this scope already.')],
            },
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[(apps.policies.states.VersionState['DRAFT'], apps.policies.states.VersionState['DRAFT']), (apps.policies.states.VersionState['ENABLED'], apps.policies.states.VersionState['ENABLED']), (apps.policies.states.VersionState['SUPERSEDED'], apps.policies.states.VersionState['SUPERSEDED']), (apps.policies.states.VersionState['RETIRED'], apps.policies.states.VersionState['RETIRED']), (apps.policies.states.VersionState['DISCARDED'], apps.policies.states.VersionState['DISCARDED'])], default=apps.policies.states.VersionState['DRAFT'], max_length=10)),
                ('rows', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('proof', models.JSONField(default=dict)),
                ('saved_at', models.DateTimeField()),
                ('enabled_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('saves', models.PositiveIntegerField(default=1)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enabled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='policies.policy')),
            ],
            options={
                'indexes': [models.Index(fields=['policy', '-number'], name='policy_version_by_policy')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.policies.states.VersionState['DRAFT'], apps.policies.states.VersionState['ENABLED'], apps.policies.states.VersionState['SUPERSEDED'], apps.policies.states.VersionState['RETIRED'], apps.policies.states.VersionState['DISCARDED']])), name='policy_version_state_known'), models.UniqueConstraint(fields=('policy', 'number'), name='policy_version_once'), models.UniqueConstraint(condition=models.Q(('state', apps.policies.states.VersionState['ENABLED'])), fields=('policy',), name='policy_version_one_enabled', violation_error_message='Another version of this policy is in force.'), models.UniqueConstraint(condition=models.Q(('state', apps.policies.states.VersionState['DRAFT'])), fields=('policy',), name='policy_version_one_draft', violation_error_message='This policy has a draft already.'), models.CheckConstraint(condition=models.Q(('enabled_by__isnull', True), models.Q(('enabled_by', models.F('author')), _negated=True), _connector='OR'), name='policy_version_not_enabled_by_its_author', violation_error_message='No one enables their own version.'), models.CheckConstraint(condition=models.Q(models.Q(('enabled_at__isnull', True), ('enabled_by__isnull', True), ('state__in', ['draft', 'discarded'])), models.Q(('enabled_at__isnull', False), ('enabled_by__isnull', False), ('state__in', ['enabled', 'superseded', 'retired'])), _connector='OR'), name='policy_version_enabled_has_time'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'enabled']), ('ended_at__isnull', False), _connector='XOR'), name='policy_version_ended_has_time')],
            },
        ),
    ]
