"""Three passes of a clip: which segments are erased, and which decoded snippets replace them."""

import numpy as np
import pytest
import torch

from affekt.core import catalog
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.media.video import VideoFrames
from affekt.methods.cten.config import CTENConfig
from affekt.methods.cten.erasing import choose_windows, context_of, kept_frames, keyframes_of, threshold_of
from affekt.methods.cten.model import CTEN, CTENOutput
from affekt.methods.cten.objective import CTENObjective, gather
from affekt.methods.cten.preprocess import CTENPreprocess

TINY = catalog.card("cten").tiny
LABELS = LabelSet.of("joy", "trust", "fear", "anger")


def test_threshold_and_masks_by_hand():
    attention = torch.tensor([[0.0, 1.0, 0.7, 0.71], [2.0, 2.0, 2.0, 2.0]])
    assert threshold_of(attention, position=0.7).flatten().tolist() == pytest.approx([0.7, 2.0])
    # At the threshold a segment is neither key nor context.
    assert context_of(attention, position=0.7).tolist() == [[True, False, False, False], [False] * 4]
    assert keyframes_of(attention, position=0.7).tolist() == [[False, True, False, True], [False] * 4]


def test_frames_of_kept_segments_follow_each_other():
    assert kept_frames(np.array([False, True, True]), 9).tolist() == [3, 4, 5, 6, 7, 8]


def test_all_frames_are_kept_where_no_segment_is():
    assert kept_frames(np.zeros(4, bool), 6).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_clip_of_fewer_frames_than_segments_is_kept_whole():
    assert kept_frames(np.array([True, False, True, False]), 3).tolist() == [0, 1, 2]


def test_windows_that_are_decoded_are_chosen_exactly():
    # 40 frames, 4 segments of 10, with all windows of 4 frames within a segment.
    windows = np.stack([np.arange(start, start + 4) for s in range(4) for start in range(10 * s, 10 * s + 7)])
    kept = np.array([True, False, False, True])
    chosen = choose_windows(kept, windows, 40, length=4, draw=None)
    # The remaining frames are 0..9 and 30..39; in quarters of 5, the middle begins at the first frame.
    assert windows[chosen].tolist() == [[0, 1, 2, 3], [5, 6, 7, 8], [30, 31, 32, 33], [35, 36, 37, 38]]


def test_an_erased_window_is_chosen_only_if_there_is_no_other():
    windows = np.array([[0, 1], [4, 5], [8, 9], [12, 13]])
    chosen = choose_windows(np.array([False, True, False, True]), windows, 16, length=2, draw=None)
    assert set(chosen.tolist()) == {1, 3}


def test_gather_takes_the_windows_of_each_clip():
    windows = torch.arange(2 * 3 * 4).reshape(2, 3, 4).float()
    taken = gather(windows, torch.tensor([[2, 0], [1, 1]]))
    assert torch.equal(taken, torch.stack([windows[0][[2, 0]], windows[1][[1, 1]]]))


class Counting(torch.nn.Module):
    """A model with attention on one segment, and a record of its inputs."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, *, clips, fbank):
        self.seen.append(clips)
        attention = torch.zeros(clips.shape[:2])
        attention[:, 1] = 1.0
        return CTENOutput(torch.zeros(len(clips), 4), attention, torch.zeros(*clips.shape[:2], 4))


def test_the_second_pass_lacks_the_key_segment_and_the_third_has_only_that():
    config = CTENConfig(**(TINY | {"visual": TINY["visual"] | {"segments": 4, "windows": 1}}))
    # Windows 0..3 are of segments 0..3; as features, each has the number of its segment.
    windows = torch.arange(4.0).reshape(1, 4, 1)
    batch = {
        "clips": windows.clone(),
        "windows": windows,
        "window_frames": torch.arange(4)[None, :, None] * 10 + torch.arange(4),
        "frames": torch.tensor([40]),
        "fbank": torch.zeros(1, 80, 16),
        "label": torch.tensor([0]),
    }
    model = Counting()
    terms = CTENObjective(config, PlainCrossEntropy(LABELS))(model, batch)
    assert list(terms) == ["whole", "context", "keyframes"]
    assert float(sum(terms.values())) == pytest.approx(np.log(4))
    _, context, keyframes = (look.flatten().tolist() for look in model.seen)
    assert 1.0 not in context and set(keyframes) == {1.0}


def test_without_erasing_there_is_one_pass():
    config = CTENConfig(**(TINY | {"erase": False}))
    model = Counting()
    batch = {"clips": torch.zeros(2, 2, 1), "fbank": torch.zeros(2, 40, 16), "label": torch.tensor([0, 1])}
    assert list(CTENObjective(config, PlainCrossEntropy(LABELS))(model, batch)) == ["whole"]
    assert len(model.seen) == 1


def clip(frames, segments=2):
    pixels = np.zeros((frames, 32, 32, 3), np.uint8)
    pixels += np.arange(frames, dtype=np.uint8)[:, None, None, None]
    return Sample(id="clip", media={"video": VideoFrames(pixels, np.arange(frames) / 10, frames / 10)})


def test_a_training_view_decodes_windows_and_states_their_frames():
    config = CTENConfig(**(TINY | {"streams": "video"}))
    arrays = CTENPreprocess(config)(clip(50), rng=np.random.default_rng(1))
    assert arrays["windows"].shape == (4, 3, 4, 32, 32) and arrays["windows"].dtype == np.uint8
    assert int(arrays["frames"]) == 50
    bright = arrays["windows"][:, 0, :, 16, 16].astype(int)
    factor = bright.max() / max(arrays["window_frames"].max(), 1)  # the view may be darkened
    assert np.abs(bright - factor * arrays["window_frames"]).max() <= 1
    # The first window of each segment is for the first pass.
    assert np.allclose(arrays["clips"], arrays["windows"][:2] / 255 - 100 / 255, atol=1e-6)


def test_three_passes_train_the_whole_network():
    config = CTENConfig(**(TINY | {"streams": "video", "dropout": 0.0}))
    torch.manual_seed(0)
    model = CTEN(config).train()
    views = [CTENPreprocess(config)(clip(30 + n), rng=np.random.default_rng(n)) for n in range(4)]
    batch = {name: torch.stack([torch.from_numpy(view[name]) for view in views]) for name in views[0]}
    batch["label"] = torch.arange(4)
    terms = CTENObjective(config, PlainCrossEntropy(LABELS))(model, batch)
    torch.stack(list(terms.values())).sum().backward()
    assert len(terms) == 3 and all(p.grad is not None for p in model.parameters())
