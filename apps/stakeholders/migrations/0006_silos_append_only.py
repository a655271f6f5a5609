"""What was assessed and answered never changes: the database itself refuses it."""

from django.db import migrations

TABLES = ("silorun", "silostanding", "siloassessment", "siloanswer", "siloweighting")
FORWARD = """
CREATE FUNCTION stakeholders_refuse_reassessing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An assessment or an answer is never rewritten or removed.'
        USING ERRCODE = 'restrict_violation', HINT = 'Assess anew, or answer in the next round.';
END $$;
""" + "\n".join(
    f"CREATE TRIGGER stakeholders_{one}_append_only BEFORE UPDATE OR DELETE ON stakeholders_{one} "
    "FOR EACH ROW EXECUTE FUNCTION stakeholders_refuse_reassessing();"
    for one in TABLES
)
BACKWARD = (
    "\n".join(f"DROP TRIGGER stakeholders_{one}_append_only ON stakeholders_{one};" for one in TABLES)
    + "\nDROP FUNCTION stakeholders_refuse_reassessing();"
)


class Migration(migrations.Migration):
    dependencies = [("stakeholders", "0005_silos")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
