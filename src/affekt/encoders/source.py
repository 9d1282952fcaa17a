"""Where a pretrained encoder comes from: an asset, a folder, or the local cache of the Hugging Face hub.

Only `config.json`, the files of the tokenizer and weights as safetensors are read. Nothing is unpickled, no
code of a model's repository is run, and no connection is opened unless `downloads_allowed` is entered.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.assets.places import asset_files
from affekt.assets.registry import list_assets
from affekt.core.errors import AffektError, ConfigError, FolderError, UsageError, require
from affekt.core.files.json_file import MAX_BYTES
from affekt.core.files.regular import read_regular
from affekt.encoders.settings import COUNT_FROM_PADDING, NEEDED, EncoderSettings, problems_of_sizes
from affekt.encoders.use_tokenizer import ROWS as USE_ROWS
from affekt.encoders.use_tokenizer import USE_TOKENS, use_tokenizer
from affekt.media.text.tokens import TOKENIZER_FILE, SpecialTokens, Tokenizer, stated_tokens

CONFIG_FILE, WEIGHTS_FILE, INDEX_FILE = "config.json", "model.safetensors", "model.safetensors.index.json"
_MODULES_FILE = "modules.json"  # of sentence encoders: a network, its pooling, and layers after it
_TOKENIZER_FILES = (
    TOKENIZER_FILE, "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json",
    "merges.txt", "sentencepiece.bpe.model", "spm.model",
)  # fmt: skip
# What the network reads: sampling rate, sizes, mean and deviation. Newer files hold several, by their kinds.
_INPUT_FILES = ("preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json")
_INPUT_KINDS = ("feature_extractor", "image_processor", "video_processor")
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack")

USE_FILE = "sp.model"  # the asset `use` is not a network of transformers
USE_ARCHITECTURE = {"model_type": "use", "vocab_size": USE_ROWS, "hidden_size": 512, "num_hidden_layers": 1}

log = logging.getLogger(__name__)

_MPNET_PADDING = 1  # whatever its config states
_downloads: ContextVar[bool] = ContextVar("downloads", default=False)


@contextmanager
def downloads_allowed(allowed: bool = True) -> Iterator[None]:
    """Let encoders be downloaded from the hub by name."""
    token = _downloads.set(allowed)
    try:
        yield
    finally:
        _downloads.reset(token)


@dataclass(frozen=True)
class Source:
    """The files of an encoder.

    Attributes:
        files: By their names; of a large model there are several files of weights.
    """

    name: str
    files: Mapping[str, Path]

    @property
    def weights(self) -> list[Path]:
        """Files of weights, in order."""
        return [path for name, path in sorted(self.files.items()) if name.endswith((".safetensors", ".npz"))]

    @property
    def weights_bytes(self) -> int:
        """Size of all weights."""
        return sum(path.stat().st_size for path in self.weights)

    @property
    def weights_sha256(self) -> str:
        """Hash of all weights."""
        digest = hashlib.sha256()
        for path in self.weights:
            with path.open("rb") as stream:
                while block := stream.read(2**20):
                    digest.update(block)
        return digest.hexdigest()

    def architecture(self) -> dict[str, Any]:
        """The config of a network of text, as `transformers` reads it.

        Raises:
            FolderError: It cannot be read, is of another kind, or asks for code of its own repository.
        """
        if USE_FILE in self.files:
            return dict(USE_ARCHITECTURE)
        found = self.config()
        if lacking := [name for name in NEEDED if found.get(name) is None]:
            raise FolderError(
                f"{self.files[CONFIG_FILE]} is the config of {found['model_type']!r}, which states no "
                f"{', '.join(lacking)}: encoders of text are networks like BERT, RoBERTa, MPNet, ModernBERT "
                "and DeBERTa"
            )
        return found

    def config(self) -> dict[str, Any]:
        """The config of a network of any kind, as `transformers` reads it.

        Raises:
            FolderError: It cannot be read, or asks for code of the model's own repository.
        """
        if CONFIG_FILE not in self.files:
            raise FolderError(f"{self.name} has no {CONFIG_FILE}: it is not an encoder of sound or picture")
        path = self.files[CONFIG_FILE]
        found = _read_json(path)
        if found.get("model_type") is None:
            raise FolderError(f"{path} does not state a model_type: it is not the config of an encoder")
        if "auto_map" in found:
            raise FolderError(
                f"{path} asks for code of the model's own repository (auto_map), which affekt does not run"
            )
        if problems := problems_of_sizes(found, held=self.weights_bytes):
            raise FolderError("\n  ".join([f"{path} cannot be used", *problems]))
        left_out = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "gradient_checkpointing")
        return {name: value for name, value in found.items() if name not in left_out}

    def input_facts(self) -> dict[str, Any]:
        """What the network of sound or picture reads, as its feature extractor or image processor states it.

        Raises:
            FolderError: No file states it, or one cannot be read.
        """
        for name in _INPUT_FILES:
            if name in self.files:
                stated = _read_json(self.files[name])
                inner = [stated[kind] for kind in _INPUT_KINDS if isinstance(stated.get(kind), dict)]
                return inner[0] if inner else stated
        raise FolderError(
            f"{self.name} has no {_INPUT_FILES[0]}, which states what the network reads (sampling rate, or "
            "size, mean and deviation): save the feature extractor or image processor of the model beside it"
        )

    def tokenizer(self) -> tuple[bytes, SpecialTokens]:
        """The tokenizer file, and its special tokens.

        Raises:
            FolderError: There is none, or it cannot be read.
        """
        if USE_FILE in self.files:
            return use_tokenizer(self.files[USE_FILE].read_bytes()), USE_TOKENS
        stated: dict[str, Any] = {}
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            if name in self.files:
                stated |= {
                    key: value
                    for key, value in _read_json(self.files[name]).items()
                    if key.endswith("_token") and value
                }
        if TOKENIZER_FILE in self.files and "pad_token" in stated:
            return self.files[TOKENIZER_FILE].read_bytes(), stated_tokens(json.dumps(stated).encode())
        return self._converted()

    def _converted(self) -> tuple[bytes, SpecialTokens]:
        """The tokenizer of an older form, such as `vocab.txt`, converted by `transformers`."""
        if not any(name in self.files for name in _TOKENIZER_FILES):
            raise FolderError(f"{self.name} has no tokenizer: {TOKENIZER_FILE} or a vocabulary is missing")
        transformers = require("transformers", extra="encoders", needed_by="reading this tokenizer")
        try:
            found = transformers.AutoTokenizer.from_pretrained(
                str(self.files[CONFIG_FILE].parent), local_files_only=True, trust_remote_code=False
            )
            content = found.backend_tokenizer.to_str().encode()
        except Exception as error:  # the classes of three packages, and plain Exception of `tokenizers`
            raise FolderError(f"the tokenizer of {self.name} cannot be read: {error}") from None
        stated = {name: str(value) for name, value in found.special_tokens_map.items() if value}
        return content, stated_tokens(json.dumps(stated).encode())


def find_source(name: str) -> Source:
    """The files of an encoder by the name that a recipe states.

    Raises:
        FolderError: The folder lacks files, or has its weights only as pickles.
        UsageError: There is no such asset, folder or model in the local cache of the hub.
        AffektError: The files of an asset are damaged.
    """
    if name in {asset.name for asset in list_assets()}:
        return Source(name, asset_files(name))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _folder(folder, name)
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        names = ", ".join(asset.name for asset in list_assets())
        raise UsageError(
            f"encoder {name!r} is neither an asset ({names}), nor a folder that exists, nor a name on the "
            "hub such as owner/model"
        )
    return _folder(_from_hub(name), name)


def resolved(settings: EncoderSettings, *, added_tokens: tuple[str, ...] = ()) -> EncoderSettings:
    """Settings with all that the source states: architecture, special tokens, hash of the weights.

    Args:
        added_tokens: Tokens that the method adds to the vocabulary.

    Raises:
        FolderError: The tokenizer does not fit the weights, or a file cannot be read.
        UsageError: There is no such source.
    """
    if not settings.source:
        return _of_architecture(settings)
    if settings.is_resolved:
        return settings
    source = find_source(settings.source)
    architecture = source.architecture()
    if problems := _problems_of_use(settings, added_tokens) if USE_FILE in source.files else []:
        raise ConfigError("config of the encoder use", problems)
    content, special = source.tokenizer()
    tokenizer = Tokenizer(content, special)
    rows = int(architecture.get("vocab_size", 0))
    if tokenizer.largest >= rows:
        raise FolderError(
            f"the tokenizer of {settings.source} has ids up to {tokenizer.largest}, its network {rows} rows "
            "of embeddings: they do not belong together"
        )
    if problem := _problem_of_padding(architecture, tokenizer):
        raise FolderError(f"{settings.source}: {problem}")
    new = [word for word in added_tokens if tokenizer.id_of(word) is None]
    if new and settings.mode != "trainable":
        raise ConfigError(
            "config of the encoder",
            [
                f"mode = {settings.mode!r} would leave the vectors of new tokens ({new[0]} to {new[-1]}) as "
                "random as they are: mark speakers by names, or set mode = 'trainable'"
            ],
        )
    architecture["vocab_size"] = max(rows, tokenizer.largest + 1 + len(new))
    return settings.model_copy(
        update={
            "architecture": architecture,
            "tokens": special,
            "padding_id": tokenizer.padding,
            "mask_id": tokenizer.mask,
            "positions": _positions(architecture),
            "weights_sha256": source.weights_sha256,
        }
    )


def _problems_of_use(settings: EncoderSettings, added_tokens: tuple[str, ...]) -> list[str]:
    """What the Universal Sentence Encoder cannot do: it has no states of tokens and nothing to train."""
    return [
        text
        for text, applies in (
            ("mode: it can only be frozen", settings.mode != "frozen"),
            ("pooling, layers: it gives one vector itself; leave out both", settings.pooling != "mean"),
            ("pooling, layers: it has no layers to choose; leave out both", settings.layers != "last"),
            ("context: its vocabulary has no tokens for speakers; use names, or none", bool(added_tokens)),
        )
        if applies
    ]


def _of_architecture(settings: EncoderSettings) -> EncoderSettings:
    """Settings of an encoder with random weights, whose tokenizer is made from lines.

    Raises:
        ConfigError: The family has a padding id of its own.
    """
    architecture = {**settings.architecture, "pad_token_id": settings.padding_id}
    if architecture["model_type"] == "mpnet" and settings.padding_id != _MPNET_PADDING:
        raise ConfigError("config of the encoder", ["architecture: mpnet needs a source"])
    update = {"architecture": architecture, "positions": _positions(architecture)}
    return settings.model_copy(update=update)


def _problem_of_padding(architecture: Mapping[str, Any], tokenizer: Tokenizer) -> str:
    """Why padding cannot be distinguished from tokens; empty if it can."""
    if tokenizer.padding in (tokenizer.begin, tokenizer.separator, tokenizer.unknown, tokenizer.mask):
        return f"its padding token {tokenizer.special.padding} has another role as well"
    if architecture["model_type"] not in COUNT_FROM_PADDING:
        return ""
    expected = _padding_of(architecture)
    if tokenizer.padding == expected:
        return ""
    return (
        f"its network counts positions from the padding id {expected} on, and the tokenizer pads with "
        f"{tokenizer.padding}: they do not belong together"
    )


def _padding_of(architecture: Mapping[str, Any]) -> int:
    """The padding id of a family that counts positions from it."""
    if architecture["model_type"] == "mpnet":
        return _MPNET_PADDING
    stated = architecture.get("pad_token_id")
    return 1 if stated is None else int(stated)


def _positions(architecture: Mapping[str, Any]) -> int | None:
    """The longest input, in tokens; None if there is no limit."""
    most = architecture.get("max_position_embeddings")
    if most is None:
        return None
    before = _padding_of(architecture) + 1 if architecture["model_type"] in COUNT_FROM_PADDING else 0
    return int(most) - before


def _folder(folder: Path, name: str) -> Source:
    folder = _of_sentence_encoder(folder, name)
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    kept = [one for one in names if one in (CONFIG_FILE, *_TOKENIZER_FILES, *_INPUT_FILES)]
    if CONFIG_FILE not in kept:
        raise FolderError(f"{folder} has no {CONFIG_FILE}: it is not the folder of an encoder")
    if WEIGHTS_FILE in names:
        parts = [WEIGHTS_FILE]
    elif INDEX_FILE in names:
        listed = _read_json(folder / INDEX_FILE).get("weight_map")
        if not isinstance(listed, dict) or not all(isinstance(one, str) for one in listed.values()):
            raise FolderError(f"{folder / INDEX_FILE} does not state the file of each weight (weight_map)")
        parts = sorted(set(listed.values()))
        if lacking := [one for one in parts if one not in names]:
            raise FolderError(f"{folder} lacks weights that {INDEX_FILE} names: {', '.join(lacking)}")
    else:
        parts = []
    if not parts:
        pickled = [one for one in names if one in _PICKLED or one.endswith((".bin", ".pt", ".pth", ".ckpt"))]
        if pickled:
            raise FolderError(
                f"{folder} has its weights only as {', '.join(pickled)}; reading a pickle can run code, so "
                "affekt reads safetensors: load it once where you trust it and call "
                "save_pretrained(folder), which writes them"
            )
        raise FolderError(f"{folder} has no {WEIGHTS_FILE}")
    return Source(name, {one: folder / one for one in (*kept, *parts)})


def _of_sentence_encoder(folder: Path, name: str) -> Path:
    """The folder of the network; pooling is the recipe's, and layers after it are not read."""
    path = folder / _MODULES_FILE
    if not path.is_file():
        return folder
    listed = _read_json(path, kind=list)
    modules = [one for one in listed if isinstance(one, dict)]
    after = [str(one.get("type", "")).rpartition(".")[2] for one in modules[1:]]
    if left_out := [one for one in after if one not in ("Pooling", "Normalize")]:
        log.warning("%s has layers after its pooling, which are not read: %s", name, ", ".join(left_out))
    own = Path(str(modules[0].get("path", ""))).name if modules else ""
    return folder / own if own and (folder / own).is_dir() else folder


def _read_json(path: Path, *, kind: type = dict) -> Any:
    """A JSON file.

    Raises:
        FolderError: It cannot be read, or holds something else than `kind`.
    """
    try:
        found = json.loads(read_regular(path, limit=MAX_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise FolderError(f"{path} cannot be read: {str(error)[:200]}") from None
    if not isinstance(found, kind):
        raise FolderError(f"{path} does not hold a JSON {'object' if kind is dict else 'array'}")
    return found


def _from_hub(name: str) -> Path:
    hub = require("huggingface_hub", extra="encoders", needed_by=f"the encoder {name}")
    allowed = [CONFIG_FILE, INDEX_FILE, "*.safetensors", *_TOKENIZER_FILES, *_INPUT_FILES, _MODULES_FILE]
    try:
        return Path(
            hub.snapshot_download(name, local_files_only=not _downloads.get(), allow_patterns=allowed)
        )
    except AffektError:
        raise
    except Exception as error:  # network, missing model, no permission: the package has many classes
        if not _downloads.get():
            raise UsageError(
                f"encoder {name} is not in the local cache of the hub; affekt downloads it with --download, "
                "or give a folder that holds it"
            ) from None
        raise UsageError(f"encoder {name} cannot be downloaded: {error}") from None
