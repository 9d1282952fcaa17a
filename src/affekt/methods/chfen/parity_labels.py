"""Runs the case of label quality beside those of the network; its values follow from definitions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from affekt.core.errors import UsageError
from affekt.metrics.agreement.kappa import cohen_kappas, fleiss_kappa, krippendorff_alpha, nominal, ring
from affekt.metrics.agreement.label_noise import (
    confidence_weighted_entropy,
    label_noise,
    normalized_margin,
    self_confidence,
)
from affekt.metrics.agreement.raters import dawid_skene
from affekt.metrics.agreement.ratings import vote_counts, vote_entropy
from affekt.parity.case import Case
from affekt.parity.compare import Comparison

LABEL_QUALITY = "label quality"
DATA = ("true", "ratings", "ratings_missing", "given", "probabilities")  # arrays that are not outputs


def compare_label_quality(case: Case) -> Iterator[Comparison]:
    """Compare agreement, votes, the model of raters and suspected labels.

    Raises:
        UsageError: The case holds unknown outputs.
    """
    data, k = case.expected, int(case.meta["classes"])
    counts = vote_counts(data["ratings_missing"], k)
    given, probabilities = data["given"], data["probabilities"]
    noise = label_noise(given, probabilities)
    actual = {
        "fleiss_kappa": fleiss_kappa(vote_counts(data["ratings"], k)),
        "cohen_kappa_matrix": cohen_kappas(data["ratings"], k),
        "krippendorff_alpha_nominal": krippendorff_alpha(data["ratings_missing"], nominal(k)),
        "krippendorff_alpha_ring": krippendorff_alpha(data["ratings_missing"], ring(k)),
        "vote_counts": counts,
        "vote_entropy": vote_entropy(counts),
        "dawid_skene_posterior": dawid_skene(data["ratings_missing"], k).posterior,
        "confident_joint_raw": noise.counted,
        "confident_joint_calibrated": noise.calibrated,
        "class_thresholds": noise.thresholds,
        "quality.self_confidence": self_confidence(given, probabilities),
        "quality.normalized_margin": normalized_margin(given, probabilities),
        "quality.confidence_weighted_entropy": confidence_weighted_entropy(given, probabilities),
        "issues.prune_by_class": noise.is_suspected("class"),
        "issues.prune_by_noise_rate": noise.is_suspected("noise_rate"),
        "issues.both": noise.is_suspected("both"),
        "issues.confident_learning": noise.is_suspected("confident_joint"),
    }
    for name, expected in case.expected.items():
        if name in DATA:
            continue
        if name not in actual:
            raise UsageError(f"the case holds {name!r}, which is not computed")
        yield Comparison(name, np.asarray(actual[name]), expected, rtol=1e-6, atol=1e-8)
