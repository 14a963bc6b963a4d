"""The demo's protocols: their words, one module per field, and how they come into force and are acknowledged."""

from intranet.demo.protocols.loading import load_protocols
from intranet.demo.protocols.reading import load_acknowledgements
from intranet.demo.protocols.stops import load_stops

__all__ = ["load_acknowledgements", "load_protocols", "load_stops"]
