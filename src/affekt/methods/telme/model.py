"""The network of a stage: one encoder with a classifier, or three with the shift of text by the others."""

from affekt.encoders.multimodal.network import MultimodalNetwork


class TelME(MultimodalNetwork):
    """Teacher, student or fusion, as the config states."""
