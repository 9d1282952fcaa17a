"""Text attends to the other modalities, and chooses experts."""

from collections.abc import Mapping

from jaxtyping import Bool
from torch import Tensor, nn

from affekt.layers.fusion.mixture import LinearMixture
from affekt.layers.fusion.module import Fused, Fusion
from affekt.layers.fusion.projector import as_tokens
from affekt.layers.fusion.settings import TextGuidedMoESettings


class TextGuidedMoEFusion(Fusion):
    """Attention of the guide to all modalities with a shortcut and a norm, then a sparse mixture."""

    def __init__(self, settings: TextGuidedMoESettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.guide = self.names.index(settings.guide)
        self.inward = nn.ModuleDict(
            {name: nn.Linear(width, settings.inner) for name, width in widths.items()}
        )
        self.attention = nn.MultiheadAttention(settings.inner, settings.heads, batch_first=True)
        self.norm = nn.LayerNorm(settings.inner)
        self.mixture = LinearMixture(settings.inner, settings.width, settings.experts, settings.top)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        tokens = as_tokens(self.inward, parts)
        guide = tokens[:, self.guide : self.guide + 1]
        attended, _ = self.attention(guide, tokens, tokens)
        return Fused(self.mixture(self.norm(guide + attended).squeeze(1)), {})
