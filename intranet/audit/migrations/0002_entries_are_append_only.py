"""Entries are append-only. Plain triggers: those of pgtrigger can be switched off by a session setting."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'Audit entries are append-only.' USING ERRCODE = 'restrict_violation';
                END $$;
                CREATE TRIGGER audit_entries_are_not_changed BEFORE UPDATE OR DELETE ON audit_entry
                    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
                CREATE TRIGGER audit_entries_are_not_truncated BEFORE TRUNCATE ON audit_entry
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
            """,
            reverse_sql="""
                DROP TRIGGER audit_entries_are_not_truncated ON audit_entry;
                DROP TRIGGER audit_entries_are_not_changed ON audit_entry;
                DROP FUNCTION audit_refuse_change();
            """,
        ),
    ]
