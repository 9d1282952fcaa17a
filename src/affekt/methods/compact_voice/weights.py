"""Names of weights: this network is our own, nobody else has names for it."""

from __future__ import annotations

from affekt.core.weights import KeyMap

WEIGHTS = KeyMap((("{}", "{}"),))
