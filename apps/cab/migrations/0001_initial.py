import apps.cab.states
import apps.kernel.fields
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('clusters', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Board',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('purpose', models.TextField(blank=True)),
                ('kind', models.CharField(choices=[('enterprise', 'enterprise'), ('cross_cluster', 'cross-cluster'), ('cluster', 'cluster'), ('emergency', 'emergency')], max_length=14)),
                ('quorum_count', models.PositiveSmallIntegerField(default=2, help_text='At least this many seats must have voted.')),
                ('quorum_share', models.DecimalField(decimal_places=2, default=0, help_text='At least this share (0 to 1) of those who may vote.', max_digits=3)),
                ('quorum_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='Seat roles or functions that must have voted.', size=None)),
                ('majority', models.CharField(choices=[('simple', 'more approve than not'), ('absolute', 'more than half of all who may vote approve'), ('two_thirds', 'at least two thirds approve'), ('unanimous', 'nobody is against')], default='simple', max_length=12)),
                ('hides_ballots', models.BooleanField(default=True, help_text='Ballots stay hidden from other voters until the round closes.')),
                ('decision_hours', models.PositiveSmallIntegerField(default=72, help_text='Hours a round stays open.')),
                ('version', models.PositiveIntegerField(default=1)),
                ('cluster', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='boards', to='clusters.cluster')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['enterprise', 'cross_cluster', 'cluster', 'emergency'])), name='board_kind_known'), models.CheckConstraint(condition=models.Q(('majority__in', ['simple', 'absolute', 'two_thirds', 'unanimous'])), name='board_majority_known'), models.CheckConstraint(condition=models.Q(('kind', 'cluster'), ('cluster__isnull', True), _connector='XOR'), name='board_cluster_iff_kind', violation_error_message='A cluster board names its cluster; other boards name none.'), models.CheckConstraint(condition=models.Q(('quorum_count__gte', 1), ('quorum_share__gte', 0), ('quorum_share__lte', 1)), name='board_quorum_in_range', violation_error_message='A quorum needs at least one seat and a share between 0 and 1.'), models.CheckConstraint(condition=models.Q(('decision_hours__gte', 1), ('decision_hours__lte', 2160)), name='board_decision_hours_in_range', violation_error_message='A round stays open between 1 hour and 90 days.'), models.UniqueConstraint(condition=models.Q(('kind__in', ['enterprise', 'cross_cluster', 'emergency'])), fields=('kind',), name='board_one_of_kind', violation_error_message='There is already a board of this kind.'), models.UniqueConstraint(fields=('cluster',), name='board_one_per_cluster', violation_error_message='This cluster already has its board.')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(unique=True)),
                ('type', models.CharField(choices=[('standard', 'standard'), ('normal', 'normal'), ('emergency', 'emergency')], default='normal', max_length=10)),
                ('title', models.CharField(max_length=300)),
                ('purpose', models.TextField(blank=True)),
                ('implementation_plan', models.TextField(blank=True)),
                ('test_plan', models.TextField(blank=True)),
                ('communication_plan', models.TextField(blank=True)),
                ('backout_plan', models.TextField(blank=True)),
                ('window_start_local', apps.kernel.fields.WallClockField(blank=True, null=True)),
                ('window_end_local', apps.kernel.fields.WallClockField(blank=True, null=True)),
                ('window_zone', models.CharField(blank=True, max_length=64)),
                ('window_start_at', models.DateTimeField(null=True)),
                ('window_end_at', models.DateTimeField(null=True)),
                ('downtime_minutes', models.PositiveIntegerField(default=0)),
                ('links', models.JSONField(blank=True, default=list)),
                ('state', models.CharField(choices=[(apps.cab.states.ChangeState['DRAFT'], 'draft'), (apps.cab.states.ChangeState['SUBMITTED'], 'submitted'), (apps.cab.states.ChangeState['ASSESSING'], 'assessing'), (apps.cab.states.ChangeState['AWAITING_AUTHORIZATION'], 'awaiting authorization'), (apps.cab.states.ChangeState['AUTHORIZED'], 'authorized'), (apps.cab.states.ChangeState['SCHEDULED'], 'scheduled'), (apps.cab.states.ChangeState['IMPLEMENTING'], 'implementing'), (apps.cab.states.ChangeState['IMPLEMENTED'], 'implemented'), (apps.cab.states.ChangeState['IN_REVIEW'], 'in review'), (apps.cab.states.ChangeState['CLOSED'], 'closed'), (apps.cab.states.ChangeState['REJECTED'], 'rejected'), (apps.cab.states.ChangeState['CHANGES_REQUESTED'], 'changes requested'), (apps.cab.states.ChangeState['CANCELLED'], 'cancelled')], default=apps.cab.states.ChangeState['DRAFT'], max_length=24)),
                ('outcome', models.CharField(blank=True, choices=[(apps.cab.states.Outcome['SUCCESSFUL'], 'successful'), (apps.cab.states.Outcome['SUCCESSFUL_WITH_ISSUES'], 'successful with issues'), (apps.cab.states.Outcome['UNSUCCESSFUL'], 'unsuccessful'), (apps.cab.states.Outcome['BACKED_OUT'], 'backed out'), (apps.cab.states.Outcome['NOT_IMPLEMENTED'], 'not implemented')], max_length=24)),
                ('on_hold', models.BooleanField(default=False)),
                ('unauthorized', models.BooleanField(default=False)),
                ('latent', models.BooleanField(default=False)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('risk', models.PositiveSmallIntegerField(default=1)),
                ('risk_computed', models.PositiveSmallIntegerField(default=1)),
                ('risk_factors', models.JSONField(default=list)),
                ('risk_reason', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
                ('deadline_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('implemented_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('source', models.CharField(blank=True, max_length=80)),
                ('external_id', models.CharField(blank=True, max_length=200)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector('title', config='english', weight='A'), '||', django.contrib.postgres.search.SearchVector('purpose', config='english', weight='B'), django.contrib.postgres.search.SearchConfig('english')), '||', django.contrib.postgres.search.SearchVector('implementation_plan', 'backout_plan', config='english', weight='C'), django.contrib.postgres.search.SearchConfig('english')), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='clusters.cluster')),
                ('implementer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes_implemented', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes_requested', to=settings.AUTH_USER_MODEL)),
                ('risk_raised_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('held_at', models.DateTimeField(null=True)),
                ('risk_raised_to', models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['state', '-number'], name='change_by_state'), models.Index(fields=['cluster', '-number'], name='change_by_cluster'), models.Index(fields=['requester', '-number'], name='change_by_requester'), models.Index(fields=['risk', '-number'], name='change_by_risk'), models.Index(condition=models.Q(('window_start_at__isnull', False)), fields=['window_start_at', 'window_end_at'], name='change_by_window'), models.Index(condition=models.Q(('implemented_at__isnull', False)), fields=['implemented_at', 'id'], name='change_by_implemented'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='change_by_words')],
                'constraints': [models.CheckConstraint(condition=models.Q(('type__in', ['standard', 'normal', 'emergency'])), name='change_type_known'), models.CheckConstraint(condition=models.Q(('state__in', [apps.cab.states.ChangeState['DRAFT'], apps.cab.states.ChangeState['SUBMITTED'], apps.cab.states.ChangeState['ASSESSING'], apps.cab.states.ChangeState['AWAITING_AUTHORIZATION'], apps.cab.states.ChangeState['AUTHORIZED'], apps.cab.states.ChangeState['SCHEDULED'], apps.cab.states.ChangeState['IMPLEMENTING'], apps.cab.states.ChangeState['IMPLEMENTED'], apps.cab.states.ChangeState['IN_REVIEW'], apps.cab.states.ChangeState['CLOSED'], apps.cab.states.ChangeState['REJECTED'], apps.cab.states.ChangeState['CHANGES_REQUESTED'], apps.cab.states.ChangeState['CANCELLED']])), name='change_state_known'), models.CheckConstraint(condition=models.Q(('outcome__in', ['', apps.cab.states.Outcome['SUCCESSFUL'], apps.cab.states.Outcome['SUCCESSFUL_WITH_ISSUES'], apps.cab.states.Outcome['UNSUCCESSFUL'], apps.cab.states.Outcome['BACKED_OUT'], apps.cab.states.Outcome['NOT_IMPLEMENTED']])), name='change_outcome_known'), models.CheckConstraint(condition=models.Q(models.Q(('window_end_at__isnull', True), ('window_end_local__isnull', True), ('window_start_at__isnull', True), ('window_start_local__isnull', True), ('window_zone', '')), models.Q(('window_end_at__gt', models.F('window_start_at')), ('window_end_local__isnull', False), ('window_start_at__isnull', False), ('window_start_local__isnull', False), models.Q(('window_zone', ''), _negated=True)), _connector='OR'), name='change_window_whole', violation_error_message='A window has a start, a later end and a zone, or none of them.'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', [apps.cab.states.ChangeState['SCHEDULED']]), _negated=True), ('window_start_at__isnull', False), _connector='OR'), name='change_scheduled_has_window', violation_error_message='A scheduled change has a window.'), models.CheckConstraint(condition=models.Q(('outcome', ''), ('state__in', ['implemented', 'in_review', 'closed', 'cancelled']), _connector='OR'), name='change_outcome_after_work', violation_error_message='An outcome is told when the work has ended.'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('source', 'external_id'), name='change_external_once', violation_error_message='This record has already been imported.'), models.CheckConstraint(condition=models.Q(('risk', django.db.models.functions.comparison.Greatest('risk_computed', 'risk_raised_to')), ('risk__gte', 1), ('risk__lte', 5), ('risk_computed__gte', 1)), name='change_risk_never_lowered', violation_error_message='A risk may be raised above what was computed, never lowered below it.'), models.CheckConstraint(condition=models.Q(models.Q(('risk_raised_by__isnull', True), ('risk_raised_to__isnull', True), ('risk_reason', '')), models.Q(('risk_raised_by__isnull', False), ('risk_raised_to__isnull', False), models.Q(('risk_reason', ''), _negated=True)), _connector='OR'), name='change_raised_risk_has_reason', violation_error_message='Raising a risk needs a reason.'), models.CheckConstraint(condition=models.Q(('on_hold', True), ('held_at__isnull', True), _connector='XOR'), name='change_held_has_time')],
            },
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=300)),
                ('file_sha256', models.CharField(max_length=64)),
                ('file', models.FileField(blank=True, null=True, upload_to='imports/%Y/%m')),
                ('map_name', models.CharField(max_length=80)),
                ('map', models.JSONField()),
                ('source', models.CharField(max_length=80)),
                ('is_dry', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='waiting', max_length=8)),
                ('total_rows', models.PositiveIntegerField(null=True)),
                ('done_rows', models.PositiveIntegerField(default=0)),
                ('created_rows', models.PositiveIntegerField(default=0)),
                ('unchanged_rows', models.PositiveIntegerField(default=0)),
                ('updated_rows', models.PositiveIntegerField(default=0)),
                ('rejected_rows', models.PositiveIntegerField(default=0)),
                ('failure', models.TextField(blank=True)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'failed'])), name='import_state_known')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(max_length=1000)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'name'), name='saved_view_once', violation_error_message='You already have a view of that name.')],
            },
        ),
        migrations.CreateModel(
            name='ChangeComponent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='touched', to='cab.change')),
                ('component', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='touching', to='clusters.component')),
            ],
            options={
                'indexes': [models.Index(fields=['component', 'change'], name='change_by_component')],
                'constraints': [models.UniqueConstraint(fields=('change', 'component'), name='change_component_once')],
            },
        ),
        migrations.CreateModel(
            name='CoAuthorship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='cab.change')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['person', 'change'], name='co_author_by_person')],
                'constraints': [models.UniqueConstraint(fields=('change', 'person'), name='co_author_once')],
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('board', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='cab.board')),
                ('from_person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_given', to=settings.AUTH_USER_MODEL)),
                ('to_person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_held', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('from_person', models.F('to_person')), _negated=True), name='delegation_not_to_self', violation_error_message='You cannot delegate to yourself.'), models.CheckConstraint(condition=models.Q(('days__endswith__isnull', False), ('days__isempty', False), ('days__startswith__isnull', False)), name='delegation_days_bounded', violation_error_message='A delegation has a first and a last day.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('revoked_at__isnull', True)), expressions=[('board', '='), ('from_person', '='), ('days', '&&')], name='delegation_one_at_a_time', violation_error_message='You already delegate on this board in that time.')],
            },
        ),
        migrations.CreateModel(
            name='ImportRejection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField()),
                ('place', models.CharField(max_length=300)),
                ('field', models.CharField(blank=True, max_length=80)),
                ('value', models.CharField(blank=True, max_length=300)),
                ('reason', models.TextField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rejections', to='cab.importrun')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'row', 'field'), name='import_rejection_once')],
            },
        ),
        migrations.CreateModel(
            name='LastLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='cab.change')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'change'), name='last_look_once')],
            },
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after', models.DurationField()),
                ('reason', models.TextField(blank=True)),
                ('undoing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='undid', to='cab.change')),
                ('undone', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reversals', to='cab.change')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('undone', 'undoing'), name='reversal_once'), models.CheckConstraint(condition=models.Q(('undone', models.F('undoing')), _negated=True), name='reversal_not_self')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[(apps.cab.states.ReviewState['PLANNED'], apps.cab.states.ReviewState['PLANNED']), (apps.cab.states.ReviewState['DONE'], apps.cab.states.ReviewState['DONE'])], default=apps.cab.states.ReviewState['PLANNED'], max_length=8)),
                ('due_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('escalated_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('expected', models.TextField(blank=True)),
                ('happened', models.TextField(blank=True)),
                ('learned', models.TextField(blank=True)),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review', to='cab.change')),
                ('reviewer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.cab.states.ReviewState['PLANNED'])), fields=['due_at'], name='review_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.cab.states.ReviewState['PLANNED'], apps.cab.states.ReviewState['DONE']])), name='review_state_known'), models.CheckConstraint(condition=models.Q(('state', apps.cab.states.ReviewState['PLANNED']), ('done_at__isnull', False), _connector='XOR'), name='review_done_has_time')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('is_material', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='cab.change')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('change', 'number'), name='revision_once', violation_error_message='Someone else saved this change first.')],
            },
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('revision', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[(apps.cab.states.RoundState['OPEN'], apps.cab.states.RoundState['OPEN']), (apps.cab.states.RoundState['DECIDED'], apps.cab.states.RoundState['DECIDED']), (apps.cab.states.RoundState['INVALIDATED'], apps.cab.states.RoundState['INVALIDATED']), (apps.cab.states.RoundState['LAPSED'], apps.cab.states.RoundState['LAPSED']), (apps.cab.states.RoundState['WITHDRAWN'], apps.cab.states.RoundState['WITHDRAWN'])], default=apps.cab.states.RoundState['OPEN'], max_length=12)),
                ('verdict', models.CharField(blank=True, choices=[('approved', 'approved'), ('approved_with_conditions', 'approved with conditions'), ('rejected', 'rejected'), ('changes_requested', 'changes requested')], max_length=24)),
                ('rule', models.JSONField()),
                ('tally', models.JSONField(default=dict)),
                ('opened_at', models.DateTimeField()),
                ('closes_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('board', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='cab.board')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='cab.change')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.cab.states.RoundState['OPEN'])), fields=['board', 'closes_at'], name='round_open_by_board'), models.Index(fields=['board', '-id'], name='round_by_board')],
                'constraints': [models.UniqueConstraint(fields=('change', 'number'), name='round_once'), models.UniqueConstraint(condition=models.Q(('state', apps.cab.states.RoundState['OPEN'])), fields=('change',), name='round_one_open', violation_error_message='A round is already open for this change.'), models.CheckConstraint(condition=models.Q(('state__in', [apps.cab.states.RoundState['OPEN'], apps.cab.states.RoundState['DECIDED'], apps.cab.states.RoundState['INVALIDATED'], apps.cab.states.RoundState['LAPSED'], apps.cab.states.RoundState['WITHDRAWN']])), name='round_state_known'), models.CheckConstraint(condition=models.Q(('verdict__in', ['', 'approved', 'approved_with_conditions', 'rejected', 'changes_requested'])), name='round_verdict_known'), models.CheckConstraint(condition=models.Q(('state', apps.cab.states.RoundState['OPEN']), ('closed_at__isnull', False), _connector='XOR'), name='round_closed_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('state', apps.cab.states.RoundState['DECIDED']), _negated=True), models.Q(('verdict', ''), _negated=True), _connector='OR'), name='round_decided_has_verdict')],
            },
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('chair', 'chair'), ('voter', 'voter'), ('adviser', 'adviser')], default='voter', max_length=8)),
                ('function', models.CharField(blank=True, help_text='What the seat stands for, such as “security”.', max_length=40)),
                ('term', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('board', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seats', to='cab.board')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seats', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['chair', 'voter', 'adviser'])), name='seat_role_known'), models.CheckConstraint(condition=models.Q(('term__isempty', False), ('term__startswith__isnull', False)), name='seat_term_not_empty', violation_error_message='A term starts before it ends.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('board', '='), ('person', '='), ('term', '&&')], name='seat_terms_do_not_overlap', violation_error_message='This person already has a seat on this board in that time.')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='attachments/%Y/%m')),
                ('name', models.CharField(max_length=200)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('added_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='cab.change')),
            ],
        ),
        migrations.CreateModel(
            name='ImportedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=80)),
                ('external_id', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('reverts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), default=list, size=None)),
                ('revert_reason', models.TextField(blank=True)),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='imported', to='cab.change')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='records', to='cab.importrun')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(condition=models.Q(('reverts', []), _negated=True), fields=['reverts'], name='imported_by_reverts')],
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='imported_record_once')],
            },
        ),
        migrations.CreateModel(
            name='NamedApprover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='named_approvers', to='cab.change')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('change', 'person'), name='named_approver_once')],
            },
        ),
        migrations.CreateModel(
            name='Ballot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField()),
                ('seat_role', models.CharField(max_length=8)),
                ('seat_function', models.CharField(blank=True, max_length=40)),
                ('choice', models.CharField(choices=[('approve', 'approve'), ('approve_with_conditions', 'approve with conditions'), ('reject', 'reject'), ('request_changes', 'request changes'), ('abstain', 'abstain'), ('recuse', 'recuse')], max_length=24)),
                ('reason', models.TextField(blank=True)),
                ('cast_at', models.DateTimeField()),
                ('cast_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('voter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ballots', to=settings.AUTH_USER_MODEL)),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ballots', to='cab.round')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('round', 'voter'), name='ballot_once', violation_error_message='This seat has already voted in this round.'), models.CheckConstraint(condition=models.Q(('choice__in', ['approve', 'approve_with_conditions', 'reject', 'request_changes', 'abstain', 'recuse'])), name='ballot_choice_known'), models.CheckConstraint(condition=models.Q(('choice__in', ['approve', 'approve_with_conditions', 'abstain']), models.Q(('reason', ''), _negated=True), _connector='OR'), name='ballot_says_why', violation_error_message='Say why: this ballot needs a reason.')],
            },
        ),
        migrations.CreateModel(
            name='Condition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[(apps.cab.states.ConditionState['OPEN'], apps.cab.states.ConditionState['OPEN']), (apps.cab.states.ConditionState['MET'], apps.cab.states.ConditionState['MET']), (apps.cab.states.ConditionState['WAIVED'], apps.cab.states.ConditionState['WAIVED'])], default=apps.cab.states.ConditionState['OPEN'], max_length=8)),
                ('closed_at', models.DateTimeField(null=True)),
                ('evidence', models.TextField(blank=True)),
                ('ballot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conditions', to='cab.ballot')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conditions', to='cab.change')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', apps.cab.states.ConditionState['OPEN'])), fields=['change'], name='condition_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', [apps.cab.states.ConditionState['OPEN'], apps.cab.states.ConditionState['MET'], apps.cab.states.ConditionState['WAIVED']])), name='condition_state_known'), models.CheckConstraint(condition=models.Q(('state', apps.cab.states.ConditionState['OPEN']), ('closed_at__isnull', False), _connector='XOR'), name='condition_closed_has_time')],
            },
        ),
        migrations.AddField(
            model_name='Change',
            name='components',
            field=models.ManyToManyField(related_name='changes', through='cab.ChangeComponent', to='clusters.component'),
        ),
        migrations.AddField(
            model_name='Change',
            name='co_authors',
            field=models.ManyToManyField(related_name='changes_coauthored', through='cab.CoAuthorship', to=settings.AUTH_USER_MODEL),
        ),
    ]
