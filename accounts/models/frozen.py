"""What the database refuses about roles, whoever asks and however: the bodies of the triggers."""

from __future__ import annotations

from intranet.core.frozen import refuse

# A role goes on as it was given until its end is put on record, and then ends as the record says. Removed is only what
# was taken before it began.
MEMBERSHIP = f"""
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (
            SELECT FROM accounts_roleend WHERE membership_id = OLD.id AND until <= lower(OLD.period)
        ) THEN
            {refuse("A role that has begun is never removed: who held it is evidence.")}
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.ended_at IS NOT NULL
       OR (NEW.id, NEW.user_id, NEW.role, NEW.clinic_id, lower(NEW.period))
          IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.role, OLD.clinic_id, lower(OLD.period))
       OR NOT EXISTS (
           SELECT FROM accounts_roleend AS said
           WHERE membership_id = OLD.id AND until = upper(NEW.period)
           AND NEW.ended_at IS NOT DISTINCT FROM (CASE WHEN cut_off THEN at END)
           AND NOT EXISTS (
               SELECT FROM accounts_roleend AS later
               WHERE later.membership_id = OLD.id AND (later.at, later.id) > (said.at, said.id)
           )
       )
    THEN
        {refuse("A role is only ended, as its end is on record.")}
    END IF;
    RETURN NEW;
"""  # noqa: S608 - all that is put in are the sentences above

# An end is said of today or later days, and only brings the last day forward. Where today begins depends on the clinic:
# a day more or less than in Greenwich.
ROLE_END = f"""
    today := (NEW.at AT TIME ZONE 'UTC')::date - 1;
    PERFORM FROM accounts_membership
    WHERE id = NEW.membership_id AND ended_at IS NULL
    AND (upper_inf(period) OR NEW.until <= upper(period))
    AND (NEW.until > lower(period) OR today < lower(period))
    FOR NO KEY UPDATE;
    IF NOT FOUND OR NEW.until < today
       OR EXISTS (SELECT FROM accounts_roleend WHERE membership_id = NEW.membership_id AND at > NEW.at)
    THEN
        {refuse("A role ends today or later, and what was before is on record.")}
    END IF;
    RETURN NEW;
"""
