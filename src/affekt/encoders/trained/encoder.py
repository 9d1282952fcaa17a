"""A network that affekt trained as an encoder: the vector from which it answered."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.encoders.trained.facts import open_checkpoint, weight_files
from affekt.encoders.trained.settings import TrainedEncoderSettings


class TrainedEncoder(nn.Module):
    """A network without its last layer.

    Its class has a method `vector`: its input, and which positions are real where their number is open, to
    one vector for each row.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.
    """

    def __init__(self, settings: TrainedEncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        method = catalog.method(settings.method)
        self.network: Any = method.load("model")(method.make_config(settings.config))
        self._axes = len(method.make_preprocess(method.make_config(settings.config)).spec.inputs[0].shape) + 1
        if hasattr(self.network, "head"):
            self.network.head = nn.Identity()  # it is not used here
        if settings.mode == "frozen":
            self.network.requires_grad_(False)

    @property
    def width(self) -> int:
        """Size of the vector."""
        return self.settings.width

    def train(self, mode: bool = True) -> "TrainedEncoder":
        """Training mode, but for a frozen network."""
        super().train(mode)
        if self.settings.mode == "frozen":
            self.network.eval()
        return self

    def forward(
        self, values: Float[Tensor, "b *axes"], is_real: Bool[Tensor, "b t"] | None = None
    ) -> Float[Tensor, "b e"]:
        """The vectors; those of several frames of a network of one picture are averaged."""
        if is_real is not None:
            return self.network.vector(values, is_real)
        if values.ndim == self._axes:
            return self.network.vector(values)
        return self.network.vector(values.flatten(0, 1)).unflatten(0, values.shape[:2]).mean(dim=1)

    def load_pretrained(self) -> set[str]:
        """Take the weights of the source; returns names of tensors.

        Raises:
            FolderError: They are others than those that the settings were resolved with, or do not fit.
        """
        sealed = open_checkpoint(self.settings.source)
        if sealed.sha256 != self.settings.weights_sha256:
            raise FolderError(f"{self.settings.source} was changed while it was in use: start again")
        weights: dict[str, Tensor] = {}
        for file, before in weight_files(sealed).items():
            try:
                weights |= {before + name: value for name, value in load(sealed.read(file)).items()}
            except SafetensorError as error:
                raise FolderError(f"{sealed.path}: {file} cannot be read: {error}") from None
        own = self.network.state_dict()
        if lacking := sorted(own.keys() - weights.keys()):
            raise FolderError(f"{self.settings.source} lacks weights: {', '.join(lacking[:5])}")
        with torch.no_grad():
            self.network.load_state_dict({name: weights[name] for name in own})
        return {f"network.{name}" for name in own}
