"""The mapping tables on disk: found, built into look-up files, loaded; what people write is read and edited here."""

from wheelbridge.tables.load import CHANNEL, load_known_names, load_names
from wheelbridge.tables.locate import MissingTableError, find_mappings

__all__ = ["CHANNEL", "MissingTableError", "find_mappings", "load_known_names", "load_names"]
