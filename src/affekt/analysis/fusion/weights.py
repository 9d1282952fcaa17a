"""The weights of networks that are fused, as held-out samples gave them.

    [[weights]]                    one table for each set of networks
    sources = [{network = "compact_face", sha256 = "7a7b...", weight = 1.02}, ...]
    samples = 1200                 held-out samples behind it
    command = "python benchmarks/fused.py ..."

A network is recognised by the hash of its weights: another training of the same method has other weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from affekt.core.errors import ConfigError
from affekt.core.files.toml import read_toml
from affekt.core.settings import Settings, validate

FILE = Path(__file__).with_name("weights.toml")
NOT_MEASURED = (
    "the weights of these networks were not measured together: their scores are averaged, which is never "
    "surer than the surest of them"
)


class Source(Settings):
    """A network in a set, and its weight in it."""

    network: str
    sha256: str
    weight: float = Field(ge=0, allow_inf_nan=False)


class MeasuredWeights(Settings):
    """The weights of a set of networks.

    Attributes:
        samples: Held-out samples that they were fitted on.
        command: That fitted them.
    """

    sources: tuple[Source, ...] = Field(min_length=1)
    samples: int = Field(ge=1)
    command: str


class _Table(Settings):
    weights: tuple[MeasuredWeights, ...] = ()


class Weights(NamedTuple):
    """The weights of networks, in the order asked for.

    Attributes:
        measured: They are those of a log-opinion pool; otherwise scores are averaged.
    """

    values: tuple[float, ...]
    measured: bool


def weights_of(sha256: Sequence[str]) -> Weights:
    """The weights of a set of networks, by the hashes of their weights.

    One network alone keeps its own calibrated scores. Sets that were not measured get equal weights of sum 1.
    """
    if len(sha256) == 1:
        return Weights((1.0,), measured=True)
    for measured in measured_weights():
        found = {source.sha256: source.weight for source in measured.sources}
        if set(found) == set(sha256):
            return Weights(tuple(found[one] for one in sha256), measured=True)
    return Weights((1 / max(len(sha256), 1),) * len(sha256), measured=False)


@cache
def measured_weights(file: Path = FILE) -> tuple[MeasuredWeights, ...]:
    """All measured sets.

    Raises:
        ConfigError: The file is damaged.
    """
    found, problems = validate(_Table, read_toml(file))
    if found is None:
        raise ConfigError(str(file), problems)
    return found.weights
