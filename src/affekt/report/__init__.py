"""Figures, tables and HTML pages of results. Takes plain records; depends on no trainer and no method."""
