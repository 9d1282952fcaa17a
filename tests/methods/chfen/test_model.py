"""What answers may depend on: only the parity mode depends on batch, padding and row."""

import pytest
import torch

from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.methods.chfen.config import REFERENCE, CHFENConfig, Widths
from affekt.methods.chfen.model import CHFEN

SIZES = {"num_classes": 3, "dim": 16, "heads": 2, "widths": Widths(title=8, video=16, text=12, audio=8)}
LENGTHS = (5, 3)


def network(**changes):
    torch.manual_seed(0)
    return CHFEN(CHFENConfig(**(SIZES | changes))).eval()


def batch(steps=5):
    """Two videos; the second one ends earlier."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    real = torch.arange(max(LENGTHS))[None] < torch.tensor(LENGTHS)[:, None]
    found = {
        "title": normal(2, 8),
        "video": normal(2, 5, 16) * real[..., None],
        "faces": normal(2, 5, 16) * real[..., None],
        "face_count": torch.tensor([[0, 1, 2, 9, 1], [1, 0, 3, 0, 0]]),
        "video_steps": real.float(),
        "text": normal(2, 5, 12) * real[..., None],
        "text_steps": real.float(),
        "audio": normal(2, 8),
        "present": torch.ones(2, 4),
    }
    if steps > max(LENGTHS):
        more = steps - max(LENGTHS)
        for name, value in found.items():
            if name in ("video", "faces", "text"):
                found[name] = torch.nn.functional.pad(value, (0, 0, 0, more))
            elif name in ("face_count", "video_steps", "text_steps"):
                found[name] = torch.nn.functional.pad(value, (0, more))
    return found


def answers(model, inputs):
    with torch.inference_mode():
        return model(**inputs).logits


VARIANTS = [
    {},
    {"queries": "one"},
    {"queries": "repeated"},
    {"conditioned": False, "queries": "one"},
    {"frame_fusion": "count_query"},
    {"frame_fusion": "none", "faces": False},
    {"blocks": "plain", "positions": "none"},
    {"query": "gated", "gate": True},
]


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_the_order_of_a_batch_does_not_matter(changes):
    model, inputs = network(**changes), variant_inputs(changes)
    turned = answers(model, {name: value.flip(0) for name, value in inputs.items()})
    torch.testing.assert_close(turned.flip(0), answers(model, inputs))


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_padding_and_companions_do_not_matter(changes):
    model = network(**changes)
    together = answers(model, variant_inputs(changes, steps=9))
    for row, length in enumerate(LENGTHS):
        alone = {
            name: value[row : row + 1, :length]
            if value.ndim > 1 and value.shape[1] == 5
            else value[row : row + 1]
            for name, value in variant_inputs(changes).items()
        }
        torch.testing.assert_close(answers(model, alone), together[row : row + 1])


def variant_inputs(changes, steps=5):
    left_out = () if changes.get("faces", True) else ("faces", "face_count")
    return {name: value for name, value in batch(steps).items() if name not in left_out}


def test_the_published_network_depends_on_row_and_padding():
    model, inputs = network(**REFERENCE), batch()
    plain = answers(model, inputs)
    turned = answers(model, {name: value.flip(0) for name, value in inputs.items()}).flip(0)
    assert (turned - plain).abs().max() > 1e-5
    assert (answers(model, batch(steps=9)) - plain).abs().max() > 1e-5


@pytest.mark.parametrize("changes", [{}, REFERENCE], ids=["repaired", "published"])
def test_a_second_call_gives_the_same_answer_and_inputs_stay(changes):
    model, inputs = network(**changes), batch()
    before = {name: value.clone() for name, value in inputs.items()}
    assert torch.equal(answers(model, inputs), answers(model, inputs))
    assert all(torch.equal(inputs[name], value) for name, value in before.items())


def test_four_tokens_with_their_numbers_equal_all_tokens():
    model, inputs = network(**REFERENCE), batch()
    tokens = model.encode(inputs).tokens
    steps = inputs["video"].shape[1]
    repeats = {"title": 1, "video": steps, "text": steps, "audio": 1}
    whole = torch.cat(
        [one.values.expand(-1, repeats[name], -1) + model.types[name] for name, one in tokens.items()], dim=1
    )
    with torch.inference_mode():
        for block in model.blocks:
            whole = block(whole, torch.zeros(whole.shape[:2]))
        pooled, _ = model.pooling(model.pooling_query.expand(2, 1, -1), whole, whole, need_weights=False)
        torch.testing.assert_close(model.classifier(pooled.squeeze(1)), answers(model, inputs))


def test_positions_make_the_order_in_time_matter():
    inputs = batch()
    turned = {**inputs, "video": inputs["video"].clone()}
    turned["video"][0] = inputs["video"][0].flip(0)
    turned["face_count"] = torch.zeros_like(inputs["face_count"])
    inputs["face_count"] = torch.zeros_like(inputs["face_count"])
    apart = [
        (answers(model, turned) - answers(model, inputs))[0].abs().max()
        for model in (network(), network(positions="none"))
    ]
    assert apart[0] > 1e-4 > apart[1]


def test_faces_count_only_where_there_are_some():
    model, inputs = network(), batch()
    changed = {**inputs, "faces": inputs["faces"] + (inputs["face_count"] == 0)[..., None]}
    assert torch.equal(answers(model, changed), answers(model, inputs))
    more = {**inputs, "faces": inputs["faces"] + (inputs["face_count"] == 1)[..., None]}
    assert not torch.allclose(answers(model, more), answers(model, inputs))


@pytest.mark.parametrize("name", ["title", "video", "text", "audio"])
def test_a_modality_that_is_left_out_has_no_weights(name):
    rest = tuple(other for other in ("title", "video", "text", "audio") if other != name)
    model = network(modalities=rest)
    parts = (f"inward.{name}.", f"missing.{name}", f"conditioned.{name}.", f"types.{name}")
    assert not [key for key in model.state_dict() if key.startswith(parts)]
    assert (name == "video") == (model.frame_fusion is None)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"dim": 15}, "not a multiple of heads"),
        ({"modalities": ["text", "text"]}, "at most once"),
        ({"frame_fusion": "none"}, "set faces = false"),
        ({"faces": False, "frame_fusion": "count_query"}, "needs faces"),
        ({"query": "gated", "modalities": ["title", "video"]}, "needs both"),
        ({"queries": "repeated", "conditioned": False}, "needs conditioned"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        catalog.method("chfen").make_config(changes)


def test_the_published_network_has_its_number_of_parameters():
    model = CHFEN(CHFENConfig(**REFERENCE))
    counted = sum(p.numel() for name, p in model.named_parameters() if not name.startswith("missing."))
    assert counted == 15_366_152
