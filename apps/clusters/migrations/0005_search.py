"""The words of what the catalogue holds, kept by the database beside each row, and the indexes that search reads.

The columns are no fields of the models: nothing but search reads them, and every other query would carry them along.
"""

from django.db import migrations

# What parts a name is punctuation, white space, and a capital after a small letter: "CardGateway" has two words.
# SQL functions that call only built-in ones, so that a restored dump needs no search path; declared immutable, because
# they are: array_to_string is only "stable" for types whose text depends on settings, which text does not.
FUNCTIONS = r"""
CREATE FUNCTION catalog_plain(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(lower(regexp_replace(regexp_replace(said, '([a-z0-9])([A-Z])', '\1 \2', 'g'),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g')))
$$;
CREATE FUNCTION catalog_squeezed(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(said, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', '', 'g'))
$$;
CREATE FUNCTION catalog_vector(names text, marks text[], told text)
    RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := btrim(pg_catalog.lower(pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(names, '([a-z0-9])([A-Z])', '\1 \2', 'g'),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g')));
    marked text := pg_catalog.regexp_replace(pg_catalog.array_to_string(marks, ' '),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g');
BEGIN
    RETURN pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple', plain), 'A')
        || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', plain), 'A')
        || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.simple', marked), 'B')
        || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', marked), 'B')
        || pg_catalog.setweight(pg_catalog.to_tsvector('pg_catalog.english', pg_catalog."left"(told, 20000)), 'D');
END
$$;
"""
NO_FUNCTIONS = """
DROP FUNCTION catalog_vector(text, text[], text);
DROP FUNCTION catalog_squeezed(text);
DROP FUNCTION catalog_plain(text);
"""

# table → (its names, its marks as an array, what else it tells); names are also found by their beginning and misspelt.
TEXTS = {
    "component": (
        ("name", "slug"),
        "tags || sites || ARRAY[kind, owner_name]::varchar[]",
        "description",
    ),
    "cluster": (("name", "slug"), "ARRAY[]::text[]", "purpose"),
    "charter": ((), "capabilities || jurisdictions || data_classes || regimes", "purpose"),
    "businesscapability": (("name",), "ARRAY[]::text[]", "''"),
    "site": (("code", "name"), "ARRAY[jurisdiction]::text[]", "''"),
}


def _column(table: str) -> str:
    names, marks, told = TEXTS[table]
    joined = " || ' ' || ".join(names) or "''"
    return (
        f"ALTER TABLE clusters_{table} ADD COLUMN search tsvector NOT NULL "
        f"GENERATED ALWAYS AS (catalog_vector({joined}, ({marks})::text[], {told})) STORED;"
        f"CREATE INDEX {table}_search ON clusters_{table} USING gin (search);"
    )


def _indexes(table: str) -> str:
    names = TEXTS[table][0]
    called = [
        f'CREATE INDEX {table}_{name}_called ON clusters_{table} ((catalog_squeezed({name})) COLLATE "C");'
        for name in names
    ]
    near = [
        # Kept, because every row that looks alike is compared: two regular expressions a row would be most of the time.
        f"ALTER TABLE clusters_{table} ADD COLUMN plainly text NOT NULL "
        f"GENERATED ALWAYS AS (catalog_plain({name})) STORED;"
        f"CREATE INDEX {table}_near ON clusters_{table} USING gin (plainly gin_trgm_ops);"
        for name in names[:1]
    ]
    return "".join(called + near)


def _undone(table: str) -> str:
    names = TEXTS[table][0]
    dropped = [f"DROP INDEX {table}_{name}_called;" for name in names] + [
        f"ALTER TABLE clusters_{table} DROP COLUMN plainly;" for _ in names[:1]
    ]
    return "".join(dropped) + f"ALTER TABLE clusters_{table} DROP COLUMN search;"


class Migration(migrations.Migration):
    dependencies = [("clusters", "0004_conventions")]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *(migrations.RunSQL(_column(table) + _indexes(table), _undone(table)) for table in TEXTS),
    ]
