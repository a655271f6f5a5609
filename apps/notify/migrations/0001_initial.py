import apps.notify.rules
import apps.notify.states
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('journal', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=500)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('secret', models.TextField()),
                ('old_secret', models.TextField(blank=True)),
                ('is_active', models.BooleanField(default=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(default=1)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('title', models.CharField(max_length=300)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='journal.entry')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['person', '-id'], name='notice_by_person'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['person'], name='notice_unread')],
                'constraints': [models.UniqueConstraint(fields=('person', 'entry', 'kind'), name='notice_once')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('by_mail', models.BooleanField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='preference_once')],
            },
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('state', models.CharField(choices=[(apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['WAITING']), (apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['SENT']), (apps.notify.states.SendingState['FAILED'], apps.notify.states.SendingState['FAILED'])], default=apps.notify.states.SendingState['WAITING'], max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='digests', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.notify.states.SendingState['WAITING'])), fields=['next_attempt_at'], name='digest_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['FAILED']])), name='digest_state_known'), models.CheckConstraint(condition=models.Q(('until_at__gt', models.F('from_at'))), name='digest_period_not_empty'), models.UniqueConstraint(fields=('person', 'from_at'), name='digest_once')],
            },
        ),
        migrations.CreateModel(
            name='DigestPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('frequency', models.CharField(choices=[(apps.notify.rules.Frequency['DAILY'], apps.notify.rules.Frequency['DAILY']), (apps.notify.rules.Frequency['WEEKLY'], apps.notify.rules.Frequency['WEEKLY'])], max_length=6)),
                ('hour', models.PositiveSmallIntegerField()),
                ('weekday', models.PositiveSmallIntegerField(default=0)),
                ('zone', models.CharField(max_length=64)),
                ('next_at', models.DateTimeField()),
                ('told_until', models.DateTimeField()),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='digest_plan_next')],
                'constraints': [models.CheckConstraint(condition=models.Q(('frequency__in', [apps.notify.rules.Frequency['DAILY'], apps.notify.rules.Frequency['WEEKLY']])), name='digest_plan_frequency_known'), models.CheckConstraint(condition=models.Q(('hour__lte', 23), ('weekday__lte', 6)), name='digest_plan_time_exists', violation_error_message='A digest comes at an hour from 0 to 23 on a day of the week.')],
            },
        ),
        migrations.CreateModel(
            name='Feed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('revoked_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='feeds', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('person', 'kind'), name='feed_one_of_kind', violation_error_message='You already have this feed; revoke it first.')],
            },
        ),
        migrations.CreateModel(
            name='MailSending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[(apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['WAITING']), (apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['SENT']), (apps.notify.states.SendingState['FAILED'], apps.notify.states.SendingState['FAILED'])], default=apps.notify.states.SendingState['WAITING'], max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('notice', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail', to='notify.notice')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.notify.states.SendingState['WAITING'])), fields=['next_attempt_at'], name='mail_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['FAILED']])), name='mail_state_known')],
            },
        ),
        migrations.CreateModel(
            name='Sending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[(apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['WAITING']), (apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['SENT']), (apps.notify.states.SendingState['FAILED'], apps.notify.states.SendingState['FAILED'])], default=apps.notify.states.SendingState['WAITING'], max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('excerpt', models.CharField(blank=True, max_length=500)),
                ('sent_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sendings', to='notify.endpoint')),
                ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='journal.entry')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.notify.states.SendingState['WAITING'])), fields=['next_attempt_at'], name='sending_due'), models.Index(fields=['endpoint', '-id'], name='sending_by_endpoint')],
                'constraints': [models.UniqueConstraint(fields=('endpoint', 'entry'), name='sending_once'), models.CheckConstraint(condition=models.Q(('state__in', [apps.notify.states.SendingState['WAITING'], apps.notify.states.SendingState['SENT'], apps.notify.states.SendingState['FAILED']])), name='sending_state_known')],
            },
        ),
    ]
