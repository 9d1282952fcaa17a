"""Corpora that are generated: small, exact, without a licence. One module or package each."""
