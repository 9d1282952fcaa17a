"""`affekt store`: the store of weights."""
