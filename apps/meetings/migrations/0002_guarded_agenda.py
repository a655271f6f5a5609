"""From its lock on, an agenda changes by the acts that the states allow, and by nothing else."""

from django.db import migrations

GUARD = """
CREATE FUNCTION meetings_guard_agenda() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stands text;
BEGIN
    SELECT state INTO stands FROM meetings_meeting WHERE id = COALESCE(NEW.meeting_id, OLD.meeting_id);
    IF stands = 'planned' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF stands IN ('closed', 'minutes_published', 'cancelled') THEN
        RAISE EXCEPTION 'The agenda of a meeting that is % stays as it is.', stands
            USING ERRCODE = 'restrict_violation', HINT = 'Put it on the agenda of a later meeting.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'Nothing is taken off a locked agenda.'
            USING ERRCODE = 'restrict_violation', HINT = 'Defer the item.';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.state <> 'late' THEN
        RAISE EXCEPTION 'What comes onto a locked agenda waits for the chair.'
            USING ERRCODE = 'restrict_violation', HINT = 'Add it as late; the chair admits it.';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.meeting_id, NEW.change_id, NEW.added_at)
            IS DISTINCT FROM (OLD.meeting_id, OLD.change_id, OLD.added_at) THEN
        RAISE EXCEPTION 'An item of a locked agenda stays what it is.'
            USING ERRCODE = 'restrict_violation', HINT = 'Defer it and admit another.';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state <> 'listed' AND OLD.state <> 'current' AND NEW.state = 'listed'
            AND NEW.ruled_by_id IS NULL THEN
        RAISE EXCEPTION 'Only the chair admits an item to a locked agenda.'
            USING ERRCODE = 'restrict_violation', HINT = 'Let the chair admit it with a reason.';
    END IF;
    IF TG_OP = 'UPDATE' AND stands = 'agenda_locked' AND NEW.state = OLD.state AND NEW.position <> OLD.position THEN
        RAISE EXCEPTION 'The order of a locked agenda changes in session only.'
            USING ERRCODE = 'restrict_violation', HINT = 'Open the meeting first.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meetings_agenda_guarded BEFORE INSERT OR UPDATE OR DELETE ON meetings_agendaitem
    FOR EACH ROW EXECUTE FUNCTION meetings_guard_agenda();
"""
UNGUARD = """
DROP TRIGGER meetings_agenda_guarded ON meetings_agendaitem;
DROP FUNCTION meetings_guard_agenda();
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
