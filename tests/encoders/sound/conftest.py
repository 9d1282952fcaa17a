"""Tiny encoders of sound of each family, saved once."""

import pytest

from affekt.encoders.sound.encoder import SoundEncoder
from affekt.encoders.sound.facts import resolved
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.testing.media_encoders import save_tiny_sound_encoder


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory):
    """A function that gives the folder of a tiny encoder of a family. Not to be changed."""
    root = tmp_path_factory.mktemp("sound")

    def folder(family):
        place = root / family.replace(" ", "-")
        return place if place.exists() else save_tiny_sound_encoder(place, family)

    return folder


@pytest.fixture(scope="session")
def sound_encoder(sound_folder):
    """A function that loads a tiny encoder of a family, in evaluation mode."""

    def load(family, **settings):
        encoder = SoundEncoder(resolved(SoundEncoderSettings(source=str(sound_folder(family)), **settings)))
        encoder.load_pretrained()
        return encoder.eval()

    return load
