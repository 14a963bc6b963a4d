"""Search finds people by name, title, languages, phone and address, as the directory shows them."""

from django.db import migrations

PEOPLE = """
CREATE FUNCTION public.accounts_index_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('person', OLD.id);
    ELSE
        PERFORM public.search_put(
            'person', NEW.id, NEW.name, NEW.title, array_to_string(NEW.languages, ', '),
            concat_ws(' ', NEW.phone, regexp_replace(NEW.phone, '[^0-9]', '', 'g'), NEW.email), ''
        );
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER person_is_found AFTER INSERT OR DELETE OR UPDATE OF name, title, languages, phone, email
    ON public.accounts_user FOR EACH ROW EXECUTE FUNCTION public.accounts_index_person();
UPDATE public.accounts_user SET name = name;
"""
NO_PEOPLE = """
DROP TRIGGER person_is_found ON public.accounts_user;
DROP FUNCTION public.accounts_index_person();
DELETE FROM public.search_document WHERE kind = 'person';
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_how_often_an_invitation_was_sent"), ("search", "0003_documents_keep_themselves")]
    operations = [migrations.RunSQL(PEOPLE, NO_PEOPLE)]
