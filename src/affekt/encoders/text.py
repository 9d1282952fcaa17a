"""A pretrained text encoder: token ids to one vector for each row."""

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError
from torch import Tensor, nn

from affekt.core.errors import ConfigError, FolderError, require
from affekt.encoders.adapters import add_adapters, merged
from affekt.encoders.pooling import pool
from affekt.encoders.settings import COUNT_FROM_PADDING, EncoderSettings
from affekt.encoders.source import CONFIG_FILE, USE_ARCHITECTURE, find_source
from affekt.encoders.use import UniversalSentenceEncoder
from affekt.encoders.width import vector_width


class TextEncoder(nn.Module):
    """A network of `transformers` without its heads, and pooling.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        self.backbone: Any = _make_backbone(settings.architecture)
        if settings.mode != "trainable":
            self.backbone.requires_grad_(False)
        if settings.mode == "lora":
            add_adapters(self.backbone, settings.lora)
        if settings.checkpointing and settings.mode != "frozen":
            _enable_checkpointing(self.backbone)
        accepted = inspect.signature(self.backbone.forward).parameters
        self._takes_positions = (
            "position_ids" in accepted and settings.architecture["model_type"] not in COUNT_FROM_PADDING
        )

    @property
    def width(self) -> int:
        """Size of the vector."""
        return vector_width(self.settings)

    def train(self, mode: bool = True) -> "TextEncoder":
        """Training mode, but for a frozen backbone."""
        super().train(mode)
        if self.settings.mode == "frozen":
            self.backbone.eval()
        return self

    def forward(self, ids: Int[Tensor, "b l"], is_own: Bool[Tensor, "b l"]) -> Float[Tensor, "b e"]:
        """The pooled states; padding, on either side, has no influence.

        Args:
            is_own: Tokens of the line itself, without its context.
        """
        is_token = ids != self.settings.padding_id
        if self._is_whole:
            return self.backbone(ids, is_token)
        is_mask = ids == (-1 if self.settings.mask_id is None else self.settings.mask_id)
        return torch.cat(
            [
                pool(
                    states,
                    is_token=is_token,
                    is_own=is_own,
                    is_mask=is_mask,
                    pooling=self.settings.pooling,
                )
                for states in self._states(ids, is_token)
            ],
            dim=1,
        )

    def load_pretrained(self) -> set[str]:
        """Take the weights of the source; rows of added tokens stay random. Returns names of tensors.

        Raises:
            FolderError: The source lacks weights of the network, or they have other shapes.
        """
        loaded: set[str] = set()
        if not self.settings.source:
            return loaded
        if self._is_whole:
            self.backbone.load_weights(find_source(self.settings.source).weights[0])
            return {f"backbone.{name}" for name in self.backbone.state_dict()}
        given = _read_weights(self.settings, self.backbone)
        problems: list[str] = []
        with torch.no_grad():
            for name, value in self.backbone.state_dict().items():
                if ".lora_" in name:
                    continue
                found = given.get(name.replace(".base_layer.", "."))
                if not _fits(found, value):
                    what = "missing" if found is None else f"{tuple(found.shape)}, not {tuple(value.shape)}"
                    problems.append(f"{name}: {what}")
                elif found is not None:
                    value[: len(found)].copy_(found)  # rows of new tokens come after them
                    loaded.add(f"backbone.{name}")
        if problems:
            raise FolderError(
                "\n  ".join([f"weights of {self.settings.source} do not fit its config:", *problems[:5]])
            )
        return loaded

    @property
    def _is_whole(self) -> bool:
        """Whether the backbone gives one vector itself."""
        return isinstance(self.backbone, UniversalSentenceEncoder)

    def _states(self, ids: Tensor, is_token: Tensor) -> tuple[Tensor, ...]:
        every = self.settings.layers == "all"
        # A branch on positions keeps rows independent of the side and length of their padding.
        positions = (
            {"position_ids": (is_token.long().cumsum(dim=1) - 1).clamp(min=0)}
            if self._takes_positions
            else {}
        )
        output = self.backbone(
            input_ids=ids, attention_mask=is_token.long(), output_hidden_states=every, **positions
        )
        return tuple(output.hidden_states) if every else (output.last_hidden_state,)


def for_export(model: nn.Module) -> nn.Module:
    """A copy of a network whose text encoders are simplest as graphs; answers are the same up to rounding.

    Adapters are added to the layers that they adapt. Attention is written out: the fused operator of torch
    becomes a graph with copies of the keys, and with a guard against rows without tokens, which do not occur.
    """
    adapted = [one for one in model.modules() if isinstance(one, TextEncoder) and one.settings.mode == "lora"]
    found = merged(model) if adapted else copy.deepcopy(model)
    for encoder in found.modules():
        if isinstance(encoder, TextEncoder) and not encoder._is_whole:
            encoder.backbone.set_attn_implementation("eager")
    return found


def _make_backbone(architecture: dict[str, Any]) -> nn.Module:
    """A network with random weights.

    Raises:
        FolderError: `transformers` does not know its type, or a value of its config is impossible.
        MissingExtra: `transformers` is not installed.
    """
    if architecture["model_type"] == USE_ARCHITECTURE["model_type"]:
        return UniversalSentenceEncoder()
    transformers = require("transformers", extra="encoders", needed_by="a pretrained encoder")
    values = dict(architecture)
    kind = values.pop("model_type")
    try:
        config = transformers.AutoConfig.for_model(kind, **values)
        network = transformers.AutoModel._model_mapping[type(config)]
        network = network[0] if isinstance(network, list | tuple) else network
        # The pooling layer of some families is a head, which is not used here.
        headless = {"add_pooling_layer": False} if _takes(network, "add_pooling_layer") else {}
        return network._from_config(config, **headless)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise FolderError(f"no text encoder can be made of the config of {kind!r}: {error}") from None


def _enable_checkpointing(backbone: Any) -> None:
    """Compute states again in the backward pass.

    Raises:
        ConfigError: The network cannot do that.
    """
    enable = getattr(backbone, "activation_checkpointing_enable", None)  # its newer name
    try:
        (enable or backbone.gradient_checkpointing_enable)({"use_reentrant": False})
    except ValueError as error:
        raise ConfigError("config of the encoder", [f"checkpointing: {error}"]) from None


def _fits(given: Tensor | None, ours: Tensor) -> bool:
    """Whether a tensor has the shape of ours, or fewer rows."""
    if given is None or given.ndim != ours.ndim or not ours.ndim:
        return False
    return given.shape[1:] == ours.shape[1:] and len(given) <= len(ours)


def _takes(network: Any, argument: str) -> bool:
    return argument in inspect.signature(network.__init__).parameters


def _read_weights(settings: EncoderSettings, backbone: Any) -> dict[str, Tensor]:
    """Weights of a source by the names of the network's own tensors.

    Raises:
        FolderError: They cannot be read, some are missing, or they are others than those that the settings
            were resolved with.
    """
    source, found = settings.source, find_source(settings.source)
    if found.weights_sha256 != settings.weights_sha256:
        raise FolderError(f"weights of {source} were changed while they were in use: start again")
    folder = found.files[CONFIG_FILE].parent
    kind = next(base for base in type(backbone).__mro__ if base.__module__.startswith("transformers."))
    headless = {"add_pooling_layer": False} if _takes(kind, "add_pooling_layer") else {}
    try:
        with _quiet():
            model, report = kind.from_pretrained(  # pyright: ignore[reportAttributeAccessIssue]
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
                **headless,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise FolderError(f"weights of {source} cannot be read: {error}") from None
    if missing := sorted(report["missing_keys"]):
        raise FolderError(f"{source} lacks weights: {', '.join(missing[:5])}")
    return dict(model.state_dict())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and reports of `transformers`, which name heads that are left out on purpose."""
    logging = require("transformers.utils.logging", extra="encoders", needed_by="a pretrained encoder")
    level, shown = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
