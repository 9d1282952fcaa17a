from affekt.core.weights import KeyMap

WEIGHTS = KeyMap((("{}", "{}"),))
