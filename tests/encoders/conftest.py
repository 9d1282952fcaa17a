"""Tiny encoders of each family, saved once."""

import pytest

from affekt.testing.encoders import save_tiny_encoder


@pytest.fixture(scope="session")
def encoder_of(tmp_path_factory):
    """A function that gives the folder of a tiny encoder of a family. Not to be changed."""
    root = tmp_path_factory.mktemp("encoders")

    def folder(family):
        return root / family if (root / family).exists() else save_tiny_encoder(root / family, family)

    return folder
