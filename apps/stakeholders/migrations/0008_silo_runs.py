"""A run of the silo assessment is a job: it may change until it is over, and what is half written may be taken back."""

from django.conf import settings
from django.db import migrations, models

import apps.stakeholders.states

_DROPPED = """
DROP TRIGGER stakeholders_silorun_append_only ON stakeholders_silorun;
DROP TRIGGER stakeholders_siloassessment_append_only ON stakeholders_siloassessment;
"""
_RESTORED = "\n".join(
    f"CREATE TRIGGER stakeholders_{one}_append_only BEFORE UPDATE OR DELETE ON stakeholders_{one} "
    "FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_reassessing();"
    for one in ("silorun", "siloassessment")
)
_FILLED = """
UPDATE stakeholders_silorun SET asked_at = ran_at, ended_at = ran_at, state = 'done', attempts = 1,
    total = (counts->>'pairs')::int, done = (counts->>'pairs')::int;
"""
_REFUSED = """
    RAISE EXCEPTION 'An assessment or an answer is never rewritten or removed.'
        USING ERRCODE = 'restrict_violation', HINT = 'Assess anew, or answer in the next round.';
END $$;
"""
_KEPT = f"""
CREATE FUNCTION stakeholders_refuse_rewriting_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL THEN RETURN NEW; END IF;
{_REFUSED}
CREATE FUNCTION stakeholders_refuse_rewriting_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM stakeholders_silorun WHERE id = OLD.run_id AND ended_at IS NULL
    ) THEN RETURN OLD; END IF;
{_REFUSED}
CREATE TRIGGER stakeholders_silorun_append_only BEFORE UPDATE OR DELETE ON stakeholders_silorun
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting_runs();
CREATE TRIGGER stakeholders_siloassessment_append_only BEFORE UPDATE OR DELETE ON stakeholders_siloassessment
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting_results();
"""
_LET_GO = f"""{_DROPPED}
DROP FUNCTION stakeholders_refuse_rewriting_runs();
DROP FUNCTION stakeholders_refuse_rewriting_results();
"""
_STATES = apps.stakeholders.states.SiloRunState
_UNFINISHED = ("waiting", "running")


class Migration(migrations.Migration):
    dependencies = [("stakeholders", "0007_escalations"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.RunSQL(_DROPPED, _RESTORED),
        migrations.RemoveConstraint(model_name="silorun", name="silo_run_scheduled_once_a_month"),
        migrations.AddField("silorun", "asked_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "silorun",
            "state",
            models.CharField(
                choices=[(one.value, one.value) for one in _STATES], default=_STATES.WAITING, max_length=7
            ),
        ),
        migrations.AddField("silorun", "attempts", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("silorun", "total", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("silorun", "done", models.PositiveIntegerField(default=0)),
        migrations.AddField("silorun", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("silorun", "failure", models.CharField(blank=True, max_length=300)),
        migrations.AlterField("silorun", "ran_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField("silorun", "rules_version", models.PositiveSmallIntegerField(default=0)),
        migrations.AlterField("silorun", "inputs_sha256", models.CharField(blank=True, max_length=64)),
        migrations.AlterField("silorun", "weights", models.JSONField(blank=True, default=dict)),
        migrations.AlterField("silorun", "counts", models.JSONField(blank=True, default=dict)),
        migrations.RunSQL(_FILLED, migrations.RunSQL.noop),
        migrations.AlterField("silorun", "asked_at", models.DateTimeField()),
        migrations.AddConstraint(
            "silorun",
            models.CheckConstraint(condition=models.Q(state__in=[*_STATES]), name="silo_run_state_known"),
        ),
        migrations.AddConstraint(
            "silorun",
            models.CheckConstraint(
                condition=models.Q(("state__in", _UNFINISHED)) ^ models.Q(ended_at__isnull=False),
                name="silo_run_over_has_time",
            ),
        ),
        migrations.AddConstraint(
            "silorun",
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | (
                    models.Q(ran_at__isnull=False, total=models.F("done"), rules_version__gte=1)
                    & ~models.Q(inputs_sha256="")
                ),
                name="silo_run_done_is_whole",
            ),
        ),
        migrations.AddConstraint(
            "silorun",
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=models.Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="silo_run_one_at_a_time",
                violation_error_message="Another assessment was begun in the meantime.",
            ),
        ),
        migrations.AddConstraint(
            "silorun",
            models.UniqueConstraint(
                fields=["month"],
                condition=models.Q(by__isnull=True) & ~models.Q(state="failed"),
                name="silo_run_scheduled_once_a_month",
                violation_error_message="This month was assessed already.",
            ),
        ),
        migrations.RunSQL(_KEPT, _LET_GO),
    ]
