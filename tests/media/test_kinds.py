"""Files are named for what they are, where another medium is expected."""

import io

import pytest
from PIL import Image

from affekt.core.errors import MediaError
from affekt.media.image import read_image
from affekt.media.skeleton import read_skeletons
from affekt.media.sound import read_sound
from affekt.media.text import read_lines
from affekt.media.video import open_video


def picture(kind):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, kind)
    return stream.getvalue()


HEIC = b"\0\0\0\x18ftypheic" + bytes(40)
WAV = b"RIFF\x24\0\0\0WAVE" + bytes(40)
SPHERE = b"NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n".ljust(1100, b"\1")
CASES = [
    (read_image, "a.png", WAV, "it is a WAV sound, not a picture"),
    (read_image, "a.jpg", b"\0\0\0\x18ftypisom" + bytes(40), "it is an MP4 video, not a picture"),
    (read_image, "a.jpg", HEIC, "it is a HEIC picture, which cannot be decoded here: convert it"),
    (read_image, "a.png", b"%PDF-1.7 \xff", "it is a PDF"),
    (read_sound, "a.wav", picture("PNG"), "it is a PNG picture, not sound"),
    (read_sound, "a.sph", SPHERE, "it is a NIST SPHERE sound, compressed: convert it to WAV"),
    (read_sound, "a.pcm", b"\0\x80" * 64, "samples without a header state neither rate nor type"),
    (open_video, "a.mp4", picture("JPEG"), "it is a JPEG picture, not a video"),
    (open_video, "a.mp4", picture("GIF"), "cannot be read as video: it is a still picture"),
    (open_video, "a.webp", picture("WEBP"), "cannot be read as video: it is a still picture"),
    (open_video, "a.heic", HEIC, "it is a HEIC picture: convert it to JPEG or PNG"),
    (read_skeletons, "a.mp4", b"\x1aE\xdf\xa3" + bytes(40), r"known suffixes are .*: it is a Matroska"),
    (lambda path: list(read_lines(path)), "a.png", picture("PNG"), "not a file of lines.*: it is a PNG"),
]


@pytest.mark.parametrize(("read", "name", "content", "message"), CASES)
def test_a_file_is_named_for_what_it_is(tmp_path, read, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=message):
        read(tmp_path / name)
