"""Tiny encoders of pictures and video of each family, saved once."""

import pytest

from affekt.encoders.picture.encoder import PictureEncoder
from affekt.encoders.picture.facts import resolved
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.testing.media_encoders import save_tiny_picture_encoder


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory):
    """A function that gives the folder of a tiny encoder of a family. Not to be changed."""
    root = tmp_path_factory.mktemp("pictures")

    def folder(family):
        return root / family if (root / family).exists() else save_tiny_picture_encoder(root / family, family)

    return folder


@pytest.fixture(scope="session")
def picture_encoder(picture_folder):
    """A function that loads a tiny encoder of a family, in evaluation mode."""

    def load(family, **settings):
        source = str(picture_folder(family))
        encoder = PictureEncoder(resolved(PictureEncoderSettings(source=source, **settings)))
        encoder.load_pretrained()
        return encoder.eval()

    return load
