"""Two functions that fold words for looking people up, and the indexes that use them.

`unaccent` is not immutable by itself, since its dictionary could change; ours does not. Both name their schema, so that
a backup can be restored, which builds indexes without a search path.
"""

import django.contrib.postgres.indexes
from django.db import migrations, models

import accounts.finding

FUNCTIONS = """
CREATE FUNCTION public.folded(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, words)) $$;
CREATE FUNCTION public.contact_words(name text, title text, languages varchar[], phone text, email text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$
        SELECT public.folded(concat_ws(' ', name, title, array_to_string(languages, ' '), phone,
                                       regexp_replace(phone, '[^0-9]', '', 'g'), email))
    $$;
"""
WITHOUT = """
DROP FUNCTION public.contact_words(text, text, varchar[], text, text);
DROP FUNCTION public.folded(text);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_languages_as_a_list")]

    operations = [
        migrations.RunSQL(FUNCTIONS, WITHOUT),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(accounts.finding.Folded("name"), models.F("id"), name="user_by_name"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(accounts.finding.contact_words(), name="gin_trgm_ops"),
                name="user_by_contact_words",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.GinIndex(fields=["languages"], name="user_by_language"),
        ),
    ]
