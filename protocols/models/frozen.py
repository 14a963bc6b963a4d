"""What the database refuses about versions and their parts, whoever asks and however: the bodies of the triggers."""

from __future__ import annotations

from intranet.core.frozen import no_truncate as no_truncate
from intranet.core.frozen import refuse as refuse
from intranet.core.frozen import written_once as written_once


def gone_with_version(sentence: str) -> str:
    """Rows stay as they are. They go only after their version, which the database keeps once it is more than a draft."""
    return f"""
        IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM protocols_protocolversion WHERE id = OLD.version_id) THEN
            RETURN OLD;
        END IF;
        {refuse(sentence)}
    """


STEPS = f"""
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'in_review'), ('in_review', 'draft'), ('in_review', 'approved'),
        ('approved', 'draft'), ('approved', 'published'),
        ('published', 'superseded'), ('published', 'withdrawn'),
        ('superseded', 'published'), ('superseded', 'withdrawn')
    ) THEN
        {refuse("A version goes from draft to review, approval and publication, one step at a time.")}
    END IF;
    RETURN NEW;
"""

# Only a change of the three is judged: until migration 0063 the lead could approve what the lead had submitted for others.
FOUR_EYES = f"""
    IF (
        NEW.approved_by_id IN (NEW.edited_by_id, NEW.submitted_by_id)
        AND (NEW.approved_by_id, NEW.edited_by_id, NEW.submitted_by_id)
            IS DISTINCT FROM (OLD.approved_by_id, OLD.edited_by_id, OLD.submitted_by_id)
    ) OR EXISTS (
        SELECT FROM protocols_contributor
        WHERE version_id = NEW.id AND user_id = NEW.approved_by_id
    ) THEN
        {refuse("Somebody who wrote or submitted a version cannot approve it.")}
    END IF;
    RETURN NEW;
"""

# Everything but the state, the end of the range, what a withdrawal notes, and the day of a review that two agreed on.
# A range gets its end from a successor and then only grows, when the version that was to follow is withdrawn; SUCCESSION
# says where it may end. A withdrawal ends it at its own moment, or empties it when nothing of it had begun by then.
VERSION = f"""
    IF OLD.state = 'withdrawn'
       OR (NEW.protocol_id, NEW.number, NEW.title, NEW.change_summary, NEW.material, NEW.content_hash,
           NEW.edited_by_id, NEW.edited_at, NEW.token, NEW.submitted_by_id, NEW.submitted_at,
           NEW.approved_by_id, NEW.approved_at, NEW.approved_hash, NEW.published_by_id, NEW.published_at,
           NEW.counts_from, NEW.due_days)
          IS DISTINCT FROM
          (OLD.protocol_id, OLD.number, OLD.title, OLD.change_summary, OLD.material, OLD.content_hash,
           OLD.edited_by_id, OLD.edited_at, OLD.token, OLD.submitted_by_id, OLD.submitted_at,
           OLD.approved_by_id, OLD.approved_at, OLD.approved_hash, OLD.published_by_id, OLD.published_at,
           OLD.counts_from, OLD.due_days)
       OR (NOT isempty(NEW.in_force) AND lower(NEW.in_force) IS DISTINCT FROM lower(OLD.in_force))
    THEN
        {refuse("A published version is frozen.")}
    END IF;
    IF NEW.state = 'withdrawn' THEN
        IF NEW.withdrawn_at < OLD.published_at
           OR NEW.withdrawn_at >= COALESCE(upper(OLD.in_force), 'infinity')
           OR NEW.in_force IS DISTINCT FROM
              (CASE WHEN NEW.withdrawn_at <= lower(OLD.in_force) THEN 'empty'::tstzrange
                   ELSE tstzrange(lower(OLD.in_force), NEW.withdrawn_at) END)
        THEN
            {refuse("A version that is withdrawn was in force until then.")}
        END IF;
    ELSIF NEW.in_force IS DISTINCT FROM tstzrange(lower(OLD.in_force), upper(NEW.in_force))
          OR (OLD.state = 'superseded'
              AND COALESCE(upper(NEW.in_force), 'infinity') < COALESCE(upper(OLD.in_force), 'infinity'))
    THEN
        {refuse("How long a published version was in force stays as it was.")}
    END IF;
    IF NEW.reviewed_on IS DISTINCT FROM OLD.reviewed_on AND NOT EXISTS (
        SELECT FROM protocols_review
        WHERE version_id = NEW.id AND confirmed_at::date BETWEEN NEW.reviewed_on - 1 AND NEW.reviewed_on + 1
    ) THEN
        {refuse("A version is reviewed on the day on which two people have agreed.")}
    END IF;
    RETURN NEW;
"""

# Asked when the transaction ends: the version before gives way first, for the two may not overlap even for a moment. A
# successor starts when it is published or later (`version_starts_when_published`), so nothing is ended in the past.
SUCCESSION = f"""
    IF EXISTS (
        SELECT FROM protocols_protocolversion ended LEFT JOIN protocols_protocolversion successor
        ON successor.protocol_id = ended.protocol_id AND successor.number > ended.number
        AND lower(successor.in_force) = upper(ended.in_force)
        WHERE ended.protocol_id = NEW.protocol_id AND ended.state = 'superseded' AND successor.id IS NULL
    ) THEN
        {refuse("A superseded version was in force until the next one started.")}
    END IF;
    RETURN NULL;
"""

# FOR SHARE waits for whoever is just submitting or approving the version.
ONLY_IN_DRAFTS = f"""
    IF TG_OP <> 'DELETE' THEN
        PERFORM FROM protocols_protocolversion WHERE id = NEW.version_id AND state = 'draft' FOR SHARE;
        IF NOT FOUND THEN {refuse("Only the text of a draft can be changed.")} END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM FROM protocols_protocolversion WHERE id = OLD.version_id AND state = 'draft' FOR SHARE;
        IF NOT FOUND THEN {refuse("Only the text of a draft can be changed.")} END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    END IF;
    RETURN NEW;
"""

# A review is agreed to, once, and otherwise stays as it was written.
REVIEW = f"""
    IF TG_OP = 'DELETE' OR OLD.confirmed_at IS NOT NULL
       OR (NEW.version_id, NEW.note, NEW.by_id, NEW.at) IS DISTINCT FROM (OLD.version_id, OLD.note, OLD.by_id, OLD.at)
    THEN
        {refuse("Reviews are evidence; they are only confirmed, once.")}
    END IF;
    RETURN NEW;
"""

# A suspension is lifted, once, and otherwise stays as it was pronounced.
SUSPENSION = f"""
    IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL
       OR (NEW.version_id, NEW.clinic_id, NEW.reason, NEW.by_id, NEW.at)
          IS DISTINCT FROM (OLD.version_id, OLD.clinic_id, OLD.reason, OLD.by_id, OLD.at)
    THEN
        {refuse("Suspensions are evidence; they are only lifted, once.")}
    END IF;
    RETURN NEW;
"""

# A waiver is ended, once, and otherwise stays as it was given.
WAIVER = f"""
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL
       OR (NEW.version_id, NEW.user_id, NEW.by_id, NEW.at, NEW.reason, NEW.through)
          IS DISTINCT FROM (OLD.version_id, OLD.user_id, OLD.by_id, OLD.at, OLD.reason, OLD.through)
    THEN
        {refuse("Waivers are evidence; they are only ended, once.")}
    END IF;
    RETURN NEW;
"""

# Who had to sign a published version stays on record. Readers are only added, while it is in force or planned; FOR SHARE
# waits for whoever is just withdrawing it.
READERS = f"""
    IF TG_OP = 'INSERT' AND NEW.added_at IS NOT NULL THEN
        PERFORM FROM protocols_protocolversion
        WHERE id = NEW.version_id AND state IN ('published', 'superseded') AND published_at <= NEW.added_at
        AND (upper_inf(in_force) OR upper(in_force) > NEW.added_at)
        FOR SHARE;
        IF NOT FOUND THEN
            {refuse("Readers are added to a version that is in force or will be.")}
        END IF;
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT FROM protocols_protocolversion
        WHERE id IN (COALESCE(NEW.version_id, OLD.version_id), COALESCE(OLD.version_id, NEW.version_id))
        AND state IN ('published', 'superseded', 'withdrawn')
    ) THEN
        {refuse("The readers of a published version stay as they are.")}
    END IF;
    RETURN COALESCE(NEW, OLD);
"""

# FOR SHARE waits for whoever is just withdrawing the version.
ONLY_PUBLISHED = f"""
    PERFORM FROM protocols_protocolversion
    WHERE id = NEW.version_id AND state IN ('published', 'superseded')
    AND content_hash = NEW.text_hash AND published_at <= NEW.at
    FOR SHARE;
    IF NOT FOUND THEN
        {refuse("Only a published version is acknowledged, by its very text.")}
    END IF;
    RETURN NEW;
"""
