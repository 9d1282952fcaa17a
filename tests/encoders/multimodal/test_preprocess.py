"""What a sample gives to the network, and what is missing."""

import numpy as np
import pytest

from affekt.core.errors import DataError, MediaError
from affekt.encoders.multimodal.preprocess import MultimodalPreprocess


@pytest.fixture
def fitted(make_sample, make_config):
    """Preprocessing of three modalities, fitted to ten samples."""
    config = make_config()
    samples = [make_sample(number, "text", "audio", "video") for number in range(10)]
    return MultimodalPreprocess(config, MultimodalPreprocess(config).fit(samples)), samples


def test_vectors_of_training_have_mean_0_and_variance_1(fitted):
    preprocess, samples = fitted
    stacked = np.stack([preprocess(sample)["audio_vector"] for sample in samples])
    np.testing.assert_allclose(stacked.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(stacked.std(axis=0), 1, atol=1e-5)


def test_a_value_that_never_changes_is_only_shifted(make_sample, make_config):
    samples = [make_sample(3, "text")] * 4
    state = MultimodalPreprocess(make_config("T")).fit(samples)
    assert state["text"]["deviation"] == [1.0] * 5


def test_a_missing_modality_is_left_out_and_marked(fitted, make_sample):
    preprocess, _ = fitted
    arrays = preprocess(make_sample(1, "audio", "text"))
    assert set(arrays) == {"text_vector", "audio_vector"}
    complete = preprocess.spec.complete(arrays)
    assert complete["present"].tolist() == [1, 1, 0] and not complete["video_vector"].any()


def test_a_sample_without_any_modality_is_refused(fitted, make_sample):
    with pytest.raises(MediaError, match="has none of text, audio, video"):
        fitted[0](make_sample(1))


def test_a_single_modality_has_no_presence_and_is_required(make_sample, make_config):
    preprocess = MultimodalPreprocess(make_config("A"))
    assert preprocess.spec.names == ("audio_vector",)
    with pytest.raises(MediaError, match="reads feature vectors of audio, and there is none"):
        preprocess(make_sample(1, "text"))


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_vectors_in_time_are_pooled(make_sample, make_config, pooling):
    config = make_config("A", encoders={"A": {"kind": "features", "pooling": pooling}})
    sample = make_sample(2, "audio", steps=7)
    values = sample.media["audio"].values
    expected = values.mean(axis=0) if pooling == "mean" else values[-1]
    np.testing.assert_allclose(MultimodalPreprocess(config)(sample)["audio_vector"], expected, rtol=1e-6)


def test_a_modality_that_all_training_samples_lack_is_an_error(make_sample, make_config):
    samples = [make_sample(number, "text", "audio") for number in range(3)]
    with pytest.raises(DataError, match="none of 3 training samples has features of video"):
        MultimodalPreprocess(make_config()).fit(samples)


def test_features_of_another_width_are_an_error_before_training(make_sample, make_config):
    config = make_config("A", features={"A": 9})
    with pytest.raises(DataError, match=r"features of audio have 4 values, the config says 9"):
        MultimodalPreprocess(config).fit([make_sample(1, "audio")])
