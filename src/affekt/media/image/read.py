"""Pictures: common file formats to upright RGB, with size limits checked before memory is allocated."""

from __future__ import annotations

import importlib.util
import io
import os
import threading
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.files.regular import open_regular
from affekt.core.notes import note
from affekt.core.sample import Sample
from affekt.media.image.arrays import as_pixels, on_white
from affekt.media.image.deep import decode_deep, has_deep_planes, is_compressed, is_dark, is_deep_colour
from affekt.media.image.stated import (
    DECODER_ERRORS,
    choose_page,
    format_of,
    is_signed_8_bit,
    is_white_zero,
    stated_range,
    stored_type,
)
from affekt.media.image.values import as_uint8

# Pillow may be built without a decoder for AVIF.
_HAS_AVIF = importlib.util.find_spec("PIL._avif") is not None
# Suffixes of the formats below, in the order of the formats.
SUFFIXES = (
    ".bmp", ".dib", ".gif", ".jpeg", ".jpg", ".jpe", ".jfif", ".jfi", ".jif", ".mpo", ".png", ".apng",
    ".pbm", ".pgm", ".pnm", ".ppm", ".pfm", ".tif", ".tiff", ".webp", *((".avif",) if _HAS_AVIF else ()),
)  # fmt: skip
MAX_PIXELS = 50_000_000  # the largest phone cameras; 150 MB when decoded
MAX_BYTES = 256 * 2**20  # of a compressed file

# The decoders that are tried; others in Pillow start programs or read scripts. JPEG includes MPO.
_FORMATS = ("BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP", *(("AVIF",) if _HAS_AVIF else ()))
_ANIMATED = ("AVIF", "GIF", "PNG", "WEBP")
_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
OPENING = threading.Lock()  # warning filters are global to the process


@dataclass(frozen=True, slots=True)
class ZippedImage:
    """A picture inside a zip archive, read without unpacking the rest."""

    FINGERPRINT_NAME: ClassVar[str] = "affekt.media.image.ZippedImage"

    archive: Path
    member: str

    def __str__(self) -> str:
        return f"{self.archive}/{self.member}"


# A file, a member of an archive, the bytes of a file, a Pillow picture, or an array of pixels (`as_pixels`).
ImageSource = Path | str | ZippedImage | bytes | Image.Image | np.ndarray


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
        MediaError: There is no such file, or it is empty, damaged, too large, animated, or not a picture.
    """
    if isinstance(source, np.ndarray):
        return as_pixels(source)
    if isinstance(source, Image.Image):
        return _pixels_of_picture(source)
    if isinstance(source, bytes):
        return decode_image(source, "the picture")
    if isinstance(source, str):
        source = Path(source)
    if not isinstance(source, Path | ZippedImage):
        raise MediaError(f"a picture cannot be read from {type(source).__name__}")
    return decode_image(image_bytes(source), str(source))


def image_bytes(source: Path | ZippedImage) -> bytes:
    """The bytes of a picture's file.

    Raises:
        MediaError: It cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        if isinstance(source, ZippedImage):
            archive = _archive(source.archive, os.getpid())
            _check_bytes(source, archive.getinfo(source.member).file_size)
            return archive.read(source.member)
        with open_regular(source) as stream:
            _check_bytes(source, os.fstat(stream.fileno()).st_size)
            return stream.read(MAX_BYTES)
    except KeyError:
        raise MediaError(f"{source} does not exist: the archive has no such member") from None
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MediaError(f"{source} cannot be read: {reason}") from None


def decode_image(content: bytes, name: str) -> np.ndarray:
    """Pixels (h, w, 3) uint8 RGB of a file's bytes: upright according to EXIF, transparent parts on white.

    Grey, palette and CMYK pictures become RGB; more than 8 bits are scaled as described in
    `media.image.values`. Only the first page of a file is read; a note gives the number of further pages.

    Args:
        name: Name of the picture in error messages.

    Raises:
        MediaError: The bytes are empty, damaged, animated, not a picture, hold more than `MAX_PIXELS`, or it
            is not clear which pixel value is white.
    """
    if not content:
        raise MediaError(f"{name} is empty")
    try:
        with OPENING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large pictures, which are limited below, and unusual tags
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
            page = choose_page(image, content)
            if page:
                image.seek(page)
    except Image.UnidentifiedImageError:
        raise MediaError(f"{name} cannot be read as a picture: {format_of(content)}") from None
    except Image.DecompressionBombError:
        raise MediaError(
            f"{name} is far too large; at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
        ) from None
    except DECODER_ERRORS as error:
        raise MediaError(f"{name} is truncated or damaged: {error}") from None
    return _upright(image, content, page, name)


def _pixels_of_picture(image: Image.Image) -> np.ndarray:
    """Pixels (h, w, 3) uint8 RGB of a Pillow picture."""
    stream = getattr(image, "fp", None)
    is_ours = image.format in (*_FORMATS, "MPO") and image.tell() == 0
    if is_ours and getattr(image, "tile", None) and stream is not None and stream.seekable():
        # Opened, but not decoded: the file holds more information than Pillow keeps after decoding.
        place = stream.tell()
        stream.seek(0)
        content = stream.read(MAX_BYTES + 1)
        stream.seek(place)
        _check_bytes("the picture", len(content))
        return decode_image(content, "the picture")
    return _upright(image, None, 0, "the picture")


def _upright(image: Image.Image, content: bytes | None, page: int, name: str) -> np.ndarray:
    """Pixels of an opened picture, rotated according to EXIF unless Pillow did so when loading."""
    width, height = image.size
    if not width * height:
        raise MediaError(f"{name} has no pixels: {width} x {height}")
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{name} has {width} x {height} pixels; at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
        )
    try:
        if image.format in _ANIMATED and getattr(image, "is_animated", False):
            raise MediaError(f"{name} is an animation; one picture is expected: save a single frame")
        pixels = _as_rgb(image, content, page, name)
        turn = _UPRIGHT.get(_orientation(image))
    except DECODER_ERRORS as error:
        raise MediaError(f"{name} is truncated or damaged: {error}") from None
    return np.asarray(pixels.transpose(turn) if turn is not None else pixels)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation still to be applied, 1 to 8; 1 where none is stated, or an invalid one.

    Call it after loading: Pillow rotates a TIFF on loading and then removes the tag.
    """
    try:
        found = image.getexif().get(_ORIENTATION)
    except DECODER_ERRORS:
        note("the EXIF data are damaged: the orientation of the picture is unknown")
        return 1
    return found if isinstance(found, int) and found in _UPRIGHT else 1


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resized pixels: bilinear, averaged over the covered area when shrinking.

    Source: Pillow's filter, which is what the published image pipelines use.
    """
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def to_grey(pixels: np.ndarray) -> np.ndarray:
    """Luma (h, w) uint8 of RGB pixels (ITU-R 601)."""
    return np.asarray(Image.fromarray(pixels).convert("L"))


def _as_rgb(image: Image.Image, content: bytes | None, page: int, name: str) -> Image.Image:
    if image.mode[0] in "IF":
        return _grey_of_values(image, content, name)
    if is_signed_8_bit(image):
        raise MediaError(
            f"{name} holds signed pixel values, so black and white are unknown: save it as 8 bit"
        )
    deep, kind = is_deep_colour(image), image.format
    image.load()
    if has_deep_planes(image) and (not is_compressed(image) or is_dark(np.asarray(image))):
        raise MediaError(
            f"{name} holds 16-bit colour in separate planes, which cannot be read: save it as 8 bit"
        )
    if deep and kind and content is not None:
        upper = np.asarray(image)
        if is_dark(upper):
            return _from_values(decode_deep(content, kind=kind, page=page, upper=upper), name)
    return on_white(image.convert("RGBA")) if image.has_transparency_data else image.convert("RGB")


def _grey_of_values(image: Image.Image, content: bytes | None, name: str) -> Image.Image:
    """A grey picture of more than 8 bits, scaled to 8."""
    stated, is_inverted = stated_range(image, content), is_white_zero(image)
    stored = stored_type(image)
    values = np.asarray(image)
    if stored is not None:
        values = values.astype(stored)
    grey = as_uint8(values, name, stated=stated)
    if is_inverted:
        grey = 255 - grey
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey = np.where(values == transparent, np.uint8(255), grey)
    return Image.fromarray(grey).convert("RGB")


def _from_values(values: np.ndarray, name: str) -> Image.Image:
    """RGB of 16-bit values (h, w, 3 or 4); transparency is scaled separately."""
    pixels = as_uint8(values[..., :3], name)
    if values.shape[2] == 3:
        return Image.fromarray(pixels)
    return on_white(Image.fromarray(np.dstack([pixels, as_uint8(values[..., 3], name)])))


def _check_bytes(source: Path | ZippedImage | str, size: int) -> None:
    if size > MAX_BYTES:
        raise MediaError(f"{source} has {size / 2**20:.0f} MB; at most {MAX_BYTES / 2**20:.0f} are read")


@lru_cache(maxsize=8)
def _archive(path: Path, process: int) -> zipfile.ZipFile:
    """An open archive, one per process: forked processes would share the file position."""
    return zipfile.ZipFile(path)
