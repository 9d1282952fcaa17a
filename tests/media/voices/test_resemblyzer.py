"""The network of voice vectors against PyTorch, and its front end against librosa."""

import numpy as np
import pytest

from affekt.assets.places import asset_file, copies
from affekt.assets.registry import find_asset
from affekt.core.errors import FolderError, MediaError
from affekt.media.voices import VoiceVectors, open_vectors, resemblyzer
from affekt.media.voices.resemblyzer import (
    BANDS,
    FRAMES,
    HOP,
    RATE_HZ,
    ResemblyzerVectors,
    embedded,
    windows_of,
)
from affekt.media.voices.resemblyzer_file import STORAGES, read_weights

needs_asset = pytest.mark.skipif(
    not copies(find_asset(resemblyzer.ASSET)),
    reason="needs the asset resemblyzer: affekt assets get resemblyzer",
)


def speech_like(seconds, seed=0):
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch = 2 * np.pi * np.cumsum(140 + 40 * np.sin(3 * times)) / RATE_HZ
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 15))
    return (0.05 * buzz + rng.normal(0, 0.002, len(times))).astype(np.float32)


def network_of(weights):
    torch = pytest.importorskip("torch")
    lstm, linear = torch.nn.LSTM(BANDS, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    lstm.load_state_dict({n[5:]: torch.tensor(v) for n, v in weights.items() if n.startswith("lstm.")})
    linear.load_state_dict({n[7:]: torch.tensor(v) for n, v in weights.items() if n.startswith("lin")})

    def vectors(windows):
        with torch.no_grad():
            _, (hidden, _) = lstm(torch.from_numpy(windows))
            raw = torch.relu(linear(hidden[-1]))
            return (raw / raw.norm(dim=1, keepdim=True)).numpy()

    return vectors


@pytest.fixture(scope="module")
def drawn():
    """Random weights of the shapes of the network, in the range in which PyTorch draws them."""
    rng = np.random.default_rng(0)
    shapes = {name: shape for one in STORAGES for name, (_, shape) in one.tensors.items()}
    return {name: rng.uniform(-0.06, 0.06, shape).astype(np.float32) for name, shape in shapes.items()}


def test_the_network_in_numpy_equals_that_of_pytorch(drawn):
    windows = np.random.default_rng(1).gamma(1.0, 2.0, (3, FRAMES, BANDS)).astype(np.float32)
    ours = embedded(drawn, windows)
    np.testing.assert_allclose(ours, network_of(drawn)(windows), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, rtol=1e-5)


@needs_asset
def test_the_weights_in_the_file_are_those_that_pytorch_reads():
    torch = pytest.importorskip("torch")
    path = asset_file(resemblyzer.ASSET, resemblyzer.FILE)
    theirs = torch.load(path, weights_only=True, map_location="cpu")["model_state"]
    ours = read_weights(path)
    assert set(theirs) - set(ours) == {"similarity_weight", "similarity_bias"}
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name].numpy(), err_msg=name)


@needs_asset
def test_the_vector_of_a_turn_is_the_mean_of_its_windows_by_pytorch():
    network = ResemblyzerVectors()
    assert isinstance(network, VoiceVectors) and isinstance(open_vectors(), ResemblyzerVectors)
    sound = speech_like(4.0)
    theirs = network_of(read_weights(asset_file(resemblyzer.ASSET, resemblyzer.FILE)))(windows_of(sound))
    mean = theirs.mean(axis=0)
    np.testing.assert_allclose(network.vector(sound), mean / np.linalg.norm(mean), rtol=1e-3, atol=1e-5)


@pytest.mark.xdist_group("librosa")
def test_the_bands_are_those_of_librosa():
    import librosa

    sound = speech_like(1.6 - HOP / RATE_HZ)  # as long as the window, which ends before its last hop
    padded = np.pad(sound, (0, FRAMES * HOP - len(sound)))
    theirs = librosa.feature.melspectrogram(y=padded, sr=RATE_HZ, n_fft=400, hop_length=HOP, n_mels=BANDS).T
    (ours,) = windows_of(sound)
    np.testing.assert_allclose(ours, theirs[:FRAMES], rtol=2e-3, atol=1e-6 * theirs.max())


@pytest.mark.parametrize(
    ("seconds", "windows"),
    [(0.1, 1), (1.6, 1), (1.9, 1), (2.0, 2), (2.2, 2), (3.5, 3), (60.0, resemblyzer.MOST_WINDOWS)],
)
def test_windows_cover_a_turn_as_published_up_to_a_number(seconds, windows):
    assert windows_of(speech_like(seconds)).shape == (windows, FRAMES, BANDS)


def test_quiet_speech_is_raised_and_loud_speech_is_not():
    sound = speech_like(1.6)
    quiet, loud = windows_of(sound * np.float32(0.01)), windows_of(sound * np.float32(2))
    assert quiet.sum() == pytest.approx(windows_of(sound * np.float32(0.02)).sum(), rel=1e-3)
    assert loud.sum() == pytest.approx(4 * windows_of(sound).sum(), rel=1e-3)


def test_an_empty_turn_is_refused():
    with pytest.raises(MediaError, match="the turn is empty"):
        windows_of(np.zeros(0, np.float32))


def test_a_file_of_another_layout_is_refused(tmp_path):
    path = tmp_path / "pretrained.pt"
    path.write_bytes(bytes(1000))
    with pytest.raises(FolderError, match="does not hold 1357824 numbers at byte 269883"):
        read_weights(path)
