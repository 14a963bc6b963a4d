"""What was composed is what is sent: the identity and the bytes of a mail never change, and the ledger is not emptied."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION reminders_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'A mail that has been composed never changes.' USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER delivery_is_frozen
                    BEFORE UPDATE OF recipient_id, address, message_id, payload, on_doubt, created_at, not_after
                    ON reminders_delivery FOR EACH ROW
                    WHEN ((OLD.recipient_id, OLD.address, OLD.message_id, OLD.payload, OLD.on_doubt, OLD.created_at,
                           OLD.not_after)
                          IS DISTINCT FROM
                          (NEW.recipient_id, NEW.address, NEW.message_id, NEW.payload, NEW.on_doubt, NEW.created_at,
                           NEW.not_after))
                    EXECUTE FUNCTION reminders_refuse_change();
                CREATE TRIGGER delivery_is_kept BEFORE DELETE ON reminders_delivery
                    FOR EACH ROW EXECUTE FUNCTION reminders_refuse_change();
            """,
            reverse_sql="""
                DROP TRIGGER delivery_is_kept ON reminders_delivery;
                DROP TRIGGER delivery_is_frozen ON reminders_delivery;
                DROP FUNCTION reminders_refuse_change();
            """,
        ),
    ]
