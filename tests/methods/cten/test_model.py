"""Properties that are special to this network."""

import pytest
import torch

import affekt
from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.methods.cten.config import CTENConfig
from affekt.methods.cten.model import CTEN, NonLocal, RectifiedAttention

TINY = catalog.card("cten").tiny
CLIPS, FBANK = (3, 2, 3, 4, 32, 32), (3, 40, 16)


def tiny(**changes):
    torch.manual_seed(0)
    return CTEN(CTENConfig(**(TINY | changes)))


@pytest.mark.parametrize(
    ("streams", "count", "trainable"), [("video+audio", 135.28e6, 50.04e6), ("video", 87.37e6, 2.12e6)]
)
def test_parameters_are_the_ones_of_the_reference(streams, count, trainable):
    with torch.device("meta"):
        model = affekt.create("cten", streams=streams, visual={"segments": 3})
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(count, rel=1e-4)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == pytest.approx(trainable, rel=3e-3)


def test_logits_are_the_mean_of_the_segment_logits():
    output = tiny().eval()(clips=torch.randn(CLIPS), fbank=torch.randn(FBANK))
    torch.testing.assert_close(output.segment_logits.mean(dim=1), output.logits)
    assert output.attention.shape == (3, 2) and (output.attention >= 0).all()


def test_a_network_of_video_alone_has_no_audio_parameters():
    model = tiny(streams="video").eval()
    assert not [name for name, _ in model.named_parameters() if "audio" in name or "cross" in name]
    assert model(clips=torch.randn(CLIPS)).logits.shape == (3, 4)


def test_pixels_and_scaled_snippets_have_the_same_features():
    model = tiny().eval()
    windows = torch.randint(0, 256, (1, 5, 3, 4, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(model.features(windows), model.features(windows.float() / 255 - 100 / 255))


def test_a_non_local_block_starts_without_shortcut():
    block = NonLocal(16).eval()
    segments = torch.randn(2, 3, 16)
    changed = NonLocal(16).eval()
    changed.load_state_dict(block.state_dict())
    changed.alpha.data += 1
    torch.testing.assert_close(changed(segments) - block(segments), segments)


def test_cross_modal_attention_of_one_segment_by_hand():
    attention = RectifiedAttention(2, 1)
    for linear, weight in ((attention.value, 2.0), (attention.out, -1.0)):
        linear.weight.data = weight * torch.eye(2)
        linear.bias.data.zero_()
    asked = torch.tensor([[[1.0, -1.0]]])
    # One segment gets all the weight: values 2 and -2, rectified 2 and 0, put out as -2 and 0, rectified 0.
    assert attention(torch.randn(1, 1, 2), asked).tolist() == [[[0.0, 0.0]]]
    attention.out.weight.data *= -1
    assert attention(torch.randn(1, 1, 2), asked).tolist() == [[[2.0, 0.0]]]


def test_heads_that_do_not_divide_the_features_are_refused():
    with pytest.raises(ConfigError, match="128 features cannot be cut into 12 heads"):
        catalog.method("cten").make_config(TINY | {"heads": 12})


def test_a_non_local_block_may_start_as_the_identity():
    segments = torch.randn(2, 3, 16)
    assert torch.equal(NonLocal(16, local=True).eval()(segments), segments)
