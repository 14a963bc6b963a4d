class Unreadable(Exception):
    """A file cannot become a protocol; the message is one sentence for the person who tried."""
