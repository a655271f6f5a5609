import apps.kernel.fields
import apps.meetings.states
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('cab', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MeetingSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('place', models.CharField(blank=True, max_length=300)),
                ('start_local', apps.kernel.fields.WallClockField()),
                ('duration_minutes', models.PositiveSmallIntegerField()),
                ('zone', models.CharField(max_length=64)),
                ('rrule', models.CharField(max_length=500)),
                ('lock_minutes', models.PositiveSmallIntegerField(default=120)),
                ('item_minutes', models.PositiveSmallIntegerField(default=10)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('board', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meeting_series', to='cab.board')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['board'], name='series_running')],
                'constraints': [models.CheckConstraint(condition=models.Q(('duration_minutes__gte', 5), ('duration_minutes__lte', 720)), name='series_duration_in_range', violation_error_message='A meeting lasts between 5 minutes and 12 hours.'), models.CheckConstraint(condition=models.Q(('item_minutes__gte', 1), ('item_minutes__lte', 240), ('lock_minutes__lte', 10080)), name='series_lead_in_range', violation_error_message='An agenda locks at most 7 days ahead; an item takes 1 to 240 minutes.'), models.CheckConstraint(condition=models.Q(('rrule', ''), _negated=True), name='series_comes_back')],
            },
        ),
        migrations.CreateModel(
            name='Meeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occurrence_at', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(max_length=120)),
                ('place', models.CharField(blank=True, max_length=300)),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField()),
                ('zone', models.CharField(max_length=64)),
                ('lock_at', models.DateTimeField()),
                ('item_minutes', models.PositiveSmallIntegerField(default=10)),
                ('state', models.CharField(choices=[(apps.meetings.states.MeetingState['PLANNED'], 'planned'), (apps.meetings.states.MeetingState['AGENDA_LOCKED'], 'agenda locked'), (apps.meetings.states.MeetingState['IN_SESSION'], 'in session'), (apps.meetings.states.MeetingState['CLOSED'], 'closed'), (apps.meetings.states.MeetingState['MINUTES_PUBLISHED'], 'minutes published'), (apps.meetings.states.MeetingState['CANCELLED'], 'cancelled')], default=apps.meetings.states.MeetingState['PLANNED'], max_length=20)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('consent_moved_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('board', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='cab.board')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('series', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='meetings.meetingseries')),
            ],
            options={
                'indexes': [models.Index(fields=['board', 'start_at'], name='meeting_by_board'), models.Index(condition=models.Q(('state', apps.meetings.states.MeetingState['PLANNED'])), fields=['lock_at'], name='meeting_to_lock')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.meetings.states.MeetingState['PLANNED'], apps.meetings.states.MeetingState['AGENDA_LOCKED'], apps.meetings.states.MeetingState['IN_SESSION'], apps.meetings.states.MeetingState['CLOSED'], apps.meetings.states.MeetingState['MINUTES_PUBLISHED'], apps.meetings.states.MeetingState['CANCELLED']])), name='meeting_state_known'), models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at')), ('lock_at__lte', models.F('start_at'))), name='meeting_times_in_order', violation_error_message='A meeting ends after it starts, and its agenda locks before.'), models.CheckConstraint(condition=models.Q(('item_minutes__gte', 1), ('item_minutes__lte', 240)), name='meeting_item_minutes_in_range', violation_error_message='An item takes 1 to 240 minutes.'), models.CheckConstraint(condition=models.Q(('series__isnull', True), ('occurrence_at__isnull', False), _connector='XOR'), name='meeting_occurrence_iff_series'), models.CheckConstraint(condition=models.Q(('state', apps.meetings.states.MeetingState['CANCELLED']), ('reason', ''), _connector='XOR'), name='meeting_cancelled_says_why', violation_error_message='Say why it is cancelled.'), models.CheckConstraint(condition=models.Q(('state__in', [apps.meetings.states.MeetingState['CLOSED'], apps.meetings.states.MeetingState['MINUTES_PUBLISHED']]), ('closed_at__isnull', True), _connector='XOR'), name='meeting_closed_has_time'), models.CheckConstraint(condition=models.Q(('consent_moved_at__isnull', True), ('opened_at__isnull', False), _connector='OR'), name='meeting_consent_moved_in_session'), models.UniqueConstraint(fields=('series', 'occurrence_at'), name='meeting_once_per_occurrence'), models.UniqueConstraint(condition=models.Q(('state', apps.meetings.states.MeetingState['IN_SESSION'])), fields=('board',), name='meeting_one_in_session', violation_error_message='This board is in session already; close that meeting first.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state', apps.meetings.states.MeetingState['CANCELLED']), _negated=True), expressions=[('board', '='), (models.Func('start_at', 'end_at', django.contrib.postgres.fields.ranges.RangeBoundary(), function='TSTZRANGE', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='meeting_not_at_once', violation_error_message='This board already meets at that time.')],
            },
        ),
        migrations.CreateModel(
            name='AgendaItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[(apps.meetings.states.ItemState['LISTED'], apps.meetings.states.ItemState['LISTED']), (apps.meetings.states.ItemState['LATE'], apps.meetings.states.ItemState['LATE']), (apps.meetings.states.ItemState['CURRENT'], apps.meetings.states.ItemState['CURRENT']), (apps.meetings.states.ItemState['DECIDED'], apps.meetings.states.ItemState['DECIDED']), (apps.meetings.states.ItemState['DEFERRED'], apps.meetings.states.ItemState['DEFERRED']), (apps.meetings.states.ItemState['WITHDRAWN'], apps.meetings.states.ItemState['WITHDRAWN'])], default=apps.meetings.states.ItemState['LISTED'], max_length=10)),
                ('is_consent', models.BooleanField(default=False)),
                ('minutes', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('added_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('spent_seconds', models.PositiveIntegerField(default=0)),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agenda_items', to='cab.change')),
                ('reopened_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ruled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='meetings.meeting')),
            ],
            options={
                'indexes': [models.Index(fields=['change'], name='item_by_change')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.meetings.states.ItemState['LISTED'], apps.meetings.states.ItemState['LATE'], apps.meetings.states.ItemState['CURRENT'], apps.meetings.states.ItemState['DECIDED'], apps.meetings.states.ItemState['DEFERRED'], apps.meetings.states.ItemState['WITHDRAWN']])), name='item_state_known'), models.CheckConstraint(condition=models.Q(('minutes__gte', 1), ('minutes__lte', 240)), name='item_minutes_in_range'), models.CheckConstraint(condition=models.Q(('ruled_by__isnull', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='item_ruled_with_reason', violation_error_message='Say why.'), models.CheckConstraint(condition=models.Q(models.Q(('state', apps.meetings.states.ItemState['DEFERRED']), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='item_deferred_with_reason', violation_error_message='Say why it is deferred.'), models.CheckConstraint(condition=models.Q(('is_consent', False), ('reopened_by__isnull', True), _connector='OR'), name='item_reopened_is_spoken_of'), models.CheckConstraint(condition=models.Q(('state', apps.meetings.states.ItemState['CURRENT']), ('taken_at__isnull', True), _connector='XOR'), name='item_current_has_time'), models.UniqueConstraint(fields=('meeting', 'change'), name='item_once', violation_error_message='This change is on the agenda already.'), models.UniqueConstraint(condition=models.Q(('state', apps.meetings.states.ItemState['CURRENT'])), fields=('meeting',), name='item_one_current', violation_error_message='Another item is being spoken of.'), models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('meeting', 'position'), name='item_place_once')],
            },
        ),
        migrations.CreateModel(
            name='Minutes',
            fields=[
                ('meeting', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='minutes', serialize=False, to='meetings.meeting')),
                ('drafted_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(blank=True, null=True)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('version', models.PositiveIntegerField(default=1)),
                ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('published_at__isnull', True)), fields=['drafted_at'], name='minutes_unpublished')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('digest', ''), ('published_at__isnull', True), ('published_by__isnull', True)), models.Q(('published_at__isnull', False), ('published_by__isnull', False), models.Q(('digest', ''), _negated=True)), _connector='OR'), name='minutes_published_are_sealed')],
            },
        ),
        migrations.CreateModel(
            name='Attendance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('capacity', models.CharField(max_length=60)),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to=settings.AUTH_USER_MODEL)),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='meetings.meeting')),
            ],
            options={
                'indexes': [models.Index(fields=['meeting'], name='attendance_by_meeting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('meeting', 'person'), name='attendance_one_stay', violation_error_message='You are in the room already.'), models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('left_at__gte', models.F('joined_at')), _connector='OR'), name='attendance_leaves_after_joining')],
            },
        ),
        migrations.CreateModel(
            name='ActionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=500)),
                ('due_on', models.DateField()),
                ('state', models.CharField(choices=[(apps.meetings.states.ActionState['OPEN'], apps.meetings.states.ActionState['OPEN']), (apps.meetings.states.ActionState['DONE'], apps.meetings.states.ActionState['DONE'])], default=apps.meetings.states.ActionState['OPEN'], max_length=8)),
                ('noted_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('noted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='meetings.agendaitem')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to='meetings.meeting')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.meetings.states.ActionState['OPEN'])), fields=['owner', 'due_on'], name='action_item_open'), models.Index(fields=['meeting'], name='action_item_by_meeting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.meetings.states.ActionState['OPEN'], apps.meetings.states.ActionState['DONE']])), name='action_item_state_known'), models.CheckConstraint(condition=models.Q(('state', apps.meetings.states.ActionState['DONE']), ('done_at__isnull', True), _connector='XOR'), name='action_item_done_has_time')],
            },
        ),
        migrations.CreateModel(
            name='MinutesSection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('opening', 'opening'), ('item', 'item'), ('closing', 'closing')], max_length=8)),
                ('facts', models.JSONField()),
                ('drafted', models.TextField(blank=True)),
                ('prose', models.TextField(blank=True)),
                ('written_at', models.DateTimeField(blank=True, null=True)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='minutes_section', to='meetings.agendaitem')),
                ('minutes', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sections', to='meetings.minutes')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['opening', 'item', 'closing'])), name='minutes_section_kind_known'), models.CheckConstraint(condition=models.Q(('kind', 'item'), ('item__isnull', True), _connector='XOR'), name='minutes_section_item_iff_kind'), models.CheckConstraint(condition=models.Q(('author__isnull', True), ('written_at__isnull', False), _connector='XOR'), name='minutes_section_author_has_time'), models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('prose'), 10000), name='minutes_section_prose_bounded', violation_error_message='A section holds at most 10000 characters.'), models.UniqueConstraint(fields=('minutes', 'position'), name='minutes_section_place_once')],
            },
        ),
        migrations.CreateModel(
            name='Addendum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('text', models.TextField()),
                ('reason', models.CharField(max_length=500)),
                ('at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('section', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='addenda', to='meetings.minutessection')),
                ('minutes', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='addenda', to='meetings.minutes')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('minutes', 'number'), name='addendum_once'), models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('reason', ''), _negated=True), models.Q(('digest', ''), _negated=True), django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('text'), 10000)), name='addendum_says_what_and_why', violation_error_message='Say what is corrected, and why.')],
            },
        ),
    ]
