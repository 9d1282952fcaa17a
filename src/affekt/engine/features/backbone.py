"""Networks that stand on a frozen backbone, parted at that place.

Such a network's class offers three names: `cached`, the batch's entries that only the backbone reads;
`features(entry)`, what the backbone makes of one; and `from_features(**inputs)`, which answers as `forward`
does where these entries hold features already.
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

# Features are kept with 11 significant bits, half the size of float32: each is off by at most 2**-11 of
# itself (5e-4), or by 3e-8 where it is smaller than 6e-5.
FEATURE_DTYPE = np.dtype(np.float16)
SAME_IN_TRAINING = 1e-3  # of the largest feature: how much a GPU may differ between two passes
_AUTOCAST = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}  # by `train.precision`
_NAMES = ("cached", "features", "from_features")
_SHOWN = 5


class FeatureNetwork(nn.Module):
    """A network called with cached features: what an objective gets in place of the whole.

    Made anew for each step, it owns nothing: its parameters, their names and its mode are the network's.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.training = model.training

    def forward(self, **inputs: Tensor) -> Any:
        return self.model.from_features(**inputs)


class Untouched:
    """In the place of a backbone, for a network without one: views are kept as they were prepared."""

    names: tuple[str, ...] = ()

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays of one view as they are."""
        return dict(arrays)


class FrozenBackbone:
    """The part of a network whose answers can be kept."""

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
        dtype: What they are kept in.
        precision: `train.precision` of the recipe: what they are computed in.
        asked_by: What of the recipe asks for features; errors name it.

        Raises:
            ConfigError: The network is not parted, or no part of it is frozen.
        """
        self.dtype, self.asked_by = dtype, asked_by
        self.precision = precision
        lacking = [name for name in _NAMES if not hasattr(type(model), name)]
        if lacking:
            raise self._refused(f"the network of {method} cannot be parted, it lacks {', '.join(lacking)}")
        self.model, self.method, self.config, self.device = model, method, config, device
        self.names: tuple[str, ...] = tuple(model.cached)
        self._frozen = set(frozen_tensors(model))
        self._checked: set[str] = set()
        if all(parameter.requires_grad for parameter in model.parameters()):
            raise self._refused(f"nothing of the network of {method} is frozen{self._advice()}")

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arrays of one view with features in place of what the backbone reads; all others as they are.

        Every view passes alone: its features do not depend on who else is asked for, to the last bit.

        Raises:
            AffektError: A feature is too large for what it is kept in, or not a number.
            ConfigError: The backbone learns, or answers otherwise in training.
        """
        return {
            name: self._kept(name, value) if name in self.names else value for name, value in arrays.items()
        }

    def _kept(self, name: str, entry: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(entry).unsqueeze(0).to(self.device)
        if name not in self._checked:
            self._check(batch)
            self._checked.add(name)
        found = self._features(batch).squeeze(0)
        with np.errstate(over="ignore"):  # said below, with advice
            kept = found.cpu().numpy().astype(self.dtype)
        if not np.isfinite(kept).all():
            largest = float(found.abs().max())
            advice = ": train with train.cached_views = 0" if self.dtype == FEATURE_DTYPE else ""
            raise AffektError(
                f"features of {name} reach {largest:g}; kept as {self.dtype} they must be finite and "
                f"below {float(np.finfo(self.dtype).max):g}{advice}"
            )
        return kept

    def _features(self, batch: Tensor) -> Tensor:
        with torch.no_grad(), self._autocast():
            return self.model.features(batch).float()

    def _autocast(self) -> AbstractContextManager[Any]:
        """The precision in which training would compute the backbone."""
        if self.precision not in _AUTOCAST:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=_AUTOCAST[self.precision])

    def _check(self, batch: Tensor) -> None:
        """Whether what is used never changes, and answers in training as it always does."""
        self.model.train()
        with _Used() as used:
            training = self._features(batch)
        named = {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}
        learns = [name for name, value in named.items() if id(value) in used.ids and name not in self._frozen]
        if learns:
            more = f" and {len(learns) - _SHOWN} more" if len(learns) > _SHOWN else ""
            raise self._refused(
                f"the backbone of {self.method} changes in training ({', '.join(learns[:_SHOWN])}{more})"
                + self._advice()
            )
        self.model.eval()
        difference = (self._features(batch) - training).abs().max()
        if difference > SAME_IN_TRAINING * training.abs().max():
            raise self._refused(
                f"the backbone of {self.method} answers otherwise in training (dropout, or a norm over "
                "batches): its features are not the ones to keep"
            )

    def _advice(self) -> str:
        """Which field of the config would freeze it."""
        fields = [name for name in type(self.config).model_fields if name.startswith("freeze")]
        thawed = [name for name in fields if getattr(self.config, name) is False]
        return f": set config.{thawed[0]} = true" if len(thawed) == 1 else ""

    def _refused(self, why: str) -> ConfigError:
        return ConfigError("recipe", [f"{self.asked_by}: {why}"])


class _Used(TorchFunctionMode):
    """Remembers every tensor that is given to a function of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[int] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for value in (*args, *(kwargs or {}).values()):
            several = value if isinstance(value, list | tuple) else (value,)
            self.ids.update(id(item) for item in several if isinstance(item, Tensor))
        return func(*args, **(kwargs or {}))
