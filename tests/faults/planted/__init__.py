"""An app with kinds of reminders whose truth lies in the database, where every process sees the same."""
