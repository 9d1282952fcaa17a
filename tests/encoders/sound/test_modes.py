"""Three ways to use an encoder of sound, and what its cached vectors depend on."""

import pytest
import torch

from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.encoders.adapters import merged
from affekt.encoders.sound.encoder import SoundEncoder
from affekt.encoders.sound.facts import resolved
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.testing.media_encoders import SOUND, save_tiny_sound_encoder

SETTINGS = {"lora": {"rank": 2, "dropout": 0.1}}


def inputs(family):
    rng = torch.Generator().manual_seed(0)
    shape, places = ((2, 8, 80), 40) if family == "whisper" else ((2, 200), 200)
    is_real = torch.ones(2, places, dtype=torch.bool)
    is_real[1, places // 2 :] = False
    return torch.randn(shape, generator=rng), is_real


@pytest.mark.parametrize("family", SOUND)
def test_all_weights_or_adapters_alone_are_trained_or_none(sound_encoder, family):
    for mode in ("trainable", "lora", "frozen"):
        encoder = sound_encoder(family, mode=mode, **SETTINGS).train()
        output = encoder(*inputs(family)).square().sum()
        if mode == "frozen":
            assert not output.requires_grad
            assert torch.equal(encoder(*inputs(family)).square().sum(), output)  # no dropout
            continue
        output.backward()
        asked = {name for name, one in encoder.named_parameters() if one.requires_grad}
        assert asked == {name for name, one in encoder.named_parameters() if one.grad is not None}
        fixed = {name for name, _ in encoder.named_parameters()} - asked
        if mode == "lora":
            assert asked and all(".lora_" in name for name in asked)
        else:  # the sines of Whisper's positions stay as they are
            assert fixed <= {"backbone.embed_positions.weight"}


@pytest.mark.parametrize("family", SOUND)
def test_merged_adapters_give_the_same_vectors(sound_encoder, family):
    encoder = sound_encoder(family, mode="lora", **SETTINGS)
    with torch.inference_mode():
        plain = encoder(*inputs(family))
        for name, parameter in encoder.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.2)
        adapted = encoder(*inputs(family))
        assert (adapted - plain).abs().max() > 0.01
        torch.testing.assert_close(merged(encoder)(*inputs(family)), adapted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["wav2vec2", "wavlm", "whisper"])
def test_checkpointing_gives_the_same_gradients(sound_encoder, family):
    gradients = []
    for checkpointing in (False, True):
        encoder = sound_encoder(family, checkpointing=checkpointing).train()
        torch.manual_seed(0)  # dropout
        encoder(*inputs(family)).square().sum().backward()
        gradients.append({name: one.grad for name, one in encoder.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-4, atol=1e-5, msg=name)


def test_half_precision_is_computed(sound_encoder):
    for family in ("wav2vec2", "wavlm", "whisper"):
        encoder = sound_encoder(family)
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            assert encoder(*inputs(family)).isfinite().all()


def test_the_network_is_made_from_its_settings_alone(sound_folder):
    settings = resolved(SoundEncoderSettings(source=str(sound_folder("data2vec-audio"))))
    again = SoundEncoderSettings.model_validate(settings.model_dump(mode="json"))
    assert again == settings
    names = SoundEncoder(again).state_dict()
    assert names.keys() == SoundEncoder(settings).state_dict().keys()


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({"pooling": "max"}, True),
        ({"layers": "all"}, True),
        ({"longest_s": 3.0}, True),
        ({"kept": "end"}, True),
        ({"read_rate_hz": 22050}, True),
        ({"mode": "frozen"}, False),
        ({"lora": {"rank": 4}}, False),
        ({"checkpointing": True}, False),
    ],
)
def test_cached_vectors_depend_on_what_changes_them_and_on_nothing_else(sound_folder, changes, is_other):
    source = str(sound_folder("wav2vec2"))
    one, other = (resolved(SoundEncoderSettings(source=source, **more)) for more in ({}, changes))
    assert (one.cached_part != other.cached_part) is is_other


def test_a_source_of_another_kind_is_refused(tmp_path, sound_folder):
    folder = save_tiny_sound_encoder(tmp_path / "one")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(FolderError, match=r"has no preprocessor_config.json, which states what"):
        resolved(SoundEncoderSettings(source=str(folder)))
    folder = save_tiny_sound_encoder(tmp_path / "two")
    (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(FolderError, match="of the type 'bert'; encoders of sound are wav2vec2, hubert"):
        resolved(SoundEncoderSettings(source=str(folder)))
    folder = save_tiny_sound_encoder(tmp_path / "three")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FolderError, match=r"only as pytorch_model.bin; reading a pickle can run code"):
        resolved(SoundEncoderSettings(source=str(folder)))
    with pytest.raises(UsageError, match="neither an asset"):
        resolved(SoundEncoderSettings(source=str(tmp_path / "nowhere")))
    with pytest.raises(ConfigError, match="of the type 'bert'"):
        architecture = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1}
        resolved(SoundEncoderSettings(architecture=architecture))
