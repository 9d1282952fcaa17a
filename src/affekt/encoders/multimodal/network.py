"""The network: encoders, a fusion of their vectors, and decisions on the result."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from affekt.encoders.media_network import make_media_encoder
from affekt.encoders.multimodal.encodings import MODALITIES, FeaturesEncoder
from affekt.encoders.multimodal.modality_dropout import drop_modalities
from affekt.encoders.multimodal.settings import MultimodalSettings
from affekt.encoders.pretrained import PretrainedEncoder, for_export
from affekt.encoders.standardize import Standardize
from affekt.encoders.text import TextEncoder
from affekt.encoders.trained.encoder import TrainedEncoder
from affekt.layers.contrast.prototypes import prototype_logits
from affekt.layers.fusion.make import make_fusion
from affekt.layers.fusion.mixture import LinearMixture
from affekt.layers.fusion.module import Fused
from affekt.layers.fusion.simsiam import SimSiam


class MultimodalOutput(NamedTuple):
    """The answer to a batch.

    Attributes:
        logits: Of the decision that the config states: nearest prototypes, or `class_logits`.
        embedding: The fused vector.
        class_logits: Of the classifier.
        vectors: Each modality's vector as it is fused, one after the other; of a missing one without meaning.
        head_logits: Of each modality's own head, in order; of the classifier where there are no heads.
        auxiliary: Terms of the loss that the network computes itself, in training; else 0.
    """

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b o"]
    class_logits: Float[Tensor, "b k"]
    vectors: Float[Tensor, "b s"]
    head_logits: Float[Tensor, "b h k"]
    auxiliary: Float[Tensor, "b a"]


class MultimodalNetwork(nn.Module):
    """Any subset of text, sound and picture to one answer."""

    # An encoder alone reads its input: where it is frozen, its vectors can be cached.
    cached_with: ClassVar[dict[str, tuple[str, ...]]] = {
        "text": ("own",),
        "audio": ("audio_real",),
        "video": ("video_real",),
    }

    prototypes: Float[Tensor, "k o"]
    has_prototype: Bool[Tensor, "k"]

    def __init__(self, config: MultimodalSettings) -> None:
        super().__init__()
        self.config = config
        named, widths = config.encoders.named, config.vector_widths
        words = {"T": TextEncoder(config.words)} if config.words else {}
        media = {letter: make_media_encoder(one) for letter, one in config.encoders.media.items()}
        self.encoders = nn.ModuleDict({**words, **media})
        self.cached = tuple(
            MODALITIES[letter] for letter in config.encoders.frozen if letter in self.encoders
        )
        self.weight_parts = (*(f"encoders.{letter}" for letter in self.encoders), "fusion")
        self.inward = nn.ModuleDict(
            {
                letter: Inward(
                    config.input_width(letter),
                    one.projection,
                    dropout=config.dropout,
                    standardize=not isinstance(one, FeaturesEncoder) and one.standardize,
                )
                for letter, one in named.items()
            }
        )
        for letter, one in named.items():
            self.inward[letter].requires_grad_(not one.freeze_projection)
        self.fusion = make_fusion(config.fusion, widths)
        self.classifier = (
            LinearMixture(config.width, config.num_classes, config.experts, config.top)
            if config.experts > 1
            else nn.Linear(config.width, config.num_classes)
        )
        heads = widths if config.losses.has_heads else {}
        self.heads = nn.ModuleDict(
            {letter: nn.Linear(width, config.num_classes) for letter, width in heads.items()}
        )
        self.similarity = (
            SimSiam(config.width, sum(widths.values())) if config.losses.reconstruction else None
        )
        self.register_buffer("prototypes", torch.zeros(config.num_classes, config.width))
        self.register_buffer("has_prototype", torch.zeros(config.num_classes, dtype=torch.bool))

    def forward(
        self,
        *,
        text: Int[Tensor, "b l"] | None = None,
        own: Float[Tensor, "b l"] | None = None,
        text_vector: Float[Tensor, "b _"] | None = None,
        audio: Float[Tensor, "b *sound"] | None = None,
        audio_real: Float[Tensor, "b m"] | None = None,
        audio_vector: Float[Tensor, "b _"] | None = None,
        video: Float[Tensor, "b *frames"] | None = None,
        video_real: Float[Tensor, "b c"] | None = None,
        video_vector: Float[Tensor, "b _"] | None = None,
        present: Float[Tensor, "b p"] | None = None,
    ) -> MultimodalOutput:
        read = {"text": (text, own), "audio": (audio, audio_real), "video": (video, video_real)}
        vectors = {"text": text_vector, "audio": audio_vector, "video": video_vector}
        return self._answer(read, vectors, present)

    def features(self, **entry: Tensor) -> Float[Tensor, "b d"]:
        """The vectors of one encoder, of its entry of the batch and the entries that it reads beside it.

        Those of a row without the modality are without meaning.
        """
        for letter, name in MODALITIES.items():
            if name in entry:
                beside = [entry[other] for other in self.cached_with[name] if other in entry]
                return self._encoded(letter, entry[name], *beside)
        raise ValueError(f"no encoder reads {', '.join(entry)}")

    def from_features(
        self,
        *,
        text: Shaped[Tensor, "b _"] | None = None,
        own: Float[Tensor, "b _"] | None = None,
        text_vector: Float[Tensor, "b _"] | None = None,
        audio: Float[Tensor, "b *sound"] | None = None,
        audio_real: Float[Tensor, "b _"] | None = None,
        audio_vector: Float[Tensor, "b _"] | None = None,
        video: Float[Tensor, "b *frames"] | None = None,
        video_real: Float[Tensor, "b _"] | None = None,
        video_vector: Float[Tensor, "b _"] | None = None,
        present: Float[Tensor, "b p"] | None = None,
    ) -> MultimodalOutput:
        """The answer from vectors of frozen encoders in place of what these read."""
        given = {"text": (text, own), "audio": (audio, audio_real), "video": (video, video_real)}
        vectors = {"text": text_vector, "audio": audio_vector, "video": video_vector}
        vectors |= {name: values[0] for name, values in given.items() if name in self.cached}
        read = {name: values for name, values in given.items() if name not in self.cached}
        return self._answer(read, vectors, present)

    def load_pretrained(self) -> set[str]:
        """Take the encoders' weights from their sources; returns the names of the tensors."""
        found: set[str] = set()
        for letter, encoder in self.encoders.items():
            assert isinstance(encoder, PretrainedEncoder | TrainedEncoder)
            found |= {f"encoders.{letter}.{name}" for name in encoder.load_pretrained()}
        return found

    def for_export(self) -> nn.Module:
        """The same network in the form that is simplest as a graph."""
        return for_export(self)

    def _answer(
        self,
        read: Mapping[str, tuple[Tensor | None, Tensor | None]],
        vectors: Mapping[str, Tensor | None],
        present: Tensor | None,
    ) -> MultimodalOutput:
        """The answer from what encoders read, and from vectors that are there already, both by modality."""
        entries = {name: [one for one in read.get(name, ()) if one is not None] for name in vectors}
        given = {
            letter: name
            for letter, name in MODALITIES.items()
            if vectors[name] is not None or (letter in self.encoders and entries[name])
        }
        rows = next(one for name in vectors for one in (vectors[name], *entries[name]) if one is not None)
        is_there = (
            present > 0.5
            if present is not None
            # `len` would fix the number of rows in an exported graph.
            else torch.ones(rows.shape[0], 1, dtype=torch.bool, device=rows.device)
        )
        found: dict[str, Tensor] = {}
        for place, (letter, name) in enumerate(given.items()):
            vector, has = vectors[name], is_there[:, place]
            if vector is None:
                vector = self._encoded_rows(letter, entries[name], has)
            if letter in self.encoders:
                vector = torch.where(has[:, None], vector, torch.zeros_like(vector))
            found[letter] = self.inward[letter](vector, has)
        return self._decided(found, is_there)

    def _encoded_rows(
        self, letter: str, entries: list[Tensor], rows: Bool[Tensor, "b"]
    ) -> Float[Tensor, "b d"]:
        """Vectors of an encoder; in training it reads only the rows that have its modality.

        Others would enter the statistics of batch normalization, and cost as much as real ones.
        """
        if not self.training or bool(rows.all()):
            return self._encoded(letter, *entries)
        width = self.config.input_width(letter)
        found = torch.zeros(len(rows), width, device=rows.device)
        if not bool(rows.any()):
            return found
        vectors = self._encoded(letter, *(one[rows] for one in entries))
        return found.to(vectors.dtype).index_put((rows.nonzero()[:, 0],), vectors)

    def _encoded(self, letter: str, values: Tensor, real: Tensor | None = None) -> Float[Tensor, "b d"]:
        encoder = self.encoders[letter]
        if not isinstance(encoder, TextEncoder):
            return encoder(values) if real is None else encoder(values, real > 0)
        assert real is not None
        padding = encoder.settings.padding_id
        # Attention over no token is not a number, and its gradient would be none either.
        is_bare = ~(values != padding).any(dim=1, keepdim=True)
        is_first = torch.arange(values.shape[1], device=values.device) == 0
        return encoder(torch.where(is_bare & is_first, int(padding == 0), values), real > 0)

    def _decided(self, vectors: dict[str, Tensor], is_there: Bool[Tensor, "b m"]) -> MultimodalOutput:
        fused: Fused = self.fusion(vectors, self._kept(is_there))
        class_logits = self.classifier(self._seen(fused.vector))
        heads = [self.heads[letter](vector) for letter, vector in vectors.items() if letter in self.heads]
        by_prototype = self.config.decision == "prototype"
        return MultimodalOutput(
            prototype_logits(fused.vector, self.prototypes, self.has_prototype)
            if by_prototype
            else class_logits,
            fused.vector,
            class_logits,
            torch.cat(list(vectors.values()), dim=1),
            torch.stack(heads or [class_logits], dim=1),
            self._auxiliary(fused, vectors, is_there),
        )

    def _kept(self, is_there: Bool[Tensor, "b m"]) -> Bool[Tensor, "b m"]:
        """What the fusion is given in training."""
        chances: dict[str, float] = {**self.config.modality_dropout}
        if not self.training or not chances:
            return is_there
        named = self.config.encoders.named
        return drop_modalities(is_there, [chances.get(letter, 0.0) for letter in named])

    def _seen(self, vector: Float[Tensor, "b o"]) -> Float[Tensor, "b o"]:
        """What the classifier is given."""
        return vector.detach() if self.config.losses.classification.detached else vector

    def _auxiliary(
        self, fused: Fused, vectors: dict[str, Tensor], is_there: Bool[Tensor, "b m"]
    ) -> Float[Tensor, "b a"]:
        found = dict(fused.terms)
        settings = self.config.losses.reconstruction
        if self.training and self.similarity is not None and settings is not None:
            likeness = self.similarity(fused.vector, torch.cat(list(vectors.values()), dim=1).detach())
            weight = is_there.all(dim=1).to(likeness.dtype) * settings.weight * settings.similarity
            found["similarity"] = likeness * weight
        columns = [found[name] for name in self.config.auxiliary if name in found]
        return torch.stack(columns or [torch.zeros_like(fused.vector[:, 0])], dim=1)


class Inward(nn.Module):
    """From the vector of an encoder to the one that is fused."""

    def __init__(self, before: int, after: int | None, *, dropout: float, standardize: bool) -> None:
        super().__init__()
        self.standardize = Standardize(before) if standardize else None
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Identity() if after is None else nn.Linear(before, after)

    def forward(self, vector: Float[Tensor, "b d"], is_there: Bool[Tensor, "b"]) -> Float[Tensor, "b o"]:
        if self.standardize is not None:
            vector = self._standardized(vector, is_there)
        return self.projection(self.dropout(vector))

    def _standardized(self, vector: Tensor, is_there: Tensor) -> Tensor:
        """Statistics are those of the samples that have the modality."""
        assert self.standardize is not None
        if not self.training:
            return self.standardize(vector)
        found = torch.zeros_like(vector)
        if bool(is_there.any()):
            found[is_there] = self.standardize(vector[is_there])
        return found
