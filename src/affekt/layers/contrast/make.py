"""From settings to the loss."""

from affekt.layers.contrast.apcl import AdaptiveContrast
from affekt.layers.contrast.module import Contrast
from affekt.layers.contrast.settings import (
    APCLSettings,
    SPCLSettings,
    SPDCLSettings,
    SupervisedSettings,
)
from affekt.layers.contrast.spcl import PooledContrast
from affekt.layers.contrast.supervised import SupervisedContrast


def make_contrast(
    settings: SupervisedSettings | SPCLSettings | SPDCLSettings | APCLSettings, classes: int, width: int
) -> Contrast:
    """The loss that the settings name.

    Args:
        classes: Number of classes.
        width: Size of a feature.
    """
    if isinstance(settings, SupervisedSettings):
        return SupervisedContrast(settings, classes, width)
    if isinstance(settings, APCLSettings):
        return AdaptiveContrast(settings, classes, width)
    return PooledContrast(settings, classes, width)
