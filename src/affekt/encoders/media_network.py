"""The network of an encoder of sound or of picture, of either kind."""

from __future__ import annotations

from affekt.encoders.media import MediaSettings
from affekt.encoders.picture.encoder import PictureEncoder
from affekt.encoders.sound.encoder import SoundEncoder
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.trained.encoder import TrainedEncoder
from affekt.encoders.trained.settings import TrainedEncoderSettings

MediaEncoder = SoundEncoder | PictureEncoder | TrainedEncoder


def make_media_encoder(settings: MediaSettings) -> MediaEncoder:
    """A network with random weights; `load_pretrained` takes those of the source.

    It is called with the arrays that `affekt.encoders.media.media_reader` specifies, in order; an array whose
    name ends in `_real` as bool.
    """
    if isinstance(settings, TrainedEncoderSettings):
        return TrainedEncoder(settings)
    if isinstance(settings, SoundEncoderSettings):
        return SoundEncoder(settings)
    return PictureEncoder(settings)
