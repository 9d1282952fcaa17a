"""Pictures of every kind are read upright as RGB; everything else is one clear error."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.image import ZippedImage, decode_image, image_of, read_image, resize, to_grey
from affekt.media.image import read as module

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (12, 8, 3), dtype=np.uint8)


def encoded(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def test_an_rgb_png_is_read_exactly():
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(RGB)), "a.png"), RGB)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA"])
def test_every_mode_becomes_eight_bit_rgb(mode):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    pixels = decode_image(encoded(Image.fromarray(RGB).convert(mode), kind), "a")
    assert pixels.shape == RGB.shape and pixels.dtype == np.uint8


def test_grey_has_three_equal_channels():
    pixels = decode_image(encoded(Image.fromarray(RGB[..., 0])), "a.png")
    np.testing.assert_array_equal(pixels, np.repeat(RGB[..., :1], 3, axis=2))


def test_sixteen_bits_are_scaled_and_not_truncated():
    wide = np.array([[0, 257, 32896, 65535]], np.uint16)
    pixels = decode_image(encoded(Image.fromarray(wide)), "a.png")
    assert pixels[0, :, 0].tolist() == [0, 1, 128, 255]


def test_transparent_parts_become_white():
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = (10, 20, 30, 255)
    pixels = decode_image(encoded(Image.fromarray(layer)), "a.png")
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_a_transparent_palette_entry_becomes_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([200, 0, 0, 0, 200, 0])
    palette.putpixel((1, 0), 1)
    pixels = decode_image(encoded(palette, transparency=1), "a.png")
    assert pixels[0].tolist() == [[200, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(orientation):
    upright = Image.fromarray(RGB)
    # Stored pixels of a rotated camera: the inverse of the viewer's transformation.
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode_image(encoded(stored, exif=exif), "a.png"), RGB)


def test_an_invalid_orientation_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 99
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(RGB), exif=exif), "a.png"), RGB)


def test_a_truncated_jpeg_is_refused():
    content = encoded(Image.fromarray(resize(RGB, 200, 200)), "JPEG")
    with pytest.raises(MediaError, match=r"a\.jpg is truncated or damaged"):
        decode_image(content[: len(content) // 2], "a.jpg")


def test_the_error_for_text_named_png_states_that_it_is_text():
    with pytest.raises(MediaError, match=r"a\.png cannot be read as a picture.*it holds the text 'hello"):
        decode_image(b"hello, this is no picture", "a.png")


def test_the_error_for_unknown_bytes_shows_them():
    with pytest.raises(MediaError, match=r"first bytes are ff 00"):
        decode_image(b"\xff\x00\x81\x82" * 10, "a.png")


def test_an_empty_file_is_reported_as_empty(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(MediaError, match=r"a\.png is empty"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (9_000, 9_000), (2**31 - 1, 1)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(width, height, huge_png, monkeypatch):
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(MediaError, match="megapixels are read"):
        decode_image(huge_png(width, height), "huge.png")


def test_a_file_of_too_many_bytes_is_refused_before_it_is_read(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"x" * 2_000)
    monkeypatch.setattr(module, "MAX_BYTES", 1_000)
    with pytest.raises(MediaError, match="at most"):
        read_image(tmp_path / "a.png")


def test_an_animation_is_refused_and_a_still_gif_is_read():
    frames = [Image.fromarray(RGB).convert("P"), Image.fromarray(255 - RGB).convert("P")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(MediaError, match="is an animation"):
        decode_image(moving, "a.gif")
    assert decode_image(encoded(frames[0], "GIF"), "a.gif").shape == RGB.shape


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(MediaError, match="cannot be read: No such file"):
        read_image(tmp_path / "nowhere.png")


def test_a_member_of_an_archive_is_read_in_place(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("happy/1.png", encoded(Image.fromarray(RGB)))
    np.testing.assert_array_equal(read_image(ZippedImage(tmp_path / "a.zip", "happy/1.png")), RGB)
    with pytest.raises(MediaError, match="no such member"):
        read_image(ZippedImage(tmp_path / "a.zip", "happy/2.png"))


def test_a_broken_archive_is_one_clear_error(tmp_path):
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(MediaError, match=r"a\.zip/1\.png cannot be read"):
        read_image(ZippedImage(tmp_path / "a.zip", "1.png"))


def test_pixels_are_taken_as_they_are_if_their_shape_and_type_fit():
    assert read_image(RGB) is RGB
    assert read_image(RGB[..., 0]).shape == RGB.shape
    for wrong in (RGB.astype(complex), RGB[..., :2], RGB[None], RGB[:0]):
        with pytest.raises(MediaError, match=r"found .* of shape"):
            read_image(wrong)


def test_the_error_for_a_sample_without_a_picture_lists_its_media():
    with pytest.raises(MediaError, match="sample a has no image; it has skeleton"):
        image_of(Sample(id="a", media={"skeleton": None}))


def test_random_damage_never_escapes_as_another_error():
    rng = np.random.default_rng(1)
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM"):
        content = bytearray(encoded(Image.fromarray(RGB), kind))
        for _ in range(60):
            broken = bytearray(content)
            for place in rng.integers(0, len(content), 4):
                broken[place] = rng.integers(0, 256)
            try:
                assert decode_image(bytes(broken), "a").dtype == np.uint8
            except MediaError as error:
                assert str(error).startswith("a ")


def test_shrinking_averages_and_grey_follows_luma():
    board = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (8, 8))
    assert np.ptp(resize(board, 4, 4)[1:3, 1:3]) <= 2
    assert to_grey(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)).tolist() == [[76, 150, 29]]
