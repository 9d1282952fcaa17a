"""Contrastive losses with prototypes: SPCL, SPDCL, APCL, supervised contrast, and the curriculum."""
