"""The intranet of a group of clinics."""

__version__ = "0.1.0"
