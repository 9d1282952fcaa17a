"""What encoders of sound read, against the feature extractors of transformers."""

import numpy as np
import pytest
import soxr
import transformers

from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.encoders.sound.facts import resolved
from affekt.encoders.sound.read import SoundReader, whisper_spectrogram
from affekt.encoders.sound.settings import SoundEncoderSettings, SoundInput
from affekt.media.sound import NoSound, Waveform


def sound(seconds, rate_hz=16000, seed=0):
    rng = np.random.default_rng(seed)
    tone = 0.3 * np.sin(np.arange(round(seconds * rate_hz)) * 0.2)
    return (tone + 0.05 * rng.standard_normal(len(tone))).astype(np.float32) + 0.02


def sample(samples, rate_hz=16000, **facts):
    return Sample("one", {"audio": Waveform(samples[None], rate_hz)}, **facts)


@pytest.fixture
def reader(sound_folder):
    def make(family="wav2vec2", **settings):
        return SoundReader(resolved(SoundEncoderSettings(source=str(sound_folder(family)), **settings)))

    return make


def test_the_waveform_is_normalised_as_by_transformers(reader):
    samples = sound(0.4)
    theirs = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    expected = theirs(samples, sampling_rate=16000, return_tensors="np").input_values[0]
    found = reader()(sample(samples))
    np.testing.assert_allclose(found["audio"], expected, rtol=1e-4, atol=1e-5)
    assert found["audio_real"].sum() == len(samples)


@pytest.mark.parametrize("mels", [80, 128])
def test_the_spectrogram_is_that_of_whisper(mels):
    theirs = transformers.WhisperFeatureExtractor(feature_size=mels)
    samples = sound(2.5)
    expected = theirs(samples, sampling_rate=16000, return_tensors="np").input_features[0]
    found = whisper_spectrogram(np.pad(samples, (0, 480000 - len(samples))), mels=mels)
    assert found.shape == expected.shape == (mels, 3000)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_sound_is_read_at_the_rate_of_the_network(reader):
    samples = sound(0.5, 44100)
    found = reader()(sample(samples, 44100))["audio"]
    assert len(found) == 8000
    expected = soxr.resample(samples, 44100, 16000)
    assert np.corrcoef(found, expected)[0, 1] > 0.999


def test_sound_at_another_rate_called_that_of_the_network_is_for_parity_only(reader):
    assert len(reader(read_rate_hz=22050)(sample(sound(0.5)))["audio"]) == 11025


def test_whisper_gets_a_whole_window_and_the_positions_of_the_sound(reader):
    found = reader("whisper")(sample(sound(0.1)))
    assert found["audio"].shape == (8, 80)
    assert found["audio_real"].tolist() == [1.0] * 5 + [0.0] * 35  # of 20 ms each


@pytest.mark.parametrize(("kept", "part"), [("start", slice(0, 4800)), ("end", slice(-4800, None))])
def test_a_longer_sound_is_cut_and_the_answer_says_so(reader, kept, part):
    samples = sound(1.0)
    with collect_notes() as notes:
        found = reader(longest_s=0.3, kept=kept)(sample(samples))["audio"]
    assert len(found) == 4800 and any("0.3 s were read" in text for text in notes)
    assert np.corrcoef(found, samples[part])[0, 1] > 0.999
    with collect_notes() as notes:
        reader(longest_s=1.0, kept=kept)(sample(samples))
    assert not notes


def test_the_span_of_a_sample_is_read(reader):
    samples = sound(1.0)
    found = reader()(sample(samples, span_s=(0.25, 0.75)))["audio"]
    assert len(found) == 8000 and np.corrcoef(found, samples[4000:12000])[0, 1] > 0.999


def test_a_sound_shorter_than_a_position_is_filled_up(reader):
    found = reader()(sample(sound(0.001)))
    assert len(found["audio"]) == 30 == found["audio_real"].sum()


def test_arrays_fit_their_specs_and_a_sample_without_sound_is_said(reader):
    for family in ("wav2vec2", "whisper"):
        it = reader(family)
        arrays = it(sample(sound(0.2)))
        for spec in it.specs:
            spec.check(arrays[spec.name])
            spec.check(spec.absent())
        with pytest.raises(NoSound):
            it(Sample("none", {"text": "words"}))


def test_the_cache_key_changes_with_the_sound_and_the_span_and_not_with_the_label(reader):
    it, samples = reader(), sound(0.2)
    key = it.cache_key(sample(samples, label="joy"))
    assert key == it.cache_key(sample(samples, label="anger"))
    assert key != it.cache_key(sample(samples, span_s=(0.0, 0.1)))
    assert key != it.cache_key(sample(samples * 2))


def test_facts_of_the_feature_extractor_are_read(sound_folder):
    assert resolved(SoundEncoderSettings(source=str(sound_folder("whisper")))).input == SoundInput(mels=8)
    assert resolved(SoundEncoderSettings(source=str(sound_folder("hubert")))).input.normalised
