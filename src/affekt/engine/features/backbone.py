"""Networks with a frozen backbone, split behind it.

Such a network has three names: `cached`, the batch's entries that only the backbone reads;
`features(entry)`, the backbone's output for one of them; and `from_features(**inputs)`, which returns what
`forward` does if these entries already hold features. Entries that the backbone reads beside them, such as
masks, are named in `cached_with`: `features(entry, **beside)`.

A network with several backbones states `cached_with` as a mapping: the entries that are read beside each
cached one. `features` is then called by names, `features(audio=..., audio_real=...)`, so that the network
knows which of them is asked for. Nothing else may read the entries beside: of each, the first value is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from affekt.core.errors import AffektError, ConfigError
from affekt.core.settings import Settings
from affekt.engine.features.keys import frozen_tensors

# Half the size of float32, with 11 significant bits. The relative error is at most 2**-11 (5e-4); features
# below 6e-5 have an absolute error of at most 3e-8.
FEATURE_DTYPE = np.dtype(np.float16)
# Tolerance of the comparison of two passes, relative to the largest feature: passes on a GPU differ slightly.
SAME_IN_TRAINING = 1e-3
_AUTOCAST = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}  # by `train.precision`
_NAMES = ("cached", "features", "from_features")
_SHOWN = 5


class FeatureNetwork(nn.Module):
    """A network that takes cached features; objectives get it in place of the whole network.

    It is created in each step and owns nothing: its parameters, their names and its mode are the network's.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.training = model.training

    def forward(self, **inputs: Tensor) -> Any:
        return self.model.from_features(**inputs)


class NoBackbone:
    """Replaces a backbone if the network has none: views are cached as they were prepared."""

    names: tuple[str, ...] = ()

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The same arrays."""
        return dict(arrays)


def replaced_entries(model: Any) -> tuple[str, ...]:
    """Entries of a batch that no longer hold the network's inputs where features are cached."""
    names: tuple[str, ...] = tuple(getattr(model, "cached", ()))
    used = getattr(model, "cached_with", ())
    return (
        (*names, *(one for name in names for one in used.get(name, ())))
        if isinstance(used, Mapping)
        else names
    )


class FrozenBackbone:
    """The part of a network whose outputs can be cached."""

    def __init__(
        self,
        model: Any,
        method: str,
        config: Settings,
        device: torch.device,
        *,
        dtype: np.dtype = FEATURE_DTYPE,
        precision: str = "32",
        asked_by: str = "train.cached_views",
    ) -> None:
        """Args:
        device: Where features are computed.
        dtype: Type in which they are cached.
        precision: `train.precision` of the recipe, in which they are computed.
        asked_by: Option of the recipe that needs features; errors name it.

        Raises:
            ConfigError: The network cannot be split, or no part of it is frozen.
        """
        self.dtype, self.asked_by = dtype, asked_by
        self.precision = precision
        missing = [name for name in _NAMES if not hasattr(model, name)]
        if missing:
            raise self._refused(f"the network of {method} cannot be split: it lacks {', '.join(missing)}")
        self.model, self.method, self.config, self.device = model, method, config, device
        self.names: tuple[str, ...] = tuple(model.cached)
        self._frozen = set(frozen_tensors(model))
        self._checked: set[str] = set()
        if not self._frozen or not self.names:
            raise self._refused(f"no part of the network of {method} is frozen{self._advice()}")

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays of one view, with features in place of the entries that the backbone reads.

        Each view is passed alone, so that its features do not depend on other views, to the last bit.

        Raises:
            AffektError: A feature is too large for `dtype`, or not a number.
            ConfigError: The backbone is trained, or its output differs in training mode.
        """
        found = {
            name: self._encode(name, value, arrays) if name in self.names else value
            for name, value in arrays.items()
        }
        # A mask of a waveform is as long as the waveform.
        shortened = {
            name for name in replaced_entries(self.model) if name in found and name not in self.names
        }
        return found | {name: found[name][:1] for name in shortened}

    def _encode(self, name: str, entry: np.ndarray, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        batch = self._row(entry)
        used = getattr(self.model, "cached_with", ())
        names = used.get(name, ()) if isinstance(used, Mapping) else used
        beside = {other: self._row(arrays[other]) for other in names if other in arrays}
        if name not in self._checked:
            self._check(name, batch, beside)
            self._checked.add(name)
        features = self._features(name, batch, beside).squeeze(0)
        with np.errstate(over="ignore"):  # reported below, with advice
            cast = features.cpu().numpy().astype(self.dtype)
        if not np.isfinite(cast).all():
            largest = float(features.abs().max())
            advice = ": train with train.cached_views = 0" if self.dtype == FEATURE_DTYPE else ""
            raise AffektError(
                f"features of {name} reach {largest:g}; in {self.dtype} they must be finite and "
                f"below {float(np.finfo(self.dtype).max):g}{advice}"
            )
        return cast

    def _row(self, entry: np.ndarray) -> Tensor:
        return torch.from_numpy(entry).unsqueeze(0).to(self.device)

    def _features(self, name: str, batch: Tensor, beside: Mapping[str, Tensor]) -> Tensor:
        with torch.no_grad(), self._autocast():
            if isinstance(getattr(self.model, "cached_with", ()), Mapping):
                return self.model.features(**{name: batch}, **beside).float()
            return self.model.features(batch, **beside).float()

    def _autocast(self) -> AbstractContextManager[Any]:
        """The precision in which training would compute the backbone."""
        if self.precision not in _AUTOCAST:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=_AUTOCAST[self.precision])

    def _check(self, name: str, batch: Tensor, beside: Mapping[str, Tensor]) -> None:
        """Refuse a backbone whose tensors are trained or whose output differs in training mode."""
        self.model.train()
        with _Used() as used:
            training = self._features(name, batch, beside)
        named = {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}
        learns = [one for one, value in named.items() if id(value) in used.ids and one not in self._frozen]
        if learns:
            more = f" and {len(learns) - _SHOWN} more" if len(learns) > _SHOWN else ""
            raise self._refused(
                f"the backbone of {self.method} changes in training ({', '.join(learns[:_SHOWN])}{more})"
                + self._advice()
            )
        self.model.eval()
        difference = (self._features(name, batch, beside) - training).abs().max()
        if difference > SAME_IN_TRAINING * training.abs().max():
            raise self._refused(
                f"the output of the backbone of {self.method} differs in training mode (dropout, or batch "
                "norm): its features cannot be cached"
            )

    def _advice(self) -> str:
        """The field of the config that would freeze it."""
        fields = [name for name in type(self.config).model_fields if name.startswith("freeze")]
        thawed = [name for name in fields if getattr(self.config, name) is False]
        return f": set config.{thawed[0]} = true" if len(thawed) == 1 else ""

    def _refused(self, why: str) -> ConfigError:
        return ConfigError("recipe", [f"{self.asked_by}: {why}"])


class _Used(TorchFunctionMode):
    """Records every tensor that is passed to a function of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[int] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for value in (*args, *(kwargs or {}).values()):
            several = value if isinstance(value, list | tuple) else (value,)
            self.ids.update(id(item) for item in several if isinstance(item, Tensor))
        return func(*args, **(kwargs or {}))
