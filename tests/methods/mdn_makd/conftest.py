"""A network of words, sound and picture, trained on clips in the layout of MELD."""

import pytest

from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.invented.spoken_scenes.corpus import SpokenScenesOptions, write
from affekt.testing.encoders import save_tiny_encoder
from affekt.testing.media_encoders import save_tiny_picture_encoder, save_tiny_sound_encoder


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A folder of 30 lines in the layout of MELD: tables, flac and mp4."""
    folder = tmp_path_factory.mktemp("scenes") / "meld"
    write(folder, SpokenScenesOptions.model_validate({"lines": 30, "turns": 3, "pixels": 24}))
    return folder


@pytest.fixture(scope="session")
def tiny_encoders(tmp_path_factory):
    """Folders of tiny encoders by letter."""
    root = tmp_path_factory.mktemp("encoders")
    return {
        "T": str(save_tiny_encoder(root / "words")),
        "A": str(save_tiny_sound_encoder(root / "sound", "data2vec-audio")),
        "V": str(save_tiny_picture_encoder(root / "pictures")),
    }


@pytest.fixture(scope="session")
def clip_recipe(tiny_encoders):
    """A function that makes a recipe on clips, with a mode for each modality."""

    def recipe(modes, *, cached_views=0, epochs=1, **config):
        encoders = {
            letter: {"source": tiny_encoders[letter], "mode": mode, "projection": 8}
            for letter, mode in modes.items()
        }
        values = {
            "method": "mdn_makd",
            "data": {"name": "meld"},
            "config": {
                "num_classes": 7,
                "encoders": encoders,
                "fusion": {"kind": "vanilla", "width": 8},
                "context": {"tokens": 24, "context_tokens": 8, "turns": 1},
                **config,
            },
            "optimizer": {"name": "adamw", "lr": 1e-3},
            "selection": {"metric": "accuracy"},
            "train": {
                "epochs": epochs, "batch_size": 8, "threads": 1, "workers": 0, "cached_views": cached_views,
            },
        }  # fmt: skip
        return Recipe.from_values(values)

    return recipe


@pytest.fixture(scope="session")
def clip_run(scenes, clip_recipe, tmp_path_factory):
    """A network of words that are tuned, sound with adapters and a picture encoder as it is."""
    from affekt.engine.train import train

    recipe = clip_recipe({"T": "trainable", "A": "lora", "V": "frozen"}, modality_dropout={"A": 0.5})
    return train(recipe, data_root=scenes, runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="session")
def clip_bundle(clip_run, tmp_path_factory):
    """Its bundle."""
    from affekt.deploy.export.export import export

    return export(clip_run.path, tmp_path_factory.mktemp("bundles") / "scenes.affekt").bundle


@pytest.fixture(scope="session")
def scene_samples(scenes):
    """The lines of the folder."""
    return open_dataset("meld", scenes).samples
