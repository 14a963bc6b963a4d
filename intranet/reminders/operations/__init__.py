"""What whoever runs the reminders sees of them: figures, mails that did not go, and metrics."""
