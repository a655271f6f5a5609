import apps.notify.states
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('journal', '0002_append_only'),
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
