"""Proofs that a room or an adapter is a proper one. Public: other people's packages use them too."""
