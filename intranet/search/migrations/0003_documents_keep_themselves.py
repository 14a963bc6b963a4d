"""How documents come to be and go: `search_put` and `search_drop` for the triggers of the apps that have something to find.

The words of a document follow by a trigger of its own; only what differs is written, because a draft is saved often. The
two generated columns of an alias are what `asking` rewrites queries with; no hyphen or quote in them means anything.
"""

from django.db import migrations

KEEPING = """
CREATE FUNCTION public.search_put(of_kind text, of_object bigint, its_title text, other_names text, its_headings text,
                                  its_body text, its_fine_print text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.search_document AS kept (kind, object_id, title, also, headings, body, fine_print)
    VALUES (of_kind, of_object, coalesce(its_title, ''), coalesce(other_names, ''), coalesce(its_headings, ''),
            coalesce(its_body, ''), coalesce(its_fine_print, ''))
    ON CONFLICT (kind, object_id) DO UPDATE
    SET title = excluded.title, also = excluded.also, headings = excluded.headings, body = excluded.body,
        fine_print = excluded.fine_print
    WHERE (kept.title, kept.also, kept.headings, kept.body, kept.fine_print)
        IS DISTINCT FROM (excluded.title, excluded.also, excluded.headings, excluded.body, excluded.fine_print)
$$;

CREATE FUNCTION public.search_drop(of_kind text, of_object bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM public.search_document WHERE kind = of_kind AND object_id = of_object
$$;

CREATE FUNCTION public.search_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text[] := ARRAY(
        SELECT public.search_words(concat_ws(' ', NEW.title, NEW.also, NEW.headings, left(NEW.body, 150000),
                                             left(NEW.fine_print, 50000)))
    );
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM public.search_occurrence WHERE document_id = NEW.id AND word <> ALL (words);
    END IF;
    INSERT INTO public.search_occurrence (document_id, word)
    SELECT NEW.id, word FROM unnest(words) AS one (word)
    ON CONFLICT (document_id, word) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER words_are_kept AFTER INSERT OR UPDATE ON public.search_document
    FOR EACH ROW EXECUTE FUNCTION public.search_keep_words();

CREATE FUNCTION public.search_drop_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.search_occurrence WHERE document_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER words_go_with_their_document BEFORE DELETE ON public.search_document
    FOR EACH ROW EXECUTE FUNCTION public.search_drop_words();

ALTER TABLE public.search_alias
    ADD COLUMN asked tsquery GENERATED ALWAYS AS (
        plainto_tsquery('public.search_stems'::regconfig, translate(public.search_plain(term), '-', ' '))
    ) STORED,
    ADD COLUMN meant tsquery GENERATED ALWAYS AS (
        plainto_tsquery('public.search_stems'::regconfig, translate(public.search_plain(term), '-', ' '))
        || websearch_to_tsquery('public.search_stems'::regconfig,
                                replace(translate(public.search_plain(means), '-"', '  '), ',', ' or '))
    ) STORED;
"""
NO_KEEPING = """
ALTER TABLE public.search_alias DROP COLUMN meant, DROP COLUMN asked;
DROP TRIGGER words_go_with_their_document ON public.search_document;
DROP FUNCTION public.search_drop_words();
DROP TRIGGER words_are_kept ON public.search_document;
DROP FUNCTION public.search_keep_words();
DROP FUNCTION public.search_drop(text, bigint);
DROP FUNCTION public.search_put(text, bigint, text, text, text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0002_documents_and_aliases")]
    operations = [migrations.RunSQL(KEEPING, NO_KEEPING)]
