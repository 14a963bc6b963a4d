"""Search finds announcements by the names and words of their attachments too; what is a draft, it does not know."""

from django.db import migrations

KEEPING = """
CREATE FUNCTION public.announcements_put(of_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    news public.announcements_announcement;
BEGIN
    SELECT * INTO news FROM public.announcements_announcement WHERE id = of_id AND published_at IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM public.search_drop('announcement', of_id);
        RETURN;
    END IF;
    PERFORM public.search_put('announcement', news.id, news.title, '', '', news.words, (
        SELECT string_agg(concat_ws(' ', name, words), E'\\n' ORDER BY name)
        FROM public.announcements_attachment WHERE announcement_id = news.id AND removed_in IS NULL
    ));
END $$;

CREATE OR REPLACE FUNCTION public.announcements_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('announcement', OLD.id);
    ELSE
        PERFORM public.announcements_put(NEW.id);
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER announcement_is_found ON public.announcements_announcement;
CREATE TRIGGER announcement_is_found AFTER INSERT OR DELETE OR UPDATE OF title, words, published_at
    ON public.announcements_announcement FOR EACH ROW EXECUTE FUNCTION public.announcements_index();

CREATE FUNCTION public.announcements_index_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.announcements_put(coalesce(NEW.announcement_id, OLD.announcement_id));
    RETURN NULL;
END $$;
CREATE TRIGGER attachment_is_found AFTER INSERT OR DELETE OR UPDATE OF name, words, removed_in
    ON public.announcements_attachment FOR EACH ROW EXECUTE FUNCTION public.announcements_index_attachment();
"""
NO_KEEPING = """
DROP TRIGGER attachment_is_found ON public.announcements_attachment;
DROP FUNCTION public.announcements_index_attachment();
CREATE OR REPLACE FUNCTION public.announcements_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('announcement', OLD.id);
    ELSE
        PERFORM public.search_put('announcement', NEW.id, NEW.title, '', '', NEW.words, '');
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER announcement_is_found ON public.announcements_announcement;
CREATE TRIGGER announcement_is_found AFTER INSERT OR DELETE OR UPDATE OF title, words
    ON public.announcements_announcement FOR EACH ROW EXECUTE FUNCTION public.announcements_index();
DROP FUNCTION public.announcements_put(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("announcements", "0033_announcements_carry_attachments"),
        ("search", "0003_documents_keep_themselves"),
    ]
    operations = [migrations.RunSQL(KEEPING, NO_KEEPING)]
