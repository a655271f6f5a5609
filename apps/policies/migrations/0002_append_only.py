"""What a version says never changes once it has been enabled: the database itself refuses it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION policies_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'draft' AND (
        NEW.rows IS DISTINCT FROM OLD.rows OR NEW.digest <> OLD.digest OR NEW.number <> OLD.number
        OR NEW.policy_id <> OLD.policy_id OR NEW.author_id <> OLD.author_id OR NEW.state = 'draft'
        OR NEW.enabled_by_id IS DISTINCT FROM OLD.enabled_by_id OR NEW.enabled_at IS DISTINCT FROM OLD.enabled_at
    ) THEN
        RAISE EXCEPTION 'A version of a policy is never rewritten or removed.'
            USING ERRCODE = 'restrict_violation', HINT = 'Save a new draft.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_version_append_only BEFORE UPDATE OR DELETE ON policies_policyversion
    FOR EACH ROW EXECUTE FUNCTION policies_refuse_rewriting();
"""
BACKWARD = """
DROP TRIGGER policies_version_append_only ON policies_policyversion;
DROP FUNCTION policies_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
