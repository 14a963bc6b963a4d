"""What the database does by itself to keep the ledger of occupied time: the triggers of shifts and of time off.

A cancelled or open shift, and time off that is not granted, take no time.
"""

from __future__ import annotations

import pgtrigger

SHIFT_TAKES_TIME = """
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM scheduling_occupancy WHERE shift_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.staff_id IS NOT NULL AND NEW.state <> 'cancelled' THEN
        INSERT INTO scheduling_occupancy (person_id, period, source, shift_id)
        VALUES (NEW.staff_id, NEW.period, 1, NEW.id);
    END IF;
    RETURN NULL;
"""
TIME_OFF_TAKES_TIME = """
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM scheduling_occupancy WHERE time_off_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'approved' THEN
        INSERT INTO scheduling_occupancy (person_id, period, source, time_off_id)
        VALUES (NEW.person_id, NEW.period, 2, NEW.id);
    END IF;
    RETURN NULL;
"""


def keeps_ledger(func: str) -> pgtrigger.Trigger:
    """After each change of a row, its line of the ledger is what the row says."""
    return pgtrigger.Trigger(
        name="keep_ledger",
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.After,
        func=func,
    )
