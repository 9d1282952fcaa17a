"""Properties that are special to the small voice network."""

import numpy as np
import pytest
import torch

from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, DataError, MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.layers.temporal_attention import TemporalAttention
from affekt.media.sound import Waveform
from affekt.methods.compact_voice.config import AugmentConfig, CompactVoiceConfig
from affekt.methods.compact_voice.model import CompactVoice
from affekt.methods.compact_voice.preprocess import CompactVoicePreprocess
from affekt.testing.media import invent_samples

TINY = catalog.card("compact_voice").tiny
RATE_HZ, HOP = 16_000, 160
FLAT = {"deviation_db": [10.0] * 64}
STILL = AugmentConfig(speed=0, tempo=0, gain_db=0, tilt_db=0, noise=0, masks=0)


def voice(samples, *, before=0, after=0, level=0.1):
    """Noise whose colour and level change, between silences, in samples."""
    rng = np.random.default_rng(0)
    wave = level * rng.standard_normal(samples)
    wave[1:] += np.linspace(-0.9, 0.9, samples - 1) * wave[:-1]
    wave *= 1 + 0.5 * np.sin(np.arange(samples) / 1500)
    return np.pad(wave, (before, after)).astype(np.float32)


def sample(samples, **media):
    return Sample(id="said", media={"audio": Waveform(samples[None], RATE_HZ)}, **media)


def preprocess(state=FLAT, **config):
    return CompactVoicePreprocess(CompactVoiceConfig(**config), state)


def test_silence_at_the_ends_changes_only_the_time():
    said, later = voice(48_000), voice(48_000, before=16_000, after=12_800)
    at_once, cut = preprocess(margin_s=0.0)._utterance(sample(later))
    assert len(at_once) == pytest.approx(48_000, abs=700) and cut == pytest.approx(1.0, abs=0.021)
    start, stop = (preprocess().moments(sample(one)).spans_s[0, 0] for one in (said, later))
    # 0.88 s: the last step of 10 ms whose window contains the voice, minus the margin. Half of the remaining
    # silence shifts the middle.
    assert stop - start == pytest.approx(0.88 + 0.5 * 0.24, abs=0.03)


def test_loudness_does_not_matter():
    loud, soft = (preprocess()(sample(voice(40_800, level=level)))["mel"] for level in (0.1, 0.05))
    np.testing.assert_allclose(loud, soft, atol=0.02)


def test_each_band_has_the_mean_zero_and_over_the_training_set_the_deviation_one():
    samples = [sample(voice(40_800)), sample(voice(40_800, level=0.02))]
    state = preprocess(None).fit(samples)
    rows = np.stack([preprocess(state)(one)["mel"] for one in samples])
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(np.sqrt((rows**2).mean(axis=(0, 1))), 1, rtol=1e-3)


def test_a_band_that_is_empty_in_training_is_not_amplified():
    one = sample(voice(20_400))
    empty, full = ({"deviation_db": [10.0] * 63 + [last]} for last in (0.0, 1.0))
    np.testing.assert_array_equal(preprocess(empty)(one)["mel"], preprocess(full)(one)["mel"])


def test_a_short_utterance_is_repeated_from_several_starts():
    one = sample(voice(16_000))  # 101 frames
    views = [view["mel"] for view in preprocess().views(one)]
    np.testing.assert_array_equal(views[0][:155], views[0][101:])
    for number, start in enumerate((0, 20, 40, 60, 80)):
        np.testing.assert_array_equal(views[number], np.resize(np.roll(views[0][:101], -start, 0), (256, 64)))


def test_the_first_view_of_a_long_utterance_is_its_middle():
    one = sample(voice(399 * HOP))  # 400 frames: 145 possible starts
    whole = preprocess(frames=400)(one)["mel"]
    views = [view["mel"] for view in preprocess().views(one)]
    for view, start in zip(views, (72, 101, 130, 14, 43), strict=True):
        np.testing.assert_allclose(view, whole[start : start + 256], atol=1e-5)
    np.testing.assert_array_equal(preprocess()(one)["mel"], views[0])


def test_moments_of_a_long_utterance_are_its_chunks_in_the_time_of_the_file():
    spans_s, weights = preprocess().moments(sample(voice(400 * HOP)))
    np.testing.assert_allclose(spans_s[:, 0], [0.73, 1.37, 2.01, 2.65])
    np.testing.assert_allclose(spans_s[:, 1], [1.37, 2.01, 2.65, 3.29])
    np.testing.assert_array_equal(weights, np.eye(4))


def test_moments_of_a_short_utterance_are_its_parts_each_repeated():
    # 128 frames, the last of them cut: 1.275 s, twice in a view of 256.
    spans_s, weights = preprocess().moments(sample(voice(20_400)))
    np.testing.assert_allclose(spans_s, [[0, 0.64], [0.64, 1.275]])
    np.testing.assert_array_equal(weights, [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]])


@pytest.mark.parametrize("count", [40, 900, 9000, 20_000, 33_333, 40_800, 41_000, 90_000])
def test_moments_follow_each_other_within_the_sound(count):
    spans_s, weights = preprocess().moments(sample(voice(count)))
    np.testing.assert_array_equal(spans_s[1:, 0], spans_s[:-1, 1])
    assert (np.diff(spans_s, axis=1) > 0).all() and spans_s[0, 0] >= 0
    assert spans_s[-1, 1] <= count / RATE_HZ + 1e-9
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_no_augmentation_is_the_plain_view():
    one = sample(voice(255 * HOP))  # 256 frames: one possible start
    view = preprocess(augment=STILL)(one, rng=np.random.default_rng(0))["mel"]
    np.testing.assert_array_equal(view, preprocess()(one)["mel"])


def test_a_training_view_begins_anywhere():
    one = sample(voice(299 * HOP))  # 300 frames: 45 possible starts
    whole = preprocess(frames=300)(one)["mel"]
    still, starts = preprocess(augment=STILL), []
    for seed in range(40):
        view = still(one, rng=np.random.default_rng(seed))["mel"]
        starts.append(int(np.abs(whole - view[0]).sum(axis=1).argmin()))
    assert min(starts) < 5 and max(starts) > 40


def test_training_views_differ_and_are_finite():
    one = sample(voice(16_000))
    views = [preprocess()(one, rng=np.random.default_rng(seed))["mel"] for seed in (1, 1, 2, 3)]
    np.testing.assert_array_equal(views[0], views[1])
    assert not np.allclose(views[0], views[2]) and not np.allclose(views[2], views[3])
    for view in views:
        preprocess().spec.check({"mel": view})


def test_fit_leaves_out_samples_that_cannot_be_read(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF and then nothing")
    good = sample(voice(16_000))
    bad = [Sample(id="bad", media={"audio": broken}), Sample(id="none", media={})]
    assert preprocess(None).fit([*bad, good]) == preprocess(None).fit([good])
    with pytest.raises(DataError, match="none of 2 training samples can be used"):
        preprocess(None).fit(bad)


def test_a_silent_recording_is_refused():
    with pytest.raises(MediaError, match=r"said: .*silent"):
        preprocess()(sample(np.zeros(16_000, np.float32)))


def test_preprocessing_without_fitted_state_is_refused():
    with pytest.raises(AffektError, match="fitted"):
        preprocess(None)(sample(voice(16_000)))


@pytest.mark.parametrize("wrong", [{"frames": 250}, {"high_hz": 9000.0}, {"low_hz": 8000.0}])
def test_sizes_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ConfigError):
        catalog.method("compact_voice").make_config(wrong)


def test_logits_are_the_mean_of_the_chunks_weighted_by_attention():
    torch.manual_seed(0)
    model = CompactVoice(CompactVoiceConfig(width=4, embed=8)).eval()
    output = model(mel=torch.randn(3, 256, 64))
    assert output.logits.shape == (3, 8) and output.segment_logits.shape == (3, 4, 8)
    torch.testing.assert_close(output.attention.sum(dim=1), torch.ones(3))
    expected = torch.einsum("bs,bsk->bk", output.attention, output.segment_logits)
    torch.testing.assert_close(output.logits, expected)


def test_normalised_attention_orders_segments_as_the_default_does():
    torch.manual_seed(0)
    plain, soft = TemporalAttention(8, 5).eval(), TemporalAttention(8, 5, normalised=True).eval()
    soft.load_state_dict(plain.state_dict())
    torch.nn.init.ones_(plain.mix.bias)
    torch.nn.init.ones_(soft.mix.bias)
    features = torch.randn(4, 5, 8)
    torch.testing.assert_close(soft(features), torch.softmax(plain(features), dim=1))


def test_a_few_steps_on_invented_voices_lower_the_loss():
    method = catalog.method("compact_voice")
    config = method.make_config(TINY | {"width": 8, "dropout": 0.0})
    samples = invent_samples("audio", 16)
    ready = method.load("preprocess")(config, method.load("preprocess")(config).fit(samples))
    names = sorted({str(one.label) for one in samples})
    label = torch.tensor([names.index(str(one.label)) for one in samples])
    torch.manual_seed(0)
    model = method.load("model")(config)
    objective = method.load("objective")(config, torch.nn.functional.cross_entropy)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    views = [ready(one, rng=np.random.default_rng(row))["mel"] for row, one in enumerate(samples)]
    batch = {"mel": torch.from_numpy(np.stack(views)), "label": label}
    losses = []
    for _ in range(10):
        loss = objective(model, batch)["cross_entropy"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_short_utterances_and_unused_parts_of_long_ones_are_noted():
    def notes_of(samples, **config):
        with collect_notes() as notes:
            preprocess(**config).views(sample(samples))
        return list(notes)

    assert notes_of(voice(40_800)) == []
    assert notes_of(voice(800)) == [
        "its sound lasts 0.05 s, 2 % of the 2.6 s that the network takes: it was repeated"
    ]
    assert notes_of(voice(80_000), longest_s=3.0) == [
        "only the first 3.0 s of its sound are used, 60 % of 5.0 s"
    ]
