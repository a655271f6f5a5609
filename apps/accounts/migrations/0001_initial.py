import apps.accounts.rules
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('handle', models.CharField(help_text='Short and lower-case; how records name you.', max_length=150, unique=True)),
                ('email', models.EmailField(blank=True, max_length=254, null=True)),
                ('name', models.CharField(max_length=150)),
                ('kind', models.CharField(choices=[('human', 'person'), ('service', 'service identity'), ('recorded', 'named in imported records; cannot sign in')], default='human', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('joined_at', models.DateTimeField(auto_now_add=True)),
                ('zone', models.CharField(default='UTC', max_length=64)),
                ('theme', models.CharField(choices=[('auto', 'as my device'), ('light', 'light'), ('dark', 'dark')], default='auto', max_length=10)),
                ('density', models.CharField(choices=[('compact', 'compact'), ('comfortable', 'comfortable'), ('touch', 'touch')], default='comfortable', max_length=12)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='person_email_once', violation_error_message='Someone already uses this e-mail address.'), models.CheckConstraint(condition=models.Q(('kind__in', ['human', 'service', 'recorded'])), name='person_kind_known'), models.CheckConstraint(condition=models.Q(('handle', django.db.models.functions.text.Lower('handle'))), name='person_handle_lower'), models.CheckConstraint(condition=models.Q(('is_active', True), ('kind', 'recorded'), _negated=True), name='person_recorded_never_signs_in', violation_error_message='A name from imported records cannot sign in.')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('prefix', models.CharField(max_length=12, unique=True)),
                ('hash', models.CharField(max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[(apps.accounts.rules.Scope['READ'], apps.accounts.rules.Scope['READ']), (apps.accounts.rules.Scope['CHANGES'], apps.accounts.rules.Scope['CHANGES']), (apps.accounts.rules.Scope['VOTES'], apps.accounts.rules.Scope['VOTES']), (apps.accounts.rules.Scope['CLUSTERS'], apps.accounts.rules.Scope['CLUSTERS']), (apps.accounts.rules.Scope['IMPORTS'], apps.accounts.rules.Scope['IMPORTS']), (apps.accounts.rules.Scope['WEBHOOKS'], apps.accounts.rules.Scope['WEBHOOKS']), (apps.accounts.rules.Scope['POLICIES'], apps.accounts.rules.Scope['POLICIES']), (apps.accounts.rules.Scope['OBSERVATIONS'], apps.accounts.rules.Scope['OBSERVATIONS'])], max_length=30), size=None)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='api_key_expires_later', violation_error_message='A key must expire after it was made.'), models.CheckConstraint(condition=models.Q(('scopes', []), _negated=True), name='api_key_has_scope')],
            },
        ),
        migrations.CreateModel(
            name='IdempotentAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('body', models.TextField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='idempotent_answer_age')],
                'constraints': [models.UniqueConstraint(fields=('person', 'key'), name='idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[(apps.accounts.rules.Role['REQUESTER'], 'requester'), (apps.accounts.rules.Role['BOARD_MEMBER'], 'board member'), (apps.accounts.rules.Role['BOARD_CHAIR'], 'board chair'), (apps.accounts.rules.Role['CLUSTER_OWNER'], 'cluster owner'), (apps.accounts.rules.Role['COMPLIANCE_OFFICER'], 'compliance officer'), (apps.accounts.rules.Role['PROGRAMME_MANAGER'], 'programme manager'), (apps.accounts.rules.Role['OPERATOR'], 'operator'), (apps.accounts.rules.Role['AUDITOR'], 'auditor'), (apps.accounts.rules.Role['ADMINISTRATOR'], 'administrator')], max_length=30)),
                ('granted_at', models.DateTimeField(auto_now_add=True)),
                ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'role'), name='role_once', violation_error_message='This person already holds the role.'), models.CheckConstraint(condition=models.Q(('role__in', [apps.accounts.rules.Role['REQUESTER'], apps.accounts.rules.Role['BOARD_MEMBER'], apps.accounts.rules.Role['BOARD_CHAIR'], apps.accounts.rules.Role['CLUSTER_OWNER'], apps.accounts.rules.Role['COMPLIANCE_OFFICER'], apps.accounts.rules.Role['PROGRAMME_MANAGER'], apps.accounts.rules.Role['OPERATOR'], apps.accounts.rules.Role['AUDITOR'], apps.accounts.rules.Role['ADMINISTRATOR']])), name='role_known'), models.CheckConstraint(condition=models.Q(('person', models.F('granted_by')), _negated=True), name='role_not_self_granted', violation_error_message='No one gives themselves a role.')],
            },
        ),
        migrations.AddField(
            model_name='Person',
            name='groups',
            field=models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups'),
        ),
        migrations.AddField(
            model_name='Person',
            name='user_permissions',
            field=models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions'),
        ),
    ]
