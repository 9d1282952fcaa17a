"""Pictures: bytes to RGB arrays."""

from affekt.media.image.read import (
    MAX_BYTES,
    SUFFIXES,
    ImageSource,
    ZippedImage,
    decode_image,
    image_bytes,
    image_of,
    read_image,
    resize,
    to_grey,
)

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "ImageSource",
    "ZippedImage",
    "decode_image",
    "image_bytes",
    "image_of",
    "read_image",
    "resize",
    "to_grey",
]
