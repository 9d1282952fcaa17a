"""Checks that a method or a data set keeps its contract. Public: packages with plug-ins use them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affekt.testing.contract import check_dataset as check_dataset
    from affekt.testing.contract import check_method as check_method

__all__ = ["check_dataset", "check_method"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `python -m affekt.testing.parity` does not need the contract suite.
    if name not in __all__:
        raise AttributeError(f"module 'affekt.testing' has no attribute {name!r}")
    from affekt.testing import contract

    return getattr(contract, name)
