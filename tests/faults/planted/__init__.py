"""An app with one kind of reminders whose truth lies in the database, where every process sees the same."""
