"""Pictures: any common file to RGB, upright, bounded before anything is allocated."""

from __future__ import annotations

import io
import os
import struct
import threading
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.sample import Sample

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
MAX_PIXELS = 50_000_000  # the largest phone cameras; 150 MB once decoded
MAX_BYTES = 256 * 2**20  # of a file, packed

# The decoders that are tried; others that Pillow knows start programs or read scripts.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_ANIMATED = ("GIF", "PNG", "WEBP")
# What damaged files make Pillow's decoders raise; warnings too, where a caller turned them into errors.
_DECODERS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    zlib.error, struct.error, UserWarning,
)  # fmt: skip
_ORIENTATION = 0x0112  # the EXIF tag; values as in its standard
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_opening = threading.Lock()  # warning filters belong to the whole process


@dataclass(frozen=True, slots=True)
class ZippedImage:
    """A picture inside a zip archive, read from there without unpacking the rest."""

    archive: Path
    member: str

    def __str__(self) -> str:
        return f"{self.archive}/{self.member}"


# A file, a member of an archive, or pixels: uint8, (h, w) grey or (h, w, 3) RGB.
ImageSource = Path | ZippedImage | np.ndarray


def image_of(sample: Sample) -> np.ndarray:
    """Pixels of a sample's picture: (h, w, 3) uint8 RGB.

    Raises:
        MediaError: The sample has no picture, or its file cannot be used.
    """
    if "image" not in sample.media:
        raise MediaError(f"sample {sample.id} has no image; it has {', '.join(sample.media) or 'nothing'}")
    return read_image(sample.media["image"])


def read_image(source: ImageSource) -> np.ndarray:
    """Pixels (h, w, 3) uint8 RGB of a picture.

    Raises:
        MediaError: There is no such file, or it is empty, damaged, too large, animated, or no picture.
    """
    if isinstance(source, np.ndarray):
        return _checked_pixels(source)
    return decode_image(image_bytes(source), str(source))


def image_bytes(source: Path | ZippedImage) -> bytes:
    """A picture's file as it is.

    Raises:
        MediaError: It cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        if isinstance(source, ZippedImage):
            archive = _archive(source.archive, os.getpid())
            _check_bytes(source, archive.getinfo(source.member).file_size)
            return archive.read(source.member)
        _check_bytes(source, source.stat().st_size)
        return source.read_bytes()
    except KeyError:
        raise MediaError(f"{source} does not exist: the archive has no such member") from None
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MediaError(f"{source} cannot be read: {reason}") from None


def decode_image(content: bytes, name: str) -> np.ndarray:
    """Pixels (h, w, 3) uint8 RGB of a file's bytes: upright as EXIF says, transparent parts on white.

    Grey, palette, CMYK and 16-bit pictures become 8-bit RGB.

    Args:
        name: What errors call the picture.

    Raises:
        MediaError: The bytes are empty, damaged, animated, no picture, or hold more than `MAX_PIXELS`.
    """
    if not content:
        raise MediaError(f"{name} is empty")
    try:
        with _opening, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures, which are bounded below, and of odd tags
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.UnidentifiedImageError:
        raise MediaError(f"{name} is no picture that can be read: {_looks_like(content)}") from None
    except Image.DecompressionBombError:
        raise MediaError(
            f"{name} is far too large; at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
        ) from None
    except _DECODERS as error:
        raise MediaError(f"{name} is truncated or damaged: {error}") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{name} has {width} x {height} pixels; at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
        )
    try:
        if image.format in _ANIMATED and getattr(image, "is_animated", False):
            raise MediaError(f"{name} is an animation; one picture is expected, save the frame you mean")
        orientation = image.getexif().get(_ORIENTATION)
        pixels = _as_rgb(image, name)
    except _DECODERS as error:
        raise MediaError(f"{name} is truncated or damaged: {error}") from None
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return np.asarray(pixels.transpose(turn) if turn is not None else pixels)


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels in another size: bilinear, and averaged over what a pixel covers when shrinking.

    Source: Pillow's filter, which is what the published image pipelines use.
    """
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Luma (h, w) uint8 of RGB pixels (ITU-R 601)."""
    return np.asarray(Image.fromarray(pixels).convert("L"))


def _as_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits in a wider integer
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise MediaError(f"{name} holds floating-point pixels, whose range nobody states: save it as 8 bit")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _checked_pixels(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8 and pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    if pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size:
        return pixels
    raise MediaError(
        f"pixels must be uint8 of shape (h, w, 3) in RGB or (h, w) in grey, "
        f"found {pixels.dtype} of shape {pixels.shape}"
    )


def _check_bytes(source: Path | ZippedImage, size: int) -> None:
    if size > MAX_BYTES:
        raise MediaError(f"{source} has {size / 2**20:.0f} MB; at most {MAX_BYTES / 2**20:.0f} are read")


def _looks_like(content: bytes) -> str:
    """What to say of bytes that no decoder claims."""
    try:
        return f"it holds the text {content[:40].decode('ascii')!r}"
    except UnicodeDecodeError:
        return f"its first bytes are {content[:8].hex(' ')}"


@lru_cache(maxsize=8)
def _archive(path: Path, process: int) -> zipfile.ZipFile:
    """An open archive; each process its own, because a forked one would share the place in the file."""
    return zipfile.ZipFile(path)
