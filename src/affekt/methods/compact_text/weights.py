"""Keys of checkpoints: this network has no reference, so keys are not renamed."""

from __future__ import annotations

from affekt.core.weights import KeyMap

WEIGHTS = KeyMap((("{}", "{}"),))
