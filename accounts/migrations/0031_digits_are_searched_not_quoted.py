"""A phone number is found by its bare digits, too, which no excerpt shows."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION public.accounts_index_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM public.search_drop('person', OLD.id);
    ELSE
        PERFORM public.search_put(
            'person', NEW.id, NEW.name, NEW.title, array_to_string(NEW.languages, ', '), {body}, {fine_print}
        );
    END IF;
    RETURN NULL;
END $$;
UPDATE public.accounts_user SET name = name;
"""
DIGITS = "regexp_replace(NEW.phone, '[^0-9]', '', 'g')"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0030_people_are_found")]
    operations = [
        migrations.RunSQL(
            FUNCTION.format(body="concat_ws(' ', NEW.phone, NEW.email)", fine_print=DIGITS),
            FUNCTION.format(body=f"concat_ws(' ', NEW.phone, {DIGITS}, NEW.email)", fine_print="''"),
        )
    ]
