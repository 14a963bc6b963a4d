"""How words are read for searching, before the tables that use it.

English word stems whatever the accents; names and titles also as they are written, because `Will` is a name and a word
that English search leaves out. Functions and configurations name their schema, so that a backup can be restored, which
builds generated columns without a search path.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

WORDS = r"""
CREATE TEXT SEARCH CONFIGURATION public.search_stems (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION public.search_stems
    ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.english_stem;
CREATE TEXT SEARCH CONFIGURATION public.search_exact (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION public.search_exact
    ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.simple;

-- A vector holds a megabyte at most, so that very long texts are searched in their first 150,000 signs.
-- `TKA/THA` is two words; PostgreSQL takes it for the name of a file, and `<b>` for no word at all.
CREATE FUNCTION public.search_plain(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT translate(words, '/\_<>', '     ') $$;

CREATE FUNCTION public.search_vector(title text, also text, headings text, body text, fine_print text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$
        SELECT setweight(to_tsvector('public.search_stems'::regconfig, public.search_plain(title)), 'A')
            || setweight(to_tsvector('public.search_exact'::regconfig, public.search_plain(title)), 'A')
            || setweight(to_tsvector('public.search_stems'::regconfig, public.search_plain(also)), 'B')
            || setweight(to_tsvector('public.search_stems'::regconfig, public.search_plain(headings)), 'C')
            || setweight(to_tsvector('public.search_stems'::regconfig, public.search_plain(left(body, 150000))), 'D')
            || setweight(to_tsvector('public.search_stems'::regconfig, public.search_plain(left(fine_print, 50000))), 'D')
    $$;

-- The words of a text as somebody would be offered them: letters only, three at least.
CREATE FUNCTION public.search_words(words text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$
        SELECT DISTINCT word
        FROM regexp_split_to_table(lower(public.unaccent('public.unaccent'::regdictionary, words)), '[^[:alpha:]]+')
            AS found (word)
        WHERE length(word) BETWEEN 3 AND 40
    $$;
"""
NO_WORDS = """
DROP FUNCTION public.search_words(text);
DROP FUNCTION public.search_vector(text, text, text, text, text);
DROP FUNCTION public.search_plain(text);
DROP TEXT SEARCH CONFIGURATION public.search_exact;
DROP TEXT SEARCH CONFIGURATION public.search_stems;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [TrigramExtension(), UnaccentExtension(), migrations.RunSQL(WORDS, NO_WORDS)]
