"""Offers and signatures never change, nor does a floor's text once it was adopted: the database itself refuses it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION stakeholders_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An offer or a signature is never rewritten or removed.'
        USING ERRCODE = 'restrict_violation', HINT = 'Make another offer.';
END $$;
CREATE TRIGGER stakeholders_offer_append_only BEFORE UPDATE OR DELETE ON stakeholders_thresholdoffer
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting();
CREATE TRIGGER stakeholders_signature_append_only BEFORE UPDATE OR DELETE ON stakeholders_thresholdsignature
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting();
CREATE FUNCTION stakeholders_refuse_rewriting_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state <> 'draft' AND (
        NEW.thresholds IS DISTINCT FROM OLD.thresholds OR NEW.digest <> OLD.digest OR NEW.number <> OLD.number
        OR NEW.written_by_id <> OLD.written_by_id OR NEW.state = 'draft'
        OR NEW.adopted_by_id IS DISTINCT FROM OLD.adopted_by_id OR NEW.adopted_at IS DISTINCT FROM OLD.adopted_at
    ) THEN
        RAISE EXCEPTION 'A version of the floor is never rewritten or removed.'
            USING ERRCODE = 'restrict_violation', HINT = 'Write a new draft.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stakeholders_floor_append_only BEFORE UPDATE OR DELETE ON stakeholders_thresholdfloor
    FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_rewriting_floor();
"""
BACKWARD = """
DROP TRIGGER stakeholders_offer_append_only ON stakeholders_thresholdoffer;
DROP TRIGGER stakeholders_signature_append_only ON stakeholders_thresholdsignature;
DROP TRIGGER stakeholders_floor_append_only ON stakeholders_thresholdfloor;
DROP FUNCTION stakeholders_refuse_rewriting();
DROP FUNCTION stakeholders_refuse_rewriting_floor();
"""


class Migration(migrations.Migration):
    dependencies = [("stakeholders", "0002_thresholds")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
