"""The value of white: as the file states it, else inferred from the values and noted."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.media.image import decode_image, read_image
from affekt.media.image.values import as_uint8

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOUR = np.stack([GREY, GREY[::-1], GREY.T], axis=-1)


def read(content):
    with collect_notes() as notes:
        pixels = read_image(content)
    return pixels, list(notes)


def encoded(values, kind, **options):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, kind, **options)
    return stream.getvalue()


def deep_png(values):
    """A PNG of 16 bits of any number of channels, which Pillow cannot write."""
    height, width, channels = values.shape

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def deep_tiff(values, order="<", planes=1):
    """An uncompressed RGB TIFF of 16 bits, which Pillow cannot write; 2 planes: one plane per colour."""
    height, width, channels = values.shape
    pixels = (np.moveaxis(values, 2, 0) if planes == 2 else values).astype(f"{order}u2").tobytes()
    strips = channels if planes == 2 else 1
    size = len(pixels) // strips
    lists = struct.pack(f"{order}{channels}H", *[16] * channels)
    lists += struct.pack(f"{order}{strips}I", *(8 + size * strip for strip in range(strips)))
    lists += struct.pack(f"{order}{strips}I", *[size] * strips)
    at = 8 + len(pixels)
    places, sizes = (at + 2 * channels, at + 2 * channels + 4 * strips) if strips > 1 else (8, size)
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, at), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, strips, places), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, strips, sizes),
        (284, 3, 1, planes),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        form = "HH" if kind == 3 and count == 1 else "I"
        packed = struct.pack(order + form, *([value, 0] if form == "HH" else [value]))
        directory += struct.pack(f"{order}HHI", tag, kind, count) + packed
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at + len(lists))
    return start + pixels + lists + directory + bytes(4)


def portable(values, white):
    channels = b"P5" if values.ndim == 2 else b"P6"
    head = b"%s\n%d %d\n%d\n" % (channels, values.shape[1], values.shape[0], white)
    return head + values.astype(">u2").tobytes()


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "TIFF of 32 bits"])
def test_fewer_bits_stored_in_more_are_scaled_by_their_values(bits, kind):
    values = np.round(GREY / 255 * (2**bits - 1))
    dtype, container = (np.int32, 32) if "32" in kind else (np.uint16, 16)
    pixels, notes = read(encoded(values.astype(dtype), kind.split()[0]))
    np.testing.assert_array_equal(pixels[..., 0], GREY)
    assert notes == [f"pixel values 0 to {2**bits - 1} in {container} bits were read as {bits} bit"]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_a_picture_that_uses_all_sixteen_bits_has_no_note(kind):
    pixels, notes = read(encoded(GREY.astype(np.uint16) * 257, kind))
    np.testing.assert_array_equal(pixels[..., 0], GREY)
    assert not notes


def test_a_dark_picture_of_eight_bits_widened_to_sixteen_stays_dark():
    dark = GREY // 8
    pixels, notes = read(encoded(dark.astype(np.uint16) * 257, "PNG"))
    np.testing.assert_array_equal(pixels[..., 0], dark)
    assert not notes


@pytest.mark.parametrize("factor", [1, 16, 257])
@pytest.mark.parametrize(
    "make",
    [deep_png, deep_tiff, lambda values: deep_tiff(values, ">"), lambda values: portable(values, 65535)],
)
def test_colour_of_sixteen_bits_is_scaled_as_grey_is(make, factor):
    pixels, notes = read(make(COLOUR.astype(np.uint16) * factor))
    assert np.abs(pixels.astype(int) - COLOUR).max() <= 1
    expected = {1: ["pixel values 0 to 255 in 16 bits were read as 8 bit"], 257: []}
    expected[16] = ["pixel values 0 to 4095 in 16 bits were read as 12 bit"]
    assert notes == expected[factor]


@pytest.mark.parametrize("factor", [1, 257])
def test_sixteen_bit_colour_in_separate_planes_is_refused(factor):
    with pytest.raises(MediaError, match="in separate planes"):
        read_image(deep_tiff(COLOUR.astype(np.uint16) * factor, planes=2))


def test_transparency_of_sixteen_bits_is_scaled_too():
    clear = np.full((16, 16, 1), 255, np.uint16)
    for layers in (np.dstack([COLOUR, clear]), np.dstack([GREY, clear])):
        pixels, _ = read(deep_png(layers.astype(np.uint16)))
        expected = COLOUR if layers.shape[2] == 4 else np.repeat(GREY[..., None], 3, axis=2)
        np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (GREY / np.float32(255), "0 (black) to 1 (white)"),
        (GREY.astype(np.float32), "0 (black) to 255 (white)"),
        (GREY.astype(np.float32) * 257, "0 (black) to 65535 (white)"),
    ],
)
def test_floating_point_is_scaled_by_its_values(values, note):
    for source in (encoded(values, "TIFF"), values):
        pixels, notes = read(source)
        np.testing.assert_array_equal(pixels[..., 0], GREY)
        assert len(notes) == 1 and note in notes[0]


def test_a_range_that_a_tiff_states_is_used_in_integers_and_floating_point():
    for values, white in ((GREY * np.float32(7 / 255), 7.0), (np.round(GREY * 3.0).astype(np.uint16), 765)):
        pixels, notes = read(encoded(values, "TIFF", tiffinfo={340: 0 * white, 341: white}))
        np.testing.assert_array_equal(pixels[..., 0], GREY)
        assert notes == [
            f"pixel values 0 to {white:g} were read as black to white: the file states this range"
        ]


def test_a_dark_picture_whose_file_states_its_white_stays_dark():
    dark = GREY // 16
    for content in (
        encoded(dark.astype(np.uint16) * 257 + 1, "TIFF", tiffinfo={341: 65535}),
        portable(dark.astype(np.uint16) * 16, 4095),
    ):
        assert np.abs(read(content)[0][..., 0].astype(int) - dark).max() <= 1


def test_extremes_that_a_tiff_states_are_not_its_range():
    values = np.clip(GREY, 20, 200).astype(np.float32) / 255
    content = encoded(values, "TIFF", tiffinfo={340: float(values.min()), 341: float(values.max())})
    assert np.abs(read(content)[0][..., 0].astype(int) - np.clip(GREY, 20, 200)).max() <= 1


def test_significant_bits_of_a_png_are_used_where_values_are_not_widened():
    body = b"sBIT" + bytes([12])
    stated = struct.pack(">I", 1) + body + struct.pack(">I", zlib.crc32(body))
    dark = GREY // 4  # would be read as 10 bits without the statement
    for values, expected in ((dark.astype(np.uint16) * 16, dark), (GREY.astype(np.uint16) * 257, GREY)):
        content = encoded(values, "PNG")
        pixels, _ = read(content[:33] + stated + content[33:])
        assert np.abs(pixels[..., 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.array([[0.0, np.nan]]), "NaN or infinite"),
        (np.array([[0.0, np.inf]]), "NaN or infinite"),
        (np.array([[-0.5, 0.5]]), "negative pixel values"),
        (np.array([[-3, 200]]), "negative pixel values"),
        (np.array([[0.0, 3.0]]), "not clear which value is white"),
        (np.array([[0.5, 700.25]]), "not clear which value is white"),
        (np.array([[0, 70_000]]), "not clear which value is white"),
    ],
)
def test_values_without_a_clear_range_are_refused(values, reason):
    with pytest.raises(MediaError, match=f"a.tif has.*{reason}"):
        as_uint8(values, "a.tif")


def test_damage_in_deep_pictures_never_escapes_as_another_error():
    rng = np.random.default_rng(0)
    deep = COLOUR.astype(np.uint16)
    contents = [deep_png(deep), deep_tiff(deep), deep_tiff(deep, planes=2), portable(deep, 65535)]
    contents += [encoded(GREY.astype(np.float32), "TIFF"), encoded(COLOUR, "TIFF", save_all=True)]
    if features.check("avif"):
        contents.append(encoded(COLOUR, "AVIF"))
    for content in contents:
        for _ in range(40):
            broken = bytearray(content)
            for place in rng.integers(0, min(300, len(content)), 3):
                broken[place] = rng.integers(0, 256)
            try:
                assert decode_image(bytes(broken), "a").dtype == np.uint8
            except MediaError as error:
                assert str(error).startswith("a ")


def test_all_types_of_an_array_give_the_same_pixels():
    for dtype in (np.uint16, np.int16, np.int32, np.uint32, np.int64, np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(as_uint8(GREY.astype(dtype), "a"), GREY)
    for dtype in (np.float16, np.float32, np.float64):
        assert np.abs(as_uint8((GREY / 255).astype(dtype), "a").astype(int) - GREY).max() <= 1
    assert as_uint8(GREY > 127, "a").max() == 255
    full = (GREY.astype(np.uint32) * 0x01010101).astype(np.uint32)
    np.testing.assert_array_equal(as_uint8(full, "a"), GREY)


def test_a_tiff_of_signed_bytes_is_refused():
    stream = io.BytesIO()
    Image.new("L", (4, 4), 200).save(stream, "TIFF", tiffinfo={339: 2})
    with pytest.raises(MediaError, match="holds signed pixel values"):
        decode_image(stream.getvalue(), "a.tif")
