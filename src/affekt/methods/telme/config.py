"""Settings of the method."""

from __future__ import annotations

from affekt.encoders.multimodal.settings import MultimodalSettings


class TelMEConfig(MultimodalSettings):
    """One stage: the text teacher, a student of sound or picture, or the fusion of all three.

    The recipes of the method state the stages; a teacher is given to a student by `--teacher`, and the three
    networks to the fusion by `--weights`.
    """
