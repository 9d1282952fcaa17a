"""Runs the parity cases of this method: its losses, its curriculum, and the decision by prototypes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import UsageError
from affekt.layers.contrast.anchors import AnchorLosses, make_pairs, spcl, spdcl
from affekt.layers.contrast.apcl import AdaptiveContrast
from affekt.layers.contrast.curriculum import difficulties, easy_first, keep_probability
from affekt.layers.contrast.pools import RepresentationPools
from affekt.layers.contrast.prototypes import class_means, prototype_scores
from affekt.layers.contrast.settings import APCLSettings, SPCLSettings
from affekt.layers.contrast.similarity import EPSILON, score
from affekt.layers.contrast.spcl import PooledContrast
from affekt.parity.case import Case, draw_tensor
from affekt.parity.compare import Comparison
from affekt.parity.inputs import NUMBER, DrawnInputs, stated_number

# Names of the heads in the cases.
_PROJECTION, _CLASSIFIER = "g.0", "predictor.0"
_LOSSES: Mapping[str, Callable[..., AnchorLosses]] = {"spcl": spcl, "spdcl": spdcl}


def run_case(case: Case) -> Iterator[Comparison]:
    """Compare every output of a case.

    Raises:
        UsageError: The case is of another method or holds unknown outputs.
    """
    if case.meta.get("method") not in ("spcl", "apcl"):
        raise UsageError(f"{case.path} is a case of {case.meta.get('method')!r}, not of spcl")
    if case.meta.get("eps", EPSILON) != EPSILON:
        raise UsageError(f"{case.path} has eps = {case.meta['eps']}, but e is {EPSILON} here")
    for mark, compute in (
        ("initial_prototypes", _adaptive),
        ("probability", _curriculum),
        ("similarity", _inference),
        ("losses", _pools),
        ("scores_shifted", _losses),
    ):
        if mark in case.expected:
            yield from _compare(case, compute(case))
            return
    raise UsageError(f"{case.path} holds {sorted(case.expected)}, which spcl cannot compute")


def _losses(case: Case) -> dict[str, Any]:
    """Both losses of one batch whose prototypes are the means of the classes."""
    meta, inputs = case.meta, DrawnInputs(case)
    labels, centers = inputs.integers("labels"), inputs.normal("centers")[:, 0]
    classes, width = centers.shape
    heads: dict[str, nn.Linear] = {_CLASSIFIER: _head(case, _CLASSIFIER, width, classes)}
    if "hidden" in inputs:
        first = inputs.normal("hidden")
        heads[_PROJECTION] = _head(case, _PROJECTION, first.shape[1], width)
    else:
        spread = inputs.stated(rf"centers\[label,0\] \+ {NUMBER}\*noise")
        first = _of_class(centers, labels) + spread * inputs.normal("noise")
    actual: dict[str, Any] = {}
    for name, per_anchor in _LOSSES.items():
        start = first.clone().requires_grad_()
        feature = heads[_PROJECTION](start) if _PROJECTION in heads else start
        pools = RepresentationPools(
            classes, width, pool_size=meta["pool_size"], support=meta["support_set_size"], choice="first"
        )
        pools.begin_epoch(centers, torch.ones(classes, dtype=torch.bool))
        prototypes, present = pools.prototypes().present()
        is_known = labels >= 0
        pairs = make_pairs(
            feature[is_known], labels[is_known], prototypes, present, temperature=meta["temperature"]
        )
        found = per_anchor(pairs, threshold=inputs.stated(rf"> {NUMBER} for {name}"))
        direct = F.cross_entropy(heads[_CLASSIFIER](feature.detach()), labels, ignore_index=-1)
        parameters = {
            f"{head}.{leaf}": value
            for head, layer in heads.items()
            for leaf, value in layer.named_parameters()
        }
        gradients = torch.autograd.grad(found.mean() + direct, [start, *parameters.values()])
        pools.add(feature.detach()[is_known], labels[is_known])
        actual |= {
            f"loss_{name}": found.mean(),
            f"per_sample_{name}": found.losses,
            f"kept_{name}": found.is_kept.long(),
            f"grad_input_{name}": gradients[0],
            **{
                f"gradnorm_{name}.{key}": gradient.double().norm()
                for key, gradient in zip(parameters, gradients[1:], strict=True)
            },
            "feature": feature[:16],  # the cases hold no more
            "loss_ce_detached": direct,
            "scores_shifted": pairs.scores,
            "pool_sizes_after": pools.fill,
        }
    return actual


def _pools(case: Case) -> dict[str, Any]:
    """A sequence of steps over one set of pools."""
    meta, inputs = case.meta, DrawnInputs(case)
    centers = inputs.normal("centers")[:, 0]
    scale = inputs.stated(rf"noise_t \+ {NUMBER}\*centers\[labels_t,0\]")
    settings = SPCLSettings(
        kind="spcl",
        temperature=meta["temperature"],
        pool_size=meta["pool_size"],
        support=meta["support_set_size"],
    )
    contrast = PooledContrast(settings, *centers.shape, choice="first")
    contrast.begin_epoch(centers, torch.ones(len(centers), dtype=torch.bool))
    losses, sizes = [], []
    for step in range(len(case.expected["losses"])):
        labels = inputs.integers(f"labels_{step}")
        features = inputs.normal(f"noise_{step}") + scale * _of_class(centers, labels)
        losses.append(contrast(features, labels))
        sizes.append(contrast.pools.fill.clone())
    return {
        "losses": torch.stack(losses),
        "pool_sizes": torch.stack(sizes),
        "next_centers": contrast.pools.prototypes().vectors,
    }


def _inference(case: Case) -> dict[str, Any]:
    inputs = DrawnInputs(case)
    labels, centers = inputs.integers("labels"), inputs.normal("centers")
    classes, count, width = centers.shape
    scale = inputs.stated(rf"noise \+ {NUMBER}\*centers\[label,0\]")
    feature = inputs.normal("noise") + scale * _of_class(centers[:, 0], labels)
    logits = _head(case, _CLASSIFIER, width, classes)(feature)
    is_present = torch.ones(classes, count, dtype=torch.bool)
    return {
        "similarity": score(feature, centers.reshape(-1, width)).reshape(-1, classes, count),
        "prediction": prototype_scores(feature, centers, is_present).argmax(dim=1),
        "direct_logits": logits,
        "direct": logits.argmax(dim=1),
    }


def _curriculum(case: Case) -> dict[str, Any]:
    inputs, epochs = DrawnInputs(case), case.meta["epochs"]
    base = inputs.normal("base")
    entry = inputs["perm"]
    drawn = re.search(r"arange\((\d+)\) % (\d+)", entry["kind"])
    if drawn is None:
        raise UsageError(f"{case.path}: labels of the kind {entry['kind']!r} cannot be drawn")
    count, classes = int(drawn[1]), int(drawn[2])
    order = np.random.default_rng(entry["seed"]).permutation(count)
    labels = torch.from_numpy((np.arange(count) % classes)[order])
    features = base[labels] + inputs.normal("noise")
    centers, has_center = class_means(features, labels, len(base))
    difficulty = difficulties(features, labels, centers, has_center)
    return {
        "labels": labels,
        "centers": centers,
        "difficulty": difficulty,
        "order": easy_first(difficulty),
        "probability": torch.stack([keep_probability(epoch, epochs, count) for epoch in range(epochs)]),
    }


def _adaptive(case: Case) -> dict[str, Any]:
    """Every variant of APCL over the same steps."""
    inputs, start = DrawnInputs(case), torch.from_numpy(case.expected["initial_prototypes"])
    classes, width = start.shape
    scale = inputs.stated(rf"noise_t / sqrt\(D\) \+ {NUMBER}\*initial_prototypes\[labels_t\]")
    actual: dict[str, Any] = {"initial_prototypes": _drawn_prototypes(inputs, start)}
    for name, settings in _variants(case).items():
        contrast = AdaptiveContrast(settings, classes, width)
        contrast.prototypes.copy_(start)
        steps = []
        for step in range(len(case.expected[f"losses_{name}"])):
            noise = inputs.normal(f"noise_{step}") / np.sqrt(np.float32(width))
            labels = inputs.integers(f"labels_{step}")
            features = (noise + scale * _of_class(start, labels)).requires_grad_()
            steps.append((features, labels, contrast(features, labels)))
        features, labels, last = steps[-1]
        is_known = labels >= 0
        pairs = make_pairs(
            features[is_known],
            labels[is_known],
            contrast.prototypes,
            torch.arange(classes),
            temperature=settings.temperature,
            prototypes_are_anchors=True,
        )
        actual |= {
            f"losses_{name}": torch.stack([loss for *_, loss in steps]),
            f"prototypes_{name}": contrast.prototypes,
            f"momentums_{name}": contrast.momenta,
            f"last_per_anchor_{name}": spdcl(pairs).losses,
            f"last_grad_{name}": torch.autograd.grad(last, features)[0],
        }
    return actual


def _drawn_prototypes(inputs: DrawnInputs, stored: Tensor) -> Tensor:
    """Q of a QR of the drawn matrix, with the signs of the stored rows: they depend on the routine."""
    rows = torch.linalg.qr(inputs.normal("prototype_seed")).Q.T
    return rows * torch.sign((rows * stored).sum(dim=1, keepdim=True))


def _variants(case: Case) -> dict[str, APCLSettings]:
    """The settings that the case states in words for each variant; "the same" is as in the one before."""
    found: dict[str, APCLSettings] = {}
    rates: dict[str, float] = {}
    for name, text in case.meta["variants"].items():
        stated = {
            "gamma": stated_number(rf"momentum (?:gamma ?= ?)?{NUMBER}", text),
            "alpha": stated_number(rf"alpha ?= ?{NUMBER}", text),
            "beta": stated_number(rf"beta ?= ?{NUMBER}", text),
        }
        if not text.startswith("the same"):
            rates = {key: value for key, value in stated.items() if value is not None}
        values = {
            "kind": "apcl",
            "temperature": case.meta["temperature"],
            "orthogonal": "none" if name == "ema" else name,
        }
        found[name] = APCLSettings.model_validate(values | rates)
    return found


def _of_class(rows: Tensor, labels: Tensor) -> Tensor:
    """The row of each item's class; zeros for items without label."""
    return rows[labels.clamp_min(0)] * (labels >= 0)[:, None]


def _head(case: Case, name: str, width: int, outputs: int) -> nn.Linear:
    """A linear layer with the weights of the case."""
    salt = int(case.meta.get("salt", 0))
    layer = nn.Linear(width, outputs)
    for leaf, value in layer.named_parameters():
        drawn = draw_tensor(f"{name}.{leaf}", tuple(value.shape), "float32", salt)
        value.data = torch.from_numpy(drawn)
    return layer


def _compare(case: Case, actual: dict[str, Any]) -> Iterator[Comparison]:
    for name, expected in case.expected.items():
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which spcl cannot compute")
        value = np.asarray(actual[name].detach())
        if np.issubdtype(expected.dtype, np.integer):
            yield Comparison(name, value, expected, rtol=0.0, atol=0.0)
        elif name.endswith("_qr_raw"):  # the signs are those of the QR routine
            yield Comparison(name, value, expected, rtol=1e-5, atol=1e-5, for_information=True)
        elif "grad" in name and np.any(expected):
            yield Comparison(name, value, expected, rtol=1e-4, relative_to_max=True)
        else:
            yield Comparison(name, value, expected, rtol=1e-5, atol=1e-5)
