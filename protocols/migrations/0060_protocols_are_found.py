"""Search finds the versions of protocols and their attachments.

An earlier title finds a version only when everybody for whom the version is was a reader under that title: otherwise a hit
would tell how something was called that the person never might have read.
"""

from django.db import migrations

VERSIONS = r"""
CREATE FUNCTION public.protocols_index_version(of_version bigint) RETURNS void LANGUAGE sql AS $$
    SELECT public.search_put(
        'protocol',
        version.id,
        version.title,
        (SELECT string_agg(DISTINCT earlier.title, '; ')
         FROM public.protocols_protocolversion AS earlier
         WHERE earlier.protocol_id = version.protocol_id AND earlier.number < version.number
             AND earlier.state = 'superseded' AND NOT isempty(earlier.in_force) AND earlier.title <> version.title
             AND NOT EXISTS (
                 SELECT FROM public.protocols_audience AS reader
                 WHERE reader.version_id = version.id AND NOT EXISTS (
                     SELECT FROM public.protocols_audience AS before
                     WHERE before.version_id = earlier.id AND before.role = reader.role
                         AND (before.clinic_id IS NULL OR before.clinic_id = reader.clinic_id)
                 )
             )),
        said.headings,
        said.body,
        said.fine_print
    )
    FROM public.protocols_protocolversion AS version
    CROSS JOIN LATERAL (
        SELECT string_agg(section.heading || CASE WHEN section.kind = 'key_facts' THEN '. ' || section.words ELSE '' END,
                          '; ' ORDER BY section."order") AS headings,
               string_agg(regexp_replace(section.words, '\s*\[\d{1,3}\]', '', 'g'), E'\n'
                          ORDER BY section.kind = 'key_facts', section."order")
                   FILTER (WHERE section.kind <> 'references') AS body,
               string_agg(section.words, E'\n') FILTER (WHERE section.kind = 'references') AS fine_print
        FROM public.protocols_section AS section WHERE section.version_id = version.id
    ) AS said
    WHERE version.id = of_version
$$;

-- A version, and those after it: they may be found by its title.
CREATE FUNCTION public.protocols_version_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('protocol', OLD.id);
    ELSE
        PERFORM public.protocols_index_version(later.id)
        FROM (SELECT id FROM public.protocols_protocolversion
              WHERE protocol_id = NEW.protocol_id AND number >= NEW.number ORDER BY number) AS later;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER version_is_found AFTER INSERT OR DELETE OR UPDATE OF title, state, in_force
    ON public.protocols_protocolversion FOR EACH ROW EXECUTE FUNCTION public.protocols_version_changed();

-- What belongs to versions: all that a statement touched, each version once.
CREATE FUNCTION public.protocols_parts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.protocols_index_version(touched.version_id)
    FROM (SELECT DISTINCT version_id FROM changed ORDER BY version_id) AS touched;
    RETURN NULL;
END $$;
CREATE TRIGGER sections_added_are_found AFTER INSERT ON public.protocols_section
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();
CREATE TRIGGER sections_changed_are_found AFTER UPDATE ON public.protocols_section
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();
CREATE TRIGGER sections_removed_are_forgotten AFTER DELETE ON public.protocols_section
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();
CREATE TRIGGER readers_added_find_earlier_titles AFTER INSERT ON public.protocols_audience
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();
CREATE TRIGGER readers_changed_find_earlier_titles AFTER UPDATE ON public.protocols_audience
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();
CREATE TRIGGER readers_removed_find_earlier_titles AFTER DELETE ON public.protocols_audience
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.protocols_parts_changed();

CREATE FUNCTION public.protocols_index_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('attachment', OLD.id);
    ELSE
        PERFORM public.search_put('attachment', NEW.id, NEW.name, '', '', NEW.words, '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attachment_is_found AFTER INSERT OR DELETE OR UPDATE OF name, words
    ON public.protocols_attachment FOR EACH ROW EXECUTE FUNCTION public.protocols_index_attachment();

SELECT public.protocols_index_version(id) FROM public.protocols_protocolversion;
SELECT public.search_put('attachment', id, name, '', '', words, '') FROM public.protocols_attachment;
"""
NO_VERSIONS = """
DROP TRIGGER attachment_is_found ON public.protocols_attachment;
DROP FUNCTION public.protocols_index_attachment();
DROP TRIGGER readers_removed_find_earlier_titles ON public.protocols_audience;
DROP TRIGGER readers_changed_find_earlier_titles ON public.protocols_audience;
DROP TRIGGER readers_added_find_earlier_titles ON public.protocols_audience;
DROP TRIGGER sections_removed_are_forgotten ON public.protocols_section;
DROP TRIGGER sections_changed_are_found ON public.protocols_section;
DROP TRIGGER sections_added_are_found ON public.protocols_section;
DROP FUNCTION public.protocols_parts_changed();
DROP TRIGGER version_is_found ON public.protocols_protocolversion;
DROP FUNCTION public.protocols_version_changed();
DROP FUNCTION public.protocols_index_version(bigint);
DELETE FROM public.search_document WHERE kind IN ('protocol', 'attachment');
"""


class Migration(migrations.Migration):
    dependencies = [("protocols", "0044_questions"), ("search", "0003_documents_keep_themselves")]
    operations = [migrations.RunSQL(VERSIONS, NO_VERSIONS)]
