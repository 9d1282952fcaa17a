"""Pretrained parts inside installed packages: what there is, where it lies, its hash and its licence."""
