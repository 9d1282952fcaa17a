"""What encoders of text, sound and picture share: a network of `transformers`, its weights and its modes."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from affekt.core.errors import ConfigError, FolderError, require
from affekt.encoders.adapters import add_adapters, merged
from affekt.encoders.settings import PretrainedSettings
from affekt.encoders.source import CONFIG_FILE, find_source


class PretrainedEncoder(nn.Module):
    """A network without its heads; what it reads and how its states are pooled is that of its subclasses.

    Building it reads nothing from disk: its weights are random until `load_pretrained`.

    Attributes:
        more_rows: Whether a tensor may have more rows than that of the source, as for added tokens.
        key_mapping: Names of weights in the source as regular expressions, where the network is a part of
            what was saved, and their names here.
    """

    more_rows: ClassVar[bool] = False
    key_mapping: dict[str, str] | None = None

    def __init__(self, settings: PretrainedSettings, backbone: nn.Module) -> None:
        super().__init__()
        self.settings: Any = settings
        self.backbone: Any = backbone
        if settings.mode != "trainable":
            self.backbone.requires_grad_(False)
        if settings.mode == "lora":
            add_adapters(self.backbone, settings.lora)
        if settings.checkpointing and settings.mode != "frozen":
            _enable_checkpointing(self.backbone)

    def train(self, mode: bool = True) -> PretrainedEncoder:
        """Training mode, but for a frozen backbone."""
        super().train(mode)
        if self.settings.mode == "frozen":
            self.backbone.eval()
        return self

    def load_pretrained(self) -> set[str]:
        """Take the weights of the source; rows of added tokens stay random. Returns names of tensors.

        Raises:
            FolderError: The source lacks weights of the network, or they have other shapes.
        """
        loaded: set[str] = set()
        if not self.settings.source:
            return loaded
        given = _read_weights(self.settings, self.backbone, self.key_mapping)
        problems: list[str] = []
        with torch.no_grad():
            for name, value in self.backbone.state_dict().items():
                if ".lora_" in name:
                    continue
                found = given.get(name.replace(".base_layer.", "."))
                if found is None or not self._fits(found, value):
                    what = "missing" if found is None else f"{tuple(found.shape)}, not {tuple(value.shape)}"
                    problems.append(f"{name}: {what}")
                elif value.ndim:
                    value[: len(found)].copy_(found)  # rows of new tokens come after them
                    loaded.add(f"backbone.{name}")
                else:
                    value.copy_(found)
                    loaded.add(f"backbone.{name}")
        if problems:
            raise FolderError(
                "\n  ".join([f"weights of {self.settings.source} do not fit its config:", *problems[:5]])
            )
        return loaded

    def simplify(self) -> None:
        """Write attention out: the fused operator of torch becomes a graph with copies of the keys, and with
        a guard against rows without tokens, which do not occur.
        """
        self.backbone.set_attn_implementation("eager")

    def _fits(self, given: Tensor, ours: Tensor) -> bool:
        if given.shape == ours.shape:
            return True
        if not self.more_rows or given.ndim != ours.ndim or not ours.ndim:
            return False
        return given.shape[1:] == ours.shape[1:] and len(given) <= len(ours)


def for_export(model: nn.Module) -> nn.Module:
    """A copy of a network whose encoders are simplest as graphs; answers are the same up to rounding.

    Adapters are added to the layers that they adapt, and attention is written out.
    """
    encoders = [one for one in model.modules() if isinstance(one, PretrainedEncoder)]
    adapted = any(one.settings.mode == "lora" for one in encoders)
    found = merged(model) if adapted else copy.deepcopy(model)
    for encoder in found.modules():
        if isinstance(encoder, PretrainedEncoder):
            encoder.simplify()
    return found


def make_config(architecture: dict[str, Any]) -> Any:
    """The config of `transformers` for an architecture.

    Raises:
        FolderError: Its type is unknown, or a value is impossible.
        MissingExtra: `transformers` is not installed.
    """
    transformers = require("transformers", extra="encoders", needed_by="a pretrained encoder")
    values = dict(architecture)
    kind = values.pop("model_type")
    try:
        return transformers.AutoConfig.for_model(kind, **values)
    except Exception as error:  # of any class, where a value of a config is impossible
        raise FolderError(f"no encoder can be made of the config of {kind!r}: {str(error)[:300]}") from None


def make_backbone(architecture: dict[str, Any], network: type | None = None) -> nn.Module:
    """A network with random weights.

    Args:
        network: Its class; that of `transformers.AutoModel` if not given.

    Raises:
        FolderError: `transformers` does not know its type, or a value of its config is impossible.
        MissingExtra: `transformers` is not installed.
    """
    transformers = require("transformers", extra="encoders", needed_by="a pretrained encoder")
    config = make_config(architecture)
    try:
        kind: Any = network or transformers.AutoModel._model_mapping[type(config)]
        kind = kind[0] if isinstance(kind, list | tuple) else kind
        # The pooling layer of some families is a head, which is not used here.
        headless = {"add_pooling_layer": False} if _takes(kind, "add_pooling_layer") else {}
        return kind._from_config(config, **headless)
    except Exception as error:  # of any class, where a value of a config is impossible
        raise FolderError(
            f"no encoder can be made of the config of {architecture['model_type']!r}: {str(error)[:300]}"
        ) from None


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


def _takes(network: Any, argument: str) -> bool:
    return argument in inspect.signature(network.__init__).parameters


def _read_weights(
    settings: PretrainedSettings, backbone: Any, key_mapping: dict[str, str] | None
) -> dict[str, Tensor]:
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
    mapped = {"key_mapping": key_mapping} if key_mapping else {}
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
                **mapped,
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
