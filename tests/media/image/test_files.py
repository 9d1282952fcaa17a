"""Every format and orientation gives the upright picture; further pages are noted."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.media.image import SUFFIXES, decode_image, read_image

# Smooth, so that lossy formats change it little, and without symmetry.
COARSE = np.random.default_rng(0).integers(0, 256, (4, 3, 3), dtype=np.uint8)
UPRIGHT = Image.fromarray(COARSE).resize((24, 32), Image.Resampling.BICUBIC)
RGB = np.asarray(UPRIGHT)
GREY = np.asarray(UPRIGHT.convert("L"))

TURN = Image.Transpose
# Stored pixels of a rotated camera: the inverse of the viewer's transformation.
STORED = {
    1: None,
    2: TURN.FLIP_LEFT_RIGHT,
    3: TURN.ROTATE_180,
    4: TURN.FLIP_TOP_BOTTOM,
    5: TURN.TRANSPOSE,
    6: TURN.ROTATE_90,
    7: TURN.TRANSVERSE,
    8: TURN.ROTATE_270,
}


def encoded(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def stored(orientation):
    turn = STORED[orientation]
    return UPRIGHT if turn is None else UPRIGHT.transpose(turn)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def xmp(orientation):
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="%d"/></x:xmpmeta>' % orientation


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def late_png(picture, orientation):
    """A PNG whose EXIF data follow its pixels."""
    content = encoded(picture, "PNG")
    end = content.rindex(b"IEND") - 4
    return content[:end] + chunk(b"eXIf", exif(orientation).removeprefix(b"Exif\0\0")) + content[end:]


def tiff(**options):
    return lambda picture, k: encoded(picture, "TIFF", tiffinfo={274: k}, **options)


KINDS = {
    "jpeg": lambda picture, k: encoded(picture, "JPEG", exif=exif(k), quality=97, subsampling=0),
    "jpeg of several pictures": lambda picture, k: encoded(
        picture, "MPO", exif=exif(k), quality=97, save_all=True, append_images=[picture.resize((4, 4))]
    ),
    "jpeg, stated in XMP": lambda picture, k: encoded(picture, "JPEG", xmp=xmp(k), quality=97),
    "jpeg, EXIF against XMP": lambda picture, k: encoded(
        picture, "JPEG", exif=exif(k), xmp=xmp(3 if k == 1 else 1), quality=97
    ),
    "png": lambda picture, k: encoded(picture, "PNG", exif=exif(k)),
    "png, EXIF last": late_png,
    "webp": lambda picture, k: encoded(picture, "WEBP", exif=exif(k), lossless=True),
    "tiff": tiff(),
    "tiff lzw": tiff(compression="tiff_lzw"),
    "tiff deflate": tiff(compression="tiff_adobe_deflate"),
    "tiff of two pages": tiff(save_all=True, append_images=[UPRIGHT]),
    "tiff, EXIF against XMP": lambda picture, k: encoded(
        picture, "TIFF", tiffinfo={274: k, 700: xmp(3 if k == 1 else 1)}
    ),
    "avif": lambda picture, k: encoded(picture, "AVIF", exif=exif(k), quality=97),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_and_orientation_gives_the_upright_picture(kind):
    if kind == "avif" and not features.check("avif"):
        pytest.skip("Pillow was built without AVIF")
    for orientation in STORED:
        content = KINDS[kind](stored(orientation), orientation)
        for source in (content, Image.open(io.BytesIO(content))):
            pixels = read_image(source)
            assert pixels.shape == RGB.shape, (kind, orientation)
            assert np.abs(pixels.astype(int) - RGB).mean() < 6, (kind, orientation)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_out_of_range_leaves_a_tiff_as_it_is(value):
    np.testing.assert_array_equal(decode_image(tiff()(UPRIGHT, value), "a.tif"), RGB)


def test_an_orientation_that_is_text_is_ignored():
    tag = struct.pack("<HHI4s", 0x0112, 2, 2, b"6\0\0\0")
    body = b"II*\0" + struct.pack("<IH", 8, 1) + tag + bytes(4)
    content = encoded(UPRIGHT, "PNG")
    np.testing.assert_array_equal(
        decode_image(content[:33] + chunk(b"eXIf", body) + content[33:], "a.png"), RGB
    )


def notes_of(source):
    with collect_notes() as notes:
        pixels = read_image(source)
    return pixels, list(notes)


def test_further_pages_of_a_tiff_are_noted_with_their_number():
    black = Image.new("RGB", UPRIGHT.size)
    for more, text in ((1, "1 further page:"), (3, "3 further pages:")):
        pixels, notes = notes_of(encoded(UPRIGHT, "TIFF", save_all=True, append_images=[black] * more))
        np.testing.assert_array_equal(pixels, RGB)
        assert len(notes) == 1 and text in notes[0] and "only the first was read" in notes[0]


def test_a_preview_in_front_of_a_tiff_is_not_taken_for_the_picture():
    preview = UPRIGHT.resize((6, 8))
    preview.encoderinfo = {"tiffinfo": {254: 1}}  # a page's own tags, as Pillow takes them
    second = UPRIGHT.copy()
    second.encoderinfo = {"tiffinfo": {254: 0}}
    content = encoded(preview, "TIFF", tiffinfo={254: 1}, save_all=True, append_images=[second])
    pixels, notes = notes_of(content)
    np.testing.assert_array_equal(pixels, RGB)
    assert not notes


def test_a_preview_in_a_jpeg_is_not_noted_and_a_further_picture_of_the_same_size_is():
    for more, expected in ((UPRIGHT.resize((6, 8)), 0), (UPRIGHT, 1)):
        _, notes = notes_of(encoded(UPRIGHT, "MPO", save_all=True, append_images=[more]))
        assert len(notes) == expected
        assert all("1 further picture: only the first" in note for note in notes)


def test_damaged_exif_data_are_noted_and_the_picture_is_read():
    content = encoded(UPRIGHT, "PNG")
    pixels, notes = notes_of(content[:33] + chunk(b"eXIf", b"no EXIF data") + content[33:])
    np.testing.assert_array_equal(pixels, RGB)
    assert any("the orientation of the picture is unknown" in note for note in notes)


def test_a_fully_transparent_picture_is_not_read_as_white():
    layer = UPRIGHT.convert("RGBA")
    layer.putalpha(0)
    pixels, notes = notes_of(encoded(layer, "PNG"))
    np.testing.assert_array_equal(pixels, RGB)
    assert any("fully transparent" in note for note in notes)


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "a.dib", "a.pbm", "a.pnm", "a.apng", "a.mpo"])
def test_a_file_that_is_read_when_named_is_found_in_a_folder(name, tmp_path):
    assert (tmp_path / name).suffix in SUFFIXES
    UPRIGHT.convert("1" if name == "a.pbm" else "RGB").save(tmp_path / name)
    assert read_image(tmp_path / name).shape == RGB.shape


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_avif_is_read_whatever_it_is_called_and_its_animations_are_refused():
    assert ".avif" in SUFFIXES
    pixels = decode_image(encoded(UPRIGHT, "AVIF", quality=97), "called.jpg")
    assert np.abs(pixels.astype(int) - RGB).mean() < 6
    moving = encoded(UPRIGHT, "AVIF", save_all=True, append_images=[Image.new("RGB", UPRIGHT.size)])
    with pytest.raises(MediaError, match="is an animation"):
        decode_image(moving, "a.avif")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(16), "HEIC"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(16), "JPEG 2000"),
        (b"8BPS" + bytes(16), "Photoshop"),
    ],
)
def test_a_format_that_is_not_read_is_named(content, kind):
    with pytest.raises(MediaError, match=f"it is a {kind}.*convert it to"):
        decode_image(content, "a.jpg")


def test_a_pillow_picture_is_read_like_its_file_and_an_animation_is_refused():
    content = encoded(UPRIGHT.convert("RGBA"), "PNG", exif=exif(6))
    opened = Image.open(io.BytesIO(content))
    expected = decode_image(content, "a.png")
    np.testing.assert_array_equal(read_image(opened), expected)
    opened.load()
    np.testing.assert_array_equal(read_image(opened), expected)
    np.testing.assert_array_equal(read_image(UPRIGHT), RGB)
    frames = [UPRIGHT.convert("P"), Image.new("P", UPRIGHT.size)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(MediaError, match="is an animation"):
        read_image(Image.open(io.BytesIO(moving)))


def test_inverted_and_cmyk_colours_are_converted():
    grey = Image.fromarray(GREY)
    for content in (
        encoded(grey, "TIFF", tiffinfo={262: 0}),
        encoded(Image.fromarray(65535 - GREY.astype(np.uint16) * 257), "TIFF", tiffinfo={262: 0}),
    ):
        np.testing.assert_array_equal(decode_image(content, "a.tif")[..., 0], GREY)
    for kind, options in (("TIFF", {}), ("JPEG", {"quality": 97})):
        pixels = decode_image(encoded(UPRIGHT.convert("CMYK"), kind, **options), "a")
        assert np.abs(pixels.astype(int) - RGB).mean() < 2
