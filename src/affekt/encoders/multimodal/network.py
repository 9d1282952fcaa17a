"""The network: encoders, a fusion of their vectors, and decisions on the result."""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.encoders.multimodal.modality_dropout import drop_modalities
from affekt.encoders.multimodal.settings import MODALITIES, FeaturesEncoder, MultimodalSettings
from affekt.encoders.pretrained import for_export
from affekt.encoders.standardize import Standardize
from affekt.encoders.text import TextEncoder
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

    # The encoder alone reads the ids: where it is frozen, its vectors can be cached.
    cached: ClassVar[tuple[str, ...]] = ("text",)
    cached_with: ClassVar[tuple[str, ...]] = ("own",)

    prototypes: Float[Tensor, "k o"]
    has_prototype: Bool[Tensor, "k"]

    def __init__(self, config: MultimodalSettings) -> None:
        super().__init__()
        self.config = config
        named, widths = config.encoders.named, config.vector_widths
        self.encoders = nn.ModuleDict({"T": TextEncoder(config.words)} if config.words else {})
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
        audio_vector: Float[Tensor, "b _"] | None = None,
        video_vector: Float[Tensor, "b _"] | None = None,
        present: Float[Tensor, "b m"] | None = None,
    ) -> MultimodalOutput:
        if text is not None and own is not None:
            text_vector = self.features(text, own=own)
        return self._answer(text_vector, audio_vector, video_vector, present)

    def features(self, text: Int[Tensor, "b l"], *, own: Float[Tensor, "b l"]) -> Float[Tensor, "b d"]:
        """The vector of the encoder of words; of a row without words one without meaning."""
        encoder = self.encoders["T"]
        assert isinstance(encoder, TextEncoder)
        padding = encoder.settings.padding_id
        # Attention over no token is not a number, and its gradient would be none either.
        is_bare = ~(text != padding).any(dim=1, keepdim=True)
        is_first = torch.arange(text.shape[1], device=text.device) == 0
        return encoder(torch.where(is_bare & is_first, int(padding == 0), text), own > 0)

    def from_features(
        self,
        *,
        text: Float[Tensor, "b _"] | None = None,
        own: Float[Tensor, "b l"] | None = None,
        text_vector: Float[Tensor, "b _"] | None = None,
        audio_vector: Float[Tensor, "b _"] | None = None,
        video_vector: Float[Tensor, "b _"] | None = None,
        present: Float[Tensor, "b m"] | None = None,
    ) -> MultimodalOutput:
        """The answer from vectors of the encoder of words in place of `text`; `own` is not read any more."""
        return self._answer(text if text is not None else text_vector, audio_vector, video_vector, present)

    def load_pretrained(self) -> set[str]:
        """Take the encoders' weights from their sources; returns the names of the tensors."""
        found: set[str] = set()
        for letter, encoder in self.encoders.items():
            assert isinstance(encoder, TextEncoder)
            found |= {f"encoders.{letter}.{name}" for name in encoder.load_pretrained()}
        return found

    def for_export(self) -> nn.Module:
        """The same network in the form that is simplest as a graph."""
        return for_export(self)

    def _answer(
        self, text: Tensor | None, audio: Tensor | None, video: Tensor | None, present: Tensor | None
    ) -> MultimodalOutput:
        given = {
            letter: vector
            for letter, vector in zip(MODALITIES, (text, audio, video), strict=True)
            if vector is not None
        }
        rows = next(iter(given.values()))
        is_there = present > 0.5 if present is not None else torch.ones_like(rows[:, :1], dtype=torch.bool)
        vectors = {
            letter: self.inward[letter](vector, is_there[:, place])
            for place, (letter, vector) in enumerate(given.items())
        }
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
