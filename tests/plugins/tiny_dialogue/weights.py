"""Names of weights: nobody else has names for this network."""

from affekt.core.weights import KeyMap

WEIGHTS = KeyMap((("{}", "{}"),))
