"""Three ways to use an encoder of pictures, and what its cached vectors depend on."""

import pytest
import torch

from affekt.core.errors import ConfigError, FolderError
from affekt.encoders.adapters import merged
from affekt.encoders.picture.facts import resolved
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.testing.media_encoders import PICTURE, save_tiny_picture_encoder

SETTINGS = {"lora": {"rank": 2, "dropout": 0.1}}


def frames(encoder):
    rng = torch.Generator().manual_seed(0)
    return torch.randn(2, encoder.settings.count, 3, 16, 16, generator=rng)


@pytest.mark.parametrize("family", PICTURE)
def test_all_weights_or_adapters_alone_are_trained_or_none(picture_encoder, family):
    for mode in ("trainable", "lora", "frozen"):
        encoder = picture_encoder(family, mode=mode, **SETTINGS).train()
        output = encoder(frames(encoder)).square().sum()
        if mode == "frozen":
            assert not output.requires_grad
            assert torch.equal(encoder(frames(encoder)).square().sum(), output)  # no dropout
            continue
        output.backward()
        asked = {name for name, one in encoder.named_parameters() if one.requires_grad}
        assert asked == {name for name, one in encoder.named_parameters() if one.grad is not None}
        assert mode == "trainable" or (asked and all(".lora_" in name for name in asked))


@pytest.mark.parametrize("family", PICTURE)
def test_merged_adapters_give_the_same_vectors(picture_encoder, family):
    encoder = picture_encoder(family, mode="lora", **SETTINGS)
    with torch.inference_mode():
        plain = encoder(frames(encoder))
        for name, parameter in encoder.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.2)
        adapted = encoder(frames(encoder))
        assert (adapted - plain).abs().max() > 0.01
        torch.testing.assert_close(merged(encoder)(frames(encoder)), adapted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({"pooling": "max"}, True),
        ({"layers": "all"}, True),
        ({"frames": 3}, True),
        ({"floor_step": True}, True),
        ({"bgr": True}, True),
        ({"mode": "frozen"}, False),
        ({"lora": {"rank": 4}}, False),
    ],
)
def test_cached_vectors_depend_on_what_changes_them_and_on_nothing_else(picture_folder, changes, is_other):
    source = str(picture_folder("vit"))
    one, other = (resolved(PictureEncoderSettings(source=source, **more)) for more in ({}, changes))
    assert (one.cached_part != other.cached_part) is is_other


def test_settings_that_do_not_go_with_the_network_are_refused_at_once(picture_folder):
    with pytest.raises(ConfigError) as caught:
        resolved(PictureEncoderSettings(source=str(picture_folder("videomae")), frames=9, pooling="class"))
    assert len(caught.value.problems) == 2
    assert "frames = 9: videomae reads 4 frames" in str(caught.value)
    assert "videomae has no class token; use mean" in str(caught.value)


def test_an_image_processor_of_other_sizes_or_a_network_of_words_is_refused(tmp_path):
    folder = save_tiny_picture_encoder(tmp_path / "one", image_size=24)
    with pytest.raises(ConfigError, match="pictures of 16 x 16 pixels; the network reads 24 x 24"):
        resolved(PictureEncoderSettings(source=str(folder)))
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(FolderError, match="of the type 'bert'; encoders of video are videomae, timesformer"):
        resolved(PictureEncoderSettings(source=str(folder)))
    folder = save_tiny_picture_encoder(tmp_path / "two")
    (folder / "preprocessor_config.json").write_text('{"size": 16, "do_center_crop": true}')
    with pytest.raises(FolderError, match="states no image_mean and no image_std"):
        resolved(PictureEncoderSettings(source=str(folder)))
