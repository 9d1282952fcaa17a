"""Properties that are special to this network."""

from types import SimpleNamespace

import pytest
import torch

import affekt
from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.methods.vaanet.config import VAANetConfig
from affekt.methods.vaanet.model import VAANet
from affekt.methods.vaanet.objective import VAANetObjective

TINY = catalog.card("vaanet").tiny
CLIPS, MFCC = (3, 2, 3, 4, 64, 64), (3, 64, 16)


def tiny(**changes):
    torch.manual_seed(0)
    return VAANet(VAANetConfig(**(TINY | changes)))


def test_parameters_are_the_ones_of_the_reference_without_its_second_head():
    with torch.device("meta"):
        model = affekt.create("vaanet", visual={"segments": 3})
    count = sum(p.numel() for p in model.parameters())
    assert count == pytest.approx(97.869e6 - 8 * 513, rel=1e-5)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == pytest.approx(12.62e6, rel=1e-3)


@pytest.mark.parametrize(
    ("streams", "inputs"), [("video", ("clips",)), ("audio", ("mfcc",)), ("video+audio", ("clips", "mfcc"))]
)
def test_each_stream_works_alone_or_together(streams, inputs):
    model = tiny(streams=streams).eval()
    batch = {"clips": torch.randn(CLIPS), "mfcc": torch.randn(MFCC)}
    output = model(**{name: batch[name] for name in inputs})
    assert output.logits.shape == (3, 4) and output.attention.shape == (3, 2)
    torch.testing.assert_close(output.segment_logits.mean(dim=1), output.logits)
    assert ("alpha" in output._fields) == (streams != "audio")


def test_attention_over_cells_and_channels_has_the_mean_one():
    output = tiny().eval()(clips=torch.randn(CLIPS), mfcc=torch.randn(MFCC))
    torch.testing.assert_close(output.alpha.mean(dim=2), torch.ones(3, 2))
    torch.testing.assert_close(output.beta.mean(dim=2), torch.ones(3, 2))
    assert (output.attention >= 0).all()


def test_features_may_be_computed_first():
    model = tiny().eval()
    clips, mfcc = torch.randn(CLIPS), torch.randn(MFCC)
    whole, parted = model(clips=clips, mfcc=mfcc), model.from_features(clips=model.features(clips), mfcc=mfcc)
    assert torch.equal(whole.logits, parted.logits)


def test_a_frozen_backbone_keeps_weights_and_statistics():
    model = tiny(freeze_backbone=True).train()
    before = {key: value.clone() for key, value in model.backbone.state_dict().items()}
    model(clips=torch.randn(CLIPS), mfcc=torch.randn(MFCC)).logits.sum().backward()
    assert all(p.grad is None for p in model.backbone.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.backbone.state_dict().items())
    assert model.audio.backbone.training and not model.backbone.training


def test_the_reference_lets_the_statistics_of_the_frozen_backbone_drift():
    model = tiny(freeze_backbone=True, drift_statistics=True).train()
    before = model.backbone.stem["bn"].running_mean.clone()
    model(clips=torch.randn(CLIPS), mfcc=torch.randn(MFCC))
    assert not torch.equal(model.backbone.stem["bn"].running_mean, before)


def test_every_segment_has_the_same_bias_before_training():
    assert torch.equal(tiny().visual.temporal.mix.bias, torch.ones(2))


def test_an_error_across_polarity_weighs_half_as_much_again():
    labels = LabelSet.of("joy", "trust", "fear", "anger")
    objective = VAANetObjective(VAANetConfig(**(TINY | {"streams": "audio"})), PlainCrossEntropy(labels))

    class PredictsJoy(torch.nn.Module):
        def forward(self, *, mfcc):
            return SimpleNamespace(logits=torch.tensor([[3.0, 0.0, 0.0, 0.0]]))

    for label, extra in (("joy", 0.0), ("trust", 0.0), ("fear", 0.5), ("anger", 0.5)):
        terms = objective(
            PredictsJoy(), {"mfcc": torch.zeros(0), "label": torch.tensor([labels.index(label)])}
        )
        assert float(terms["polarity"]) == pytest.approx(extra * float(terms["cross_entropy"]))


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"audio": {"frames": 100, "chunks": 16}}, "100 frames cannot be cut into 16 equal chunks"),
        ({"audio": {"coefficients": 40, "mels": 32}}, "32 mel bands have no 40 cosine coefficients"),
        ({"visual": {"snippet_frames": 32}}, "snippet_frames"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(config, problem):
    with pytest.raises(ConfigError, match=problem):
        catalog.method("vaanet").make_config(config)
