import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        # Both extensions are trusted: the database's owner may create them, no superuser is needed.
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Cluster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80)),
                ('name', models.CharField(max_length=120)),
                ('purpose', models.TextField(blank=True)),
                ('zone', models.CharField(default='UTC', max_length=64)),
                ('visibility', models.CharField(choices=[('open', 'everyone who signs in'), ('restricted', 'its own people and auditors')], default='open', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'permissions': [('own_cluster', 'Owns the cluster: edits it, decides for it'), ('operate_cluster', 'Operates the cluster: implements changes on it')],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='cluster_slug_once', violation_error_message='A cluster of this short name already exists.'), models.CheckConstraint(condition=models.Q(('visibility__in', ['open', 'restricted'])), name='cluster_visibility_known')],
            },
        ),
        migrations.CreateModel(
            name='CatalogImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200)),
                ('format', models.CharField(choices=[('csv', 'CSV'), ('backstage', 'Backstage catalog-info.yaml')], max_length=10)),
                ('options', models.JSONField(default=dict)),
                ('content', models.BinaryField(null=True)),
                ('sha256', models.CharField(max_length=64)),
                ('counts', models.JSONField(default=dict)),
                ('rejections', models.JSONField(default=list)),
                ('uploaded_at', models.DateTimeField()),
                ('applied_at', models.DateTimeField(null=True)),
                ('uploader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('format__in', ['csv', 'backstage'])), name='catalog_format_known'), models.CheckConstraint(condition=models.Q(('applied_at__isnull', True), ('content__isnull', True), _connector='XOR'), name='catalog_content_until_applied')],
            },
        ),
        migrations.CreateModel(
            name='Component',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(default='service', max_length=40)),
                ('tier', models.PositiveSmallIntegerField(choices=[(0, '0 · foundation'), (1, '1 · critical'), (2, '2 · important'), (3, '3 · ordinary')], default=3)),
                ('lifecycle', models.CharField(choices=[('experimental', 'experimental'), ('production', 'production'), ('deprecated', 'deprecated'), ('retired', 'retired')], default='production', max_length=14)),
                ('description', models.TextField(blank=True)),
                ('owner_name', models.CharField(blank=True, max_length=200)),
                ('sites', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), blank=True, default=list, size=None)),
                ('source', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('cluster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='components', to='clusters.cluster')),
            ],
            options={
                'permissions': [('own_component', 'Owns the component'), ('operate_component', 'Operates the component: implements changes on it')],
                'default_permissions': (),
                'indexes': [django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='component_name_trgm')],
                'constraints': [models.UniqueConstraint(fields=('cluster', 'slug'), name='component_slug_once', violation_error_message='This cluster already has a component of that name.'), models.CheckConstraint(condition=models.Q(('tier__in', [0, 1, 2, 3])), name='component_tier_known'), models.CheckConstraint(condition=models.Q(('lifecycle__in', ['experimental', 'production', 'deprecated', 'retired'])), name='component_lifecycle_known')],
            },
        ),
        migrations.CreateModel(
            name='ClusterGroupObjectPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clusters.cluster')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
            ],
            options={
                'abstract': False,
                'unique_together': {('group', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='ClusterUserObjectPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clusters.cluster')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'unique_together': {('user', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='ComponentGroupObjectPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clusters.component')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
            ],
            options={
                'abstract': False,
                'unique_together': {('group', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='ComponentUserObjectPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clusters.component')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'unique_together': {('user', 'permission', 'content_object')},
            },
        ),
        migrations.CreateModel(
            name='Dependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(default='calls', max_length=40)),
                ('source', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('consumer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='needs', to='clusters.component')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='needed_by', to='clusters.component')),
            ],
            options={
                'indexes': [models.Index(fields=['provider', 'consumer'], name='dependency_by_provider')],
                'constraints': [models.UniqueConstraint(fields=('consumer', 'provider', 'kind'), name='dependency_once', violation_error_message='This dependency is already declared.'), models.CheckConstraint(condition=models.Q(('consumer', models.F('provider')), _negated=True), name='dependency_not_self', violation_error_message='A component cannot depend on itself.')],
            },
        ),
    ]
