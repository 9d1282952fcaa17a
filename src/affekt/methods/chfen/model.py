"""The network, in the order of the reference: query, frames, conditioned encoders, decision, pooling.

In the reference all steps of an encoded sequence are the same vector, so that its tokens are those of four
modalities, with multiplicities (1, t, t, 1). Attention over tokens that occur m times is attention over each
of them once with log(m) added to its score, which `Tokens.bias` holds; a masked token has -inf there.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .config import LONGEST, CHFENConfig
from .layers import Block, FrameFusion, GatedFusion, GatedLayer, attention, sinusoid


class Tokens(NamedTuple):
    """Vectors with what is added to their scores as keys."""

    values: Float[Tensor, "b n d"]
    bias: Float[Tensor, "b n"]


class Encoded(NamedTuple):
    """What enters the decision.

    Attributes:
        frames: Scenes with their faces; None without video.
        tokens: Of each modality, before its type is added.
    """

    frames: Tensor | None
    tokens: dict[str, Tokens]


class CHFENOutput(NamedTuple):
    """Output of the network.

    Attributes:
        pooled: The vector that is classified.
    """

    logits: Float[Tensor, "b k"]
    pooled: Float[Tensor, "b d"]


class CHFEN(nn.Module):
    """Conditional hybrid fusion emotion network."""

    positions: Tensor

    def __init__(self, config: CHFENConfig) -> None:
        super().__init__()
        self.config = config
        d, names = config.dim, config.named
        self.inward = nn.ModuleDict(
            {
                name: nn.Linear(getattr(config.widths, name), d)
                if getattr(config.widths, name) != d
                else nn.Identity()
                for name in names
            }
        )
        # Stands in the place of a modality that a video lacks; a network of one modality has none.
        self.missing = nn.ParameterDict(
            {name: nn.Parameter(0.02 * torch.randn(d)) for name in names if len(names) > 1}
        )
        self.query = nn.Parameter(torch.randn(1, d)) if config.conditioned else None
        self.query_gate = GatedFusion(d) if config.conditioned and config.query == "gated" else None
        self.frame_fusion = FrameFusion(config) if config.has_faces else None
        self.register_buffer("positions", sinusoid(LONGEST, d), persistent=False)
        sequences = [name for name in ("video", "text") if name in names]
        self.conditioned = nn.ModuleDict(
            {name: attention(config) for name in sequences if config.conditioned}
        )
        self.types = nn.ParameterDict({name: nn.Parameter(torch.randn(1, d)) for name in names})
        self.blocks = nn.ModuleList(Block(config) for _ in range(2))
        self.pooling_query = nn.Parameter(torch.randn(1, d))
        self.pooling = attention(config)
        self.gate = GatedLayer(d) if config.gate else nn.Identity()
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(d, config.num_classes)

    def forward(
        self,
        *,
        title: Float[Tensor, "b _"] | None = None,
        video: Float[Tensor, "b t v"] | None = None,
        faces: Float[Tensor, "b t v"] | None = None,
        face_count: Int[Tensor, "b t"] | None = None,
        video_steps: Float[Tensor, "b t"] | None = None,
        text: Float[Tensor, "b s w"] | None = None,
        text_steps: Float[Tensor, "b s"] | None = None,
        audio: Float[Tensor, "b _"] | None = None,
        present: Float[Tensor, "b m"] | None = None,
    ) -> CHFENOutput:
        given = {"title": title, "video": video, "text": text, "audio": audio}
        given |= {"faces": faces, "face_count": face_count, "video_steps": video_steps}
        given |= {"text_steps": text_steps, "present": present}
        tokens = self.encode({name: value for name, value in given.items() if value is not None}).tokens
        joined = torch.cat([one.values + self.types[name] for name, one in tokens.items()], dim=1)
        bias = torch.cat([one.bias for one in tokens.values()], dim=1)
        for block in self.blocks:
            joined = block(joined, bias)
        query = self.pooling_query.expand(joined.shape[0], 1, -1)
        pooled, _ = self.pooling(query, joined, joined, key_padding_mask=bias, need_weights=False)
        pooled = pooled.squeeze(1)
        return CHFENOutput(self.classifier(self.dropout(self.gate(pooled))), pooled)

    def encode(self, inputs: dict[str, Tensor]) -> Encoded:
        """The tokens of each modality.

        Args:
            inputs: The arrays of `ShortVideoPreprocess.spec`; those of modalities that the config leaves out
                are not given.
        """
        names = self.config.named
        present = inputs.get("present")
        there = {name: None if present is None else present[:, place] > 0 for place, name in enumerate(names)}
        single = {
            name: self._given(self.inward[name](inputs[name]), name, there[name])
            for name in ("title", "audio")
            if name in names
        }
        query = self._query(single)
        tokens: dict[str, Tokens] = {}
        frames = None
        for name in names:
            if name in single:
                values = single[name].unsqueeze(1)
                tokens[name] = Tokens(values, values.new_zeros(values.shape[:2]))
                continue
            real = inputs[f"{name}_steps"] > 0
            if name == "video":
                steps = frames = self._frames(inputs, real)
            else:
                steps = self.inward[name](inputs[name])
            tokens[name] = self._sequence(name, steps, real, there[name], query)
        return Encoded(frames, tokens)

    def _given(self, values: Tensor, name: str, there: Tensor | None) -> Tensor:
        """Values (b, ... , d), with the learned stand-in in rows that lack the modality."""
        if there is None:
            return values
        return torch.where(there.view(-1, *[1] * (values.ndim - 1)), values, self.missing[name])

    def _query(self, single: dict[str, Tensor]) -> Tensor | None:
        """The query (b, 1, d) of title and sound; None if the sequences are not conditioned."""
        if self.query is None:
            return None
        if self.query_gate is not None:
            return (self.query + self.query_gate(single["title"], single["audio"])[0]).unsqueeze(1)
        if not single:
            return self.query.unsqueeze(0)
        return (self.query + torch.stack(list(single.values())).sum(0)).unsqueeze(1)

    def _frames(self, inputs: dict[str, Tensor], real: Tensor) -> Float[Tensor, "b t d"]:
        scenes = self.inward["video"](inputs["video"])
        if self.frame_fusion is None:
            return scenes
        faces = self.inward["video"](inputs["faces"])
        return self.frame_fusion(scenes, faces, inputs["face_count"], real)

    def _sequence(
        self,
        name: str,
        steps: Float[Tensor, "b t d"],
        real: Tensor,
        there: Tensor | None,
        query: Tensor | None,
    ) -> Tokens:
        b, t, _ = steps.shape
        if there is not None:
            steps = self._given(steps, name, there)
            # A missing sequence is one step, whatever its arrays hold.
            first = (torch.arange(t, device=real.device) == 0).expand(b, t)
            real = (real & there[:, None]) | (first & ~there[:, None])
        if self.config.padding == "attended":
            real = torch.ones_like(real)
        bias = torch.zeros_like(steps[:, :, 0]).masked_fill(~real, float("-inf"))
        steps = self._placed(steps)
        if query is None:
            return Tokens(steps, bias)
        own = steps + query if self.config.queries == "step" else query.expand(b, 1, -1)
        seen, _ = self.conditioned[name](own, steps, steps, key_padding_mask=bias, need_weights=False)
        if self.config.queries == "step":
            return Tokens(seen, bias)
        count = real.sum(dim=1, keepdim=True).to(steps.dtype)
        return Tokens(seen, count.log() if self.config.queries == "repeated" else torch.zeros_like(count))

    def _placed(self, steps: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        if self.config.positions == "none":
            return steps
        if self.config.positions == "batch_row":
            return steps + self.positions[: len(steps)].unsqueeze(1)
        return steps + self.positions[: steps.shape[1]]
