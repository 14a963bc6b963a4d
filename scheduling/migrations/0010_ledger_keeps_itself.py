"""From here on each change of a shift or of time off writes its line of the ledger; what is there already is written once."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0009_no_shift_during_time_off")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="shift",
            trigger=pgtrigger.compiler.Trigger(
                name="keep_ledger",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF TG_OP <> 'INSERT' THEN\n        DELETE FROM scheduling_occupancy WHERE shift_id = OLD.id;\n    END IF;\n    IF TG_OP <> 'DELETE' AND NEW.staff_id IS NOT NULL AND NEW.state <> 'cancelled' THEN\n        INSERT INTO scheduling_occupancy (person_id, period, source, shift_id)\n        VALUES (NEW.staff_id, NEW.period, 1, NEW.id);\n    END IF;\n    RETURN NULL;\n",
                    hash="e55c21f15823b82bcd54e5ef4508e033148ac1dd",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keep_ledger_8cbae",
                    table="scheduling_shift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="timeoff",
            trigger=pgtrigger.compiler.Trigger(
                name="keep_ledger",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF TG_OP <> 'INSERT' THEN\n        DELETE FROM scheduling_occupancy WHERE time_off_id = OLD.id;\n    END IF;\n    IF TG_OP <> 'DELETE' AND NEW.state = 'approved' THEN\n        INSERT INTO scheduling_occupancy (person_id, period, source, time_off_id)\n        VALUES (NEW.person_id, NEW.period, 2, NEW.id);\n    END IF;\n    RETURN NULL;\n",
                    hash="5bf2a55e6dc00bdbe5545ece354b4e6555d3dc47",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_keep_ledger_c8c26",
                    table="scheduling_timeoff",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(
            sql="""
                INSERT INTO scheduling_occupancy (person_id, period, source, shift_id)
                SELECT staff_id, period, 1, id FROM scheduling_shift
                WHERE staff_id IS NOT NULL AND state <> 'cancelled'
            """,
            reverse_sql="DELETE FROM scheduling_occupancy",
        ),
    ]
