"""From the states of tokens to one vector."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from affekt.encoders.settings import Pooling


def pool(
    states: Float[Tensor, "b l d"],
    *,
    is_token: Bool[Tensor, "b l"],
    is_own: Bool[Tensor, "b l"],
    is_mask: Bool[Tensor, "b l"],
    pooling: Pooling,
) -> Float[Tensor, "b e"]:
    """One vector for each row; padding has no influence.

    Args:
        is_own: Tokens of the line itself, without its context.
        is_mask: Mask tokens; the first of a row counts.
    """
    match pooling:
        case "first":
            return _at(states, is_token.int().argmax(dim=1))
        case "mask":
            return _at(states, is_mask.int().argmax(dim=1))
        case "last":
            places = torch.arange(is_token.shape[1], device=is_token.device)
            return _at(states, (places * is_token.int()).argmax(dim=1))
        case "mean":
            return masked_mean(states, is_token)
        case "max":
            return masked_max(states, is_token)
        case "own":
            return masked_mean(states, is_own)
        case "own mean and max":
            return torch.cat([masked_mean(states, is_own), masked_max(states, is_own)], dim=1)


def masked_mean(states: Float[Tensor, "b l d"], kept: Bool[Tensor, "b l"]) -> Float[Tensor, "b d"]:
    """Mean over the places that are kept; 0 where there are none."""
    weight = kept.unsqueeze(2).to(states.dtype)
    return (states * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


def masked_max(states: Float[Tensor, "b l d"], kept: Bool[Tensor, "b l"]) -> Float[Tensor, "b d"]:
    """Maximum over the places that are kept; 0 where there are none."""
    largest = states.masked_fill(~kept.unsqueeze(2), torch.finfo(states.dtype).min).amax(dim=1)
    return largest.masked_fill(~kept.any(dim=1, keepdim=True), 0.0)


def _at(states: Float[Tensor, "b l d"], places: Tensor) -> Float[Tensor, "b d"]:
    """The state at one place of each row."""
    index = places.view(-1, 1, 1).expand(-1, 1, states.shape[2])
    return states.gather(1, index).squeeze(1)
