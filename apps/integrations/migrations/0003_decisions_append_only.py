"""What a decision says never changes; only its state moves on: the database itself refuses anything else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION integrations_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'state' - 'reopened_at' <> to_jsonb(OLD) - 'state' - 'reopened_at'
        OR OLD.state = 'superseded' AND NEW.state <> 'superseded' OR OLD.state = 'reopened' AND NEW.state = 'decided'
        OR OLD.reopened_at IS NOT NULL AND NEW.reopened_at IS DISTINCT FROM OLD.reopened_at
    THEN
        RAISE EXCEPTION 'A decision is never rewritten.'
            USING ERRCODE = 'restrict_violation', HINT = 'Decide again.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER integrations_decision_append_only BEFORE UPDATE ON integrations_patterndecision
    FOR EACH ROW EXECUTE FUNCTION integrations_refuse_rewriting();
"""
BACKWARD = """
DROP TRIGGER integrations_decision_append_only ON integrations_patterndecision;
DROP FUNCTION integrations_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_pattern_decisions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
