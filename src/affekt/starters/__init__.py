"""Starters: small trained bundles that come with the package, used by their names."""

from affekt.starters.find import Starter, find_starter, list_starters

__all__ = ["Starter", "find_starter", "list_starters"]
