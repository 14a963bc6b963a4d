"""The demo's protocols: their words, one module per field, and how they come into force and are acknowledged."""

from intranet.demo.protocols.loading import load_protocols
from intranet.demo.protocols.reading import load_acknowledgements

__all__ = ["load_acknowledgements", "load_protocols"]
