"""Encoders of sound and picture of either kind, as a config names them."""

import subprocess
import sys

import pytest
import torch

from affekt.core.sample import Sample
from affekt.core.settings import Settings, validate
from affekt.core.spec import InputSpec
from affekt.encoders.media import (
    AudioEncoderSettings,
    VideoEncoderSettings,
    media_reader,
    resolved_media,
)
from affekt.encoders.media_network import make_media_encoder
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.trained.settings import TrainedEncoderSettings
from affekt.testing.media import invent_samples
from affekt.testing.media_encoders import save_tiny_picture_encoder, save_tiny_sound_encoder


class Encoders(Settings):
    A: AudioEncoderSettings
    V: VideoEncoderSettings


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    root = tmp_path_factory.mktemp("encoders")
    return {
        "A": {"source": str(save_tiny_sound_encoder(root / "sound")), "mode": "frozen"},
        "V": {"source": str(save_tiny_picture_encoder(root / "pictures")), "mode": "lora"},
    }


def test_the_kind_of_an_encoder_may_be_left_out_and_a_typo_is_named_with_its_place(sources):
    found = Encoders.model_validate(sources)
    assert isinstance(found.A, SoundEncoderSettings) and isinstance(found.V, PictureEncoderSettings)
    trained = Encoders.model_validate({**sources, "A": {"kind": "trained", "source": "runs/voice"}})
    assert isinstance(trained.A, TrainedEncoderSettings)
    assert Encoders.model_validate(trained.model_dump(mode="json")) == trained
    wrong = {"A": {**sources["A"], "poling": "max"}, "V": {"kind": "learned", "source": "x"}}
    _, problems = validate(Encoders, wrong, prefix="encoders.")
    assert any("encoders.A.poling = 'max': unknown key; did you mean pooling?" in text for text in problems)
    assert len(problems) == 2 and "pretrained" in problems[1]


def test_samples_become_vectors_and_one_run_has_a_mode_for_each_modality(sources):
    settings = Encoders.model_validate(sources)
    (sample, *_) = invent_samples("video", 1)
    for one, modality in ((settings.A, "audio"), (settings.V, "video")):
        found = resolved_media(one, modality)
        reader, encoder = media_reader(found, modality), make_media_encoder(found)
        encoder.load_pretrained()
        assert reader.specs[0].name == modality
        batch = InputSpec(inputs=reader.specs).stack([reader(sample)] * 2)
        values, *real = (torch.from_numpy(batch[spec.name]) for spec in reader.specs)
        vectors = encoder.eval()(values, *(one > 0 for one in real))
        assert vectors.shape == (2, encoder.width) and vectors.requires_grad is (modality == "video")


def test_the_stand_in_of_a_missing_modality_has_a_finite_vector(sources):
    settings = Encoders.model_validate(sources)
    for one, modality in ((settings.A, "audio"), (settings.V, "video")):
        found = resolved_media(one, modality)
        reader, encoder = media_reader(found, modality, optional=True), make_media_encoder(found).eval()
        spec = InputSpec(inputs=reader.specs)
        assert spec.takes_subsets
        values, *real = (torch.from_numpy(one.absent())[None] for one in spec.inputs)
        with torch.inference_mode():
            assert encoder(values, *(one > 0 for one in real)).isfinite().all()
        with pytest.raises(Exception, match=r"has no (sound|video)"):
            reader(Sample("none", {"text": "words"}))


def test_settings_and_readers_import_neither_torch_nor_transformers():
    code = (
        "import sys; import affekt.encoders.media; "
        "sys.exit(1 if {'torch', 'transformers', 'lightning'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
