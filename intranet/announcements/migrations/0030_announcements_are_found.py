"""Search finds announcements by their title and words."""

from django.db import migrations

ANNOUNCEMENTS = """
CREATE FUNCTION public.announcements_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('announcement', OLD.id);
    ELSE
        PERFORM public.search_put('announcement', NEW.id, NEW.title, '', '', NEW.words, '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER announcement_is_found AFTER INSERT OR DELETE OR UPDATE OF title, words
    ON public.announcements_announcement FOR EACH ROW EXECUTE FUNCTION public.announcements_index();
UPDATE public.announcements_announcement SET title = title;
"""
NO_ANNOUNCEMENTS = """
DROP TRIGGER announcement_is_found ON public.announcements_announcement;
DROP FUNCTION public.announcements_index();
DELETE FROM public.search_document WHERE kind = 'announcement';
"""


class Migration(migrations.Migration):
    dependencies = [("announcements", "0001_initial"), ("search", "0003_documents_keep_themselves")]
    operations = [migrations.RunSQL(ANNOUNCEMENTS, NO_ANNOUNCEMENTS)]
