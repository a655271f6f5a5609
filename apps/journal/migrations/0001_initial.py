import apps.journal.states
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(auto_now_add=True)),
                ('subject_type', models.CharField(max_length=80)),
                ('subject_id', models.BigIntegerField()),
                ('subject_label', models.CharField(max_length=300)),
                ('cluster_id', models.BigIntegerField(null=True)),
                ('data', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['subject_type', 'subject_id', '-id'], name='entry_by_subject'), models.Index(fields=['cluster_id', '-id'], name='entry_by_cluster'), models.Index(fields=['actor', '-id'], name='entry_by_actor'), models.Index(fields=['event', '-id'], name='entry_by_event')],
            },
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=80)),
                ('turn_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('job', 'turn_at'), name='slot_once', violation_error_message='This turn of the job has already been taken.')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[(apps.journal.states.DeliveryState['WAITING'], apps.journal.states.DeliveryState['WAITING']), (apps.journal.states.DeliveryState['DONE'], apps.journal.states.DeliveryState['DONE']), (apps.journal.states.DeliveryState['FAILED'], apps.journal.states.DeliveryState['FAILED'])], default=apps.journal.states.DeliveryState['WAITING'], max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('last_error', models.TextField(blank=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='journal.entry')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.journal.states.DeliveryState['WAITING'])), fields=['next_attempt_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('state', apps.journal.states.DeliveryState['FAILED'])), fields=['-id'], name='delivery_failed')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'subscriber'), name='delivery_once_per_subscriber'), models.CheckConstraint(condition=models.Q(('state__in', [apps.journal.states.DeliveryState['WAITING'], apps.journal.states.DeliveryState['DONE'], apps.journal.states.DeliveryState['FAILED']])), name='delivery_state_known'), models.CheckConstraint(condition=models.Q(('state', apps.journal.states.DeliveryState['DONE']), ('done_at__isnull', True), _connector='XOR'), name='delivery_done_has_time')],
            },
        ),
    ]
