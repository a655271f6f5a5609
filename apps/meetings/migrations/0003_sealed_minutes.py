"""What the journal said stays; published minutes stay; an addendum is written once, to published minutes."""

from django.db import migrations

GUARD = """
CREATE FUNCTION meetings_guard_minutes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'Published minutes stay as they are.'
            USING ERRCODE = 'restrict_violation', HINT = 'Write an addendum.';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER meetings_minutes_stay BEFORE UPDATE OR DELETE ON meetings_minutes
    FOR EACH ROW EXECUTE FUNCTION meetings_guard_minutes();

CREATE FUNCTION meetings_guard_section() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM meetings_minutes WHERE published_at IS NOT NULL
               AND meeting_id IN (OLD.minutes_id, NEW.minutes_id)) THEN
        RAISE EXCEPTION 'Published minutes stay as they are.'
            USING ERRCODE = 'restrict_violation', HINT = 'Write an addendum.';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.minutes_id, NEW.position, NEW.kind, NEW.item_id, NEW.facts, NEW.drafted)
            IS DISTINCT FROM (OLD.minutes_id, OLD.position, OLD.kind, OLD.item_id, OLD.facts, OLD.drafted) THEN
        RAISE EXCEPTION 'What the journal said of a meeting stays in its minutes.'
            USING ERRCODE = 'restrict_violation', HINT = 'Write it in the prose beside it.';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER meetings_section_stays BEFORE INSERT OR UPDATE OR DELETE ON meetings_minutessection
    FOR EACH ROW EXECUTE FUNCTION meetings_guard_section();

CREATE FUNCTION meetings_guard_addendum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'An addendum stays as it is.'
            USING ERRCODE = 'restrict_violation', HINT = 'Write another.';
    END IF;
    IF NOT EXISTS (SELECT FROM meetings_minutes WHERE meeting_id = NEW.minutes_id AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'Only published minutes have addenda.'
            USING ERRCODE = 'restrict_violation', HINT = 'Edit the draft.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meetings_addendum_stays BEFORE INSERT OR UPDATE OR DELETE ON meetings_addendum
    FOR EACH ROW EXECUTE FUNCTION meetings_guard_addendum();
"""
UNGUARD = """
DROP TRIGGER meetings_addendum_stays ON meetings_addendum;
DROP FUNCTION meetings_guard_addendum();
DROP TRIGGER meetings_section_stays ON meetings_minutessection;
DROP FUNCTION meetings_guard_section();
DROP TRIGGER meetings_minutes_stay ON meetings_minutes;
DROP FUNCTION meetings_guard_minutes();
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0002_guarded_agenda")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
