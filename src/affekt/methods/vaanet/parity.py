"""Runs the parity cases of this method."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.core.labels import label_set
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.layers.polarity import polarity_signs, polarity_weights
from affekt.media.sound.spectrum import mfcc
from affekt.media.video.snippets import MEAN, sample_snippets
from affekt.media.video.views import ClipView, centre_square
from affekt.parity.case import Case, draw_coarse, draw_integers, draw_normal, draw_pixels, draw_wave
from affekt.parity.compare import Comparison

from .config import AudioConfig, VAANetConfig, VisualConfig
from .model import VAANet
from .objective import VAANetObjective
from .preprocess import repeated
from .weights import VISUAL_WEIGHTS, WEIGHTS

_LABELS = label_set("plutchik-8")  # in the order of VideoEmotion-8
# Batch norm over two items: results of the reference differ by this much between one thread and two.
_TRAINING = {"logits": {"rtol": 1e-4, "atol": 2e-3}, "grad_norm": {"rtol": 1e-2}}


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if "vaanet" not in case.meta.get("method", ""):
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of vaanet")
    kinds = (
        ("indices_0", _sampling),
        ("corner_0_c", _squares),
        ("mfcc", _mfcc),
        ("grad_0", _polarity),
        ("logits", _network),
    )
    for mark, compare in kinds:
        if mark in case.expected:
            yield from compare(case)
            return
    raise UsageError(f"{case.path} holds {sorted(case.expected)}, which vaanet cannot compute")


def _network(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    training = meta["mode"] == "train"
    sizes = meta["hyperparameters"]
    weights = case.reference_weights()
    has_audio = "av_fc.weight" in weights
    config = VAANetConfig(
        num_classes=sizes["n_classes"],
        streams="video+audio" if has_audio else "video",
        visual=VisualConfig(
            segments=sizes["seq_len"], snippet_frames=sizes["snippet_duration"], size=sizes["sample_size"]
        ),
        audio=AudioConfig(embed=sizes["audio_embed_size"], chunks=sizes["audio_n_segments"]),
        drift_statistics=training,
    )
    model = VAANet(config)
    key_map = WEIGHTS if has_audio else VISUAL_WEIGHTS
    names = key_map.to_ours(weights)
    model.load_state_dict({ours: torch.from_numpy(weights[theirs]) for theirs, ours in names.items()})
    model.train(training)
    actual = _watch(model)
    inputs = {entry["name"]: entry for entry in meta["inputs"]}
    batch = {"clips": _clips(inputs["visual"])}
    if has_audio:
        batch["mfcc"] = _sound(inputs["audio"])
    if "labels" in case.expected:
        batch["label"] = torch.from_numpy(
            draw_integers(meta["labels"]["seed"], 0, config.num_classes, tuple(meta["labels"]["shape"]))
        )
        terms = VAANetObjective(config, PlainCrossEntropy(_LABELS))(model, batch)
        torch.stack(list(terms.values())).sum().backward()
        parameters, state = dict(model.named_parameters()), model.state_dict()
        ours = key_map.to_ours([*meta["grad_names"], *meta.get("buffer_names", ())])
        actual |= {
            "labels": batch["label"],
            "ce": terms["cross_entropy"],
            "pcce": terms["cross_entropy"] + terms["polarity"],
            "grad_norm": _norms([parameters[ours[key]].grad for key in meta["grad_names"]]),
            "buffer_norm_after": _norms([state[ours[key]] for key in meta.get("buffer_names", ())]),
        }
    else:
        with torch.no_grad():
            output = model(**batch)
        actual |= {name: getattr(output, name).transpose(0, 1) for name in ("alpha", "beta")}
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which vaanet cannot compute")
        tolerance: dict[str, Any] = {"rtol": 1e-3 if name == "grad_norm" else 1e-4}
        if training:
            tolerance = _TRAINING.get(name, {"rtol": 1e-3})
        yield Comparison(name, np.asarray(actual[name].detach()), expected, **tolerance)


def _watch(model: VAANet) -> dict[str, Tensor]:
    """Collect the outputs of each part while the network runs, with rows in the order of the cases."""
    actual: dict[str, Tensor] = {}

    def keep(module: nn.Module, name: str, change: Any = lambda value: value) -> None:
        module.register_forward_hook(lambda _m, _i, output: actual.update({name: change(output.detach())}))

    assert model.backbone is not None and model.visual is not None
    # The reference orders rows by segment, then clip; here rows of a clip are together.
    keep(model.backbone, "backbone", lambda maps: maps.transpose(0, 1).flatten(0, 1).unsqueeze(2))
    keep(model.visual.temporal, "gamma")
    keep(model.dropout, "fused")
    if model.audio is not None:
        chunks = model.audio.chunks
        keep(
            model.audio.embed["bn"],
            "audio_embed",
            lambda rows: torch.tanh(rows).unflatten(0, (-1, chunks)).transpose(0, 1).flatten(0, 1),
        )
    model.register_forward_hook(lambda _m, _i, output: actual.update({"logits": output.logits.detach()}))
    return actual


def _clips(entry: dict[str, Any]) -> Tensor:
    """Snippets of a case, scaled as in preprocessing."""
    return torch.from_numpy(draw_pixels(entry["seed"], tuple(entry["shape"])) / 255 - MEAN)


def _sound(entry: dict[str, Any]) -> Tensor:
    shape, seed = tuple(entry["shape"]), entry["seed"]
    return torch.from_numpy(draw_normal(seed, shape) + 2 * draw_coarse(seed + 5000, shape, (1, 64, 4)))


def _norms(tensors: list[Any]) -> Tensor:
    """L2 norms in double precision: single precision is wrong in the fourth digit for millions of values."""
    return torch.stack([value.double().norm() for value in tensors]) if tensors else torch.zeros(0)


def _sampling(case: Case) -> Iterator[Comparison]:
    for number, setting in enumerate(case.meta["cases"]):
        chance = random.Random(setting["python_random_seed"])
        actual = sample_snippets(
            range(1, setting["n_frames"] + 1),
            segments=setting["seq_len"],
            length=setting["snippet_duration"],
            draw=None if setting["center"] else lambda highest, chance=chance: chance.randint(0, highest),
        )
        yield Comparison(f"indices_{number}", actual, case.expected[f"indices_{number}"], rtol=0.0, atol=0.0)


def _squares(case: Case) -> Iterator[Comparison]:
    pictures = [
        draw_integers(entry["seed"], 0, 256, tuple(entry["shape"])).astype(np.uint8)[None]
        for entry in case.meta["inputs"]
    ]
    for name, expected in case.expected.items():
        kind, *rest = name.split("_")
        size = expected.shape[0]
        if kind == "corner":
            actual = ClipView(corner=rest[1]).of(pictures[int(rest[0])], size)[0]  # pyright: ignore[reportArgumentType]
        elif kind == "scale":
            actual = centre_square(pictures[int(rest[1])][0], size)
        elif kind == "flip":
            actual = ClipView(mirror=True).of(pictures[0], size)[0]
        elif kind == "bright":
            actual = ClipView(brightness=float(rest[0])).of(pictures[0], size)[0]
        elif kind == "rot":
            actual = ClipView(turn_deg=float(rest[0])).of(pictures[0], size)[0]
        else:
            raise UsageError(f"the case holds {name!r}, which vaanet cannot compute")
        # Exact with the Pillow version of the case; other versions may differ by one grey level.
        yield Comparison(name, actual, expected, rtol=0.0, atol=0.0 if _same_pillow(case) else 1.0)


def _same_pillow(case: Case) -> bool:
    return case.meta.get("pillow") == PIL.__version__


def _mfcc(case: Case) -> Iterator[Comparison]:
    (entry,) = case.meta["inputs"]
    audio = AudioConfig()
    wave = draw_wave(entry["seed"], tuple(entry["shape"]), audio.rate_hz)
    rows = mfcc(wave, audio.rate_hz, coefficients=audio.coefficients)
    whole = repeated(rows, audio.frames)
    later = mfcc(wave, audio.rate_hz, coefficients=audio.coefficients, padding="constant")
    actual = {
        "mfcc": rows,
        "tiled_head": whole[:8],
        "tiled_tail": whole[-8:],
        "tiled_sum": whole.sum(dtype=np.float64),
        "librosa_0_11_default": np.concatenate([later[:3], later[-3:]]),
    }
    for name, expected in case.expected.items():
        # Decibels of magnitude 1e2 to 1e3; their sum over 131072 values is 1e7.
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=1e-5, atol=1e-3)


def _polarity(case: Case) -> Iterator[Comparison]:
    signs = polarity_signs(_LABELS)
    for number, setting in enumerate(case.meta["cases"]):
        logits = torch.from_numpy(_drawn(setting["logits"])).requires_grad_()
        labels = torch.from_numpy(_drawn(setting["labels"]))
        weights = polarity_weights(logits, labels, signs, penalty=setting["lambda_0"])
        loss = (weights * F.cross_entropy(logits, labels, reduction="none")).mean()
        loss.backward()
        assert logits.grad is not None
        for name, value in (("loss", loss.detach()), ("grad", logits.grad), ("labels", labels)):
            yield Comparison(
                f"{name}_{number}", np.asarray(value), case.expected[f"{name}_{number}"], atol=1e-6
            )


def _drawn(text: str) -> np.ndarray:
    """Numbers drawn as a case states: `2*normal(501,[16,8])`, `integers(502,0,8,[16])`."""
    found = re.fullmatch(r"(?:(?P<scale>[\d.]+)\*)?(?P<kind>normal|integers)\((?P<rest>.*)\)", text)
    if found is None:
        raise UsageError(f"{text!r} cannot be drawn")
    seed, *bounds, shape = json.loads(f"[{found['rest']}]")
    if found["kind"] == "integers":
        low, high = bounds
        return draw_integers(seed, low, high, tuple(shape))
    return (float(found["scale"] or 1) * draw_normal(seed, tuple(shape))).astype(np.float32)
