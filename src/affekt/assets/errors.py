"""Errors about assets."""

from __future__ import annotations

from affekt.core.errors import AffektError, UsageError


class AssetError(AffektError):
    """An asset cannot be fetched or stored, or a copy of it is damaged."""


class MissingAsset(UsageError):
    """An asset is neither in the cache nor in an installed package."""
