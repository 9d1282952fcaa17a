"""The attention of WavLM, written out.

That of `transformers` passes bare weight matrices to a function of torch, so that adapters beside its layers
would have no effect, and a mask of another type than its bias, which torch is about to refuse.
"""

import math
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class GatedAttention(nn.Module):
    """Self-attention with a bias by relative position, which is gated by the states.

    It takes the layers of an attention of `transformers`, under the same names.

    Source: Chen et al., WavLM, IEEE Journal of Selected Topics in Signal Processing 16(6), 2022.
    """

    def __init__(self, given: Any) -> None:
        super().__init__()
        self.heads, self.buckets, self.farthest = given.num_heads, given.num_buckets, given.max_distance
        self.dropout = given.dropout
        self.q_proj, self.k_proj, self.v_proj = given.q_proj, given.k_proj, given.v_proj
        self.out_proj, self.gru_rel_pos_linear = given.out_proj, given.gru_rel_pos_linear
        self.gru_rel_pos_const = given.gru_rel_pos_const
        if hasattr(given, "rel_attn_embed"):  # of the first layer, which gives its bias to the others
            self.rel_attn_embed = given.rel_attn_embed

    def forward(
        self,
        hidden_states: Float[Tensor, "b t d"],
        attention_mask: Bool[Tensor, "b t"] | None = None,
        position_bias: Float[Tensor, "h t t"] | None = None,
        **_: Any,
    ) -> tuple[Float[Tensor, "b t d"], None, Float[Tensor, "h t t"]]:
        """The mixed states, no weights, and the bias for the next layer; arguments as in `transformers`."""
        bias = self._bias(hidden_states) if position_bias is None else position_bias
        by_head = hidden_states.unflatten(2, (self.heads, -1)).transpose(1, 2)
        gates = torch.sigmoid(self.gru_rel_pos_linear(by_head).unflatten(3, (2, 4)).sum(dim=4))
        gate = gates[..., :1] * (gates[..., 1:] * self.gru_rel_pos_const - 1) + 2
        query, key, value = (
            layer(hidden_states).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3]) + gate * bias
        if attention_mask is not None:
            scores = scores.masked_fill(~attention_mask[:, None, None], torch.finfo(scores.dtype).min)
        weights = nn.functional.dropout(scores.softmax(dim=3), self.dropout, self.training)
        return self.out_proj((weights.to(value.dtype) @ value).transpose(1, 2).flatten(2)), None, bias

    def _bias(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "h t t"]:
        """A learned value for each distance; distances beyond a few share values, on a logarithmic scale."""
        places = torch.arange(states.shape[1], device=states.device)
        distance = places[None, :] - places[:, None]
        half = self.buckets // 2
        exact = half // 2
        far = torch.log(distance.abs().clamp(min=1) / exact) / math.log(self.farthest / exact)
        shared = (exact + far * (half - exact)).long().clamp(max=half - 1)
        bucket = torch.where(distance.abs() < exact, distance.abs(), shared) + half * (distance > 0)
        return self.rel_attn_embed(bucket).permute(2, 0, 1)


def write_out_attention(backbone: Any) -> None:
    """Replace the attention of each layer of a WavLM."""
    for layer in backbone.encoder.layers:
        layer.attention = GatedAttention(layer.attention)
