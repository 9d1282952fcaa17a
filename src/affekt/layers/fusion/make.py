"""From settings to the fusion."""

from collections.abc import Mapping
from typing import Any

from affekt.layers.fusion.attention import (
    CrossAttentionFusion,
    JoinedAttentionFusion,
    SelfAttentionFusion,
)
from affekt.layers.fusion.disentangle import DisentangleFusion
from affekt.layers.fusion.experts import ConcatMoEFusion, MultiHeadMoEFusion
from affekt.layers.fusion.mixture import MixtureFusion
from affekt.layers.fusion.module import Fusion
from affekt.layers.fusion.products import LowRankFusion, TensorFusion
from affekt.layers.fusion.settings import (
    ConcatMoESettings,
    CrossAttentionSettings,
    DeepSettings,
    DenseMoESettings,
    DisentangleSettings,
    LowRankSettings,
    MeanSettings,
    MultiHeadMoESettings,
    NoFusion,
    SelfAttentionSettings,
    ShiftingSettings,
    SparseMoESettings,
    TensorSettings,
    TextGuidedMoESettings,
    VanillaSettings,
)
from affekt.layers.fusion.shifting import ShiftingFusion
from affekt.layers.fusion.text_guided import TextGuidedMoEFusion
from affekt.layers.fusion.vanilla import MeanFusion, SingleModality, VanillaFusion
from affekt.layers.fusion.widths import problems_with


def make_fusion(settings: Any, widths: Mapping[str, int]) -> Fusion:
    """The fusion that the settings name.

    Args:
        settings: One of `FusionSettings`.
        widths: Width of each modality's vector, in the order in which they are joined.

    Raises:
        ValueError: It cannot be built for these widths.

    Example:
        >>> from affekt.layers.fusion.settings import VanillaSettings
        >>> make_fusion(VanillaSettings(width=4), {"T": 3, "A": 2}).projector.layers[0].weight.shape
        torch.Size([4, 5])
    """
    if problems := problems_with(settings, widths):
        raise ValueError("; ".join(problems))
    match settings:
        case NoFusion():
            return SingleModality(widths)
        case VanillaSettings() | DeepSettings():
            return VanillaFusion(settings, widths)
        case MeanSettings():
            return MeanFusion(settings, widths)
        case SelfAttentionSettings(axis="modality"):
            return SelfAttentionFusion(settings, widths)
        case SelfAttentionSettings():
            return JoinedAttentionFusion(settings, widths)
        case CrossAttentionSettings():
            return CrossAttentionFusion(settings, widths)
        case TensorSettings():
            return TensorFusion(settings, widths)
        case LowRankSettings():
            return LowRankFusion(settings, widths)
        case ConcatMoESettings():
            return ConcatMoEFusion(settings, widths)
        case DenseMoESettings() | SparseMoESettings():
            return MixtureFusion(settings, widths)
        case TextGuidedMoESettings():
            return TextGuidedMoEFusion(settings, widths)
        case MultiHeadMoESettings():
            return MultiHeadMoEFusion(settings, widths, make_fusion)
        case DisentangleSettings():
            return DisentangleFusion(settings, widths)
        case ShiftingSettings():
            return ShiftingFusion(settings, widths)
        case _:
            raise ValueError(f"{type(settings).__name__} names no fusion")
