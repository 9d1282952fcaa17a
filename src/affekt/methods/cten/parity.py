"""Runs the parity cases of this method."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from affekt.core.errors import UsageError
from affekt.core.labels import label_set
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.media.sound.spectrum import kaldi_filterbank
from affekt.media.video.snippets import MEAN, sample_snippets
from affekt.parity.case import Case, draw_coarse, draw_integers, draw_normal, draw_pixels, draw_wave
from affekt.parity.compare import Comparison

from .config import AudioConfig, CTENConfig, VisualConfig
from .erasing import context_of, kept_frames, keyframes_of, threshold_of
from .model import CTEN
from .objective import CTENObjective
from .preprocess import select_blocks
from .weights import WEIGHTS

_LABELS = label_set("plutchik-8")  # in the order of VideoEmotion-8
# Outputs of parts of the network, by the names of the cases.
_FEATURES = ("logits", "gamma", "backbone", "visual_nl", "audio_embed", "audio_nl", "v2a", "a2v", "pooled")


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if "cten" not in case.meta.get("method", ""):
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of cten")
    for mark, compare in (("raw_fbank", _filterbank), ("keep_context", _erasing), ("logits", _network)):
        if mark in case.expected:
            yield from compare(case)
            return
    raise UsageError(f"{case.path} holds {sorted(case.expected)}, which cten cannot compute")


def _network(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    training = meta["mode"] == "train"
    inputs = {entry["name"]: entry for entry in meta["inputs"]}
    model, names = _reference(case, has_audio="audio" in inputs, training=training)
    actual = _watch(model)
    sound = {"fbank": _sound(inputs["audio"])} if "audio" in inputs else {}
    passes = [_clips(entry) for name, entry in inputs.items() if name.startswith("visual")]
    if "labels" in case.expected:
        target = torch.from_numpy(draw_integers(meta["labels"]["seed"], 0, 8, tuple(meta["labels"]["shape"])))
        outputs = [model(clips=clips, **sound) for clips in passes]
        objective = CTENObjective(CTENConfig(), PlainCrossEntropy(_LABELS))
        logits = {str(number): output.logits for number, output in enumerate(outputs)}
        terms = torch.stack(list(objective.mean(logits, target).values()))
        terms.sum().backward()
        parameters, state = dict(model.named_parameters()), model.state_dict()
        actual |= {
            "logits": torch.stack(list(logits.values())),
            "gamma": torch.stack([output.attention for output in outputs]),
            "labels": target,
            "ce": terms * len(passes),
            "loss": terms.sum(),
            "grad_norm": _norms([parameters[names[key]].grad for key in meta["grad_names"]]),
            "buffer_norm_after": _norms([state[names[key]] for key in meta.get("buffer_names", ())]),
        }
    else:
        with torch.no_grad():
            model(clips=passes[0], **sound)
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which cten cannot compute")
        yield Comparison(name, np.asarray(actual[name].detach()), expected, **_tolerance(name, training))


def _reference(case: Case, *, has_audio: bool, training: bool) -> tuple[CTEN, dict[str, str]]:
    """The network with the weights of the case, and the key of each here."""
    sizes = case.meta["hyperparameters"]
    keys = case.keys_path if has_audio else case.path.with_name("keys_visual.json")
    weights = Case(case.path, keys if keys.is_file() else case.keys_path).reference_weights()
    config = CTENConfig(
        num_classes=sizes["n_classes"],
        streams="video+audio" if has_audio else "video",
        visual=VisualConfig(
            segments=sizes["seq_len"], snippet_frames=sizes["snippet_duration"], size=sizes["sample_size"]
        ),
        audio=AudioConfig(
            bins=sizes["mel_bins"], block_frames=sizes["audio_frames"] // sizes["audio_n_segments"]
        ),
        dropout=0.0,  # switched off in the cases
        drift_statistics=training,
    )
    model = CTEN(config)
    names = WEIGHTS.to_ours(weights)
    model.load_state_dict({ours: torch.from_numpy(weights[theirs]) for theirs, ours in names.items()})
    return model.train(training), names


def _tolerance(name: str, training: bool) -> dict[str, Any]:
    if name == "grad_norm":
        # Batch norm over few rows: results of the reference differ by 3e-3 between one thread and two.
        return {"rtol": 2e-2 if training else 1e-3, "atol": 1e-6}
    if training:
        return {"rtol": 1e-3, "atol": 5e-3 if name in ("logits", "gamma") else 1e-5}
    return {"rtol": 1e-4, "atol": 2e-5 if name in _FEATURES else 1e-5}


def _watch(model: CTEN) -> dict[str, Tensor]:
    """Collect the outputs of each part while the network runs, by the names of the cases."""
    actual: dict[str, Tensor] = {}

    def keep(module: nn.Module, name: str, change: Callable[[Tensor], Tensor] = lambda value: value) -> None:
        module.register_forward_hook(lambda _m, _i, output: actual.update({name: change(output.detach())}))

    keep(model.backbone, "backbone", lambda maps: maps.mean(dim=(3, 4)).flatten(0, 1))
    keep(model.visual_intra, "visual_nl")
    keep(model.temporal, "gamma")
    keep(model.dropout, "pooled")
    if model.audio is not None and model.cross is not None:
        segments = model.audio.segments
        keep(
            model.audio.embed["bn"], "audio_embed", lambda rows: torch.tanh(rows).unflatten(0, (-1, segments))
        )
        keep(model.audio.intra, "audio_nl")
        keep(model.cross.to_visual, "v2a")
        keep(model.cross.to_audio, "a2v")
    model.register_forward_hook(lambda _m, _i, output: actual.update({"logits": output.logits.detach()}))
    return actual


def _clips(entry: dict[str, Any]) -> Tensor:
    """Snippets of a case, scaled as in preprocessing."""
    return torch.from_numpy(draw_pixels(entry["seed"], tuple(entry["shape"])) / 255 - MEAN)


def _sound(entry: dict[str, Any]) -> Tensor:
    shape, seed = tuple(entry["shape"]), entry["seed"]
    noise = 0.3 * draw_normal(seed, shape) + 0.6 * draw_coarse(seed + 5000, shape, (1, 20, 8))
    return torch.from_numpy(noise.astype(np.float32))


def _norms(tensors: list[Any]) -> Tensor:
    """L2 norms in double precision: single precision is wrong in the fourth digit for millions of values."""
    return torch.stack([value.double().norm() for value in tensors]) if tensors else torch.zeros(0)


def _filterbank(case: Case) -> Iterator[Comparison]:
    (entry,) = case.meta["inputs"]
    rate = re.search(r"sr=(\d+)", entry["note"])
    if rate is None:
        raise UsageError(f"{case.path} does not state the rate of its sound")
    wave = draw_wave(entry["seed"], tuple(entry["shape"]), int(rate[1]))
    audio = AudioConfig()
    segments = int(case.expected["network_input_shape"][0]) // audio.block_frames
    rows = kaldi_filterbank(wave[0], int(rate[1]), bins=audio.bins)
    chance = random.Random(case.meta["python_random_seed"])
    scaled = (select_blocks(rows, segments, audio.block_frames, chance.random) - audio.mean) / (
        2 * audio.deviation
    )
    actual = {
        "raw_fbank": rows[: len(case.expected["raw_fbank"])],
        "network_input_head": scaled[: len(case.expected["network_input_head"])],
        "network_input_rowmean": scaled.mean(axis=1),
        "network_input_shape": np.array(scaled.shape),
    }
    for name, expected in case.expected.items():
        # Logarithms of small powers: the reference subtracts a mean first, which changes the last digits.
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=0.0, atol=1e-3)


def _erasing(case: Case) -> Iterator[Comparison]:
    meta = case.meta
    drawn = re.fullmatch(r"relu\(normal\((\d+),\[(\d+),(\d+)\]\)\+([\d.]+)\)", meta["gamma"])
    if drawn is None:
        raise UsageError(f"{case.path}: {meta['gamma']!r} cannot be drawn")
    shape = (int(drawn[2]), int(drawn[3]))
    gamma = torch.relu(torch.from_numpy(draw_normal(int(drawn[1]), shape)) + float(drawn[4]))
    position = CTENConfig().bar
    kept = {
        "context": context_of(gamma, position=position),
        "keyframes": keyframes_of(gamma, position=position),
    }
    actual: dict[str, Any] = {
        "gamma": gamma,
        "threshold": threshold_of(gamma, position=position)[:, 0],
        **{f"keep_{name}": rows for name, rows in kept.items()},
    }
    for item, count in enumerate(meta["n_frames"]):
        for name, rows in kept.items():
            frames = 1 + kept_frames(rows[item].numpy(), count)  # the cases count from 1
            actual[f"{name}_frames_{item}"] = frames
            actual[f"{name}_snippets_{item}"] = sample_snippets(
                frames, segments=meta["seq_len"], length=meta["snippet_duration"]
            )
    for name, expected in case.expected.items():
        exact = name not in ("gamma", "threshold")
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=0.0, atol=0.0 if exact else 1e-6)
