"""What encoders of pictures read, against the image processors of transformers."""

import numpy as np
import pytest
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.videomae.image_processing_pil_videomae import VideoMAEImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.encoders.picture.facts import resolved
from affekt.encoders.picture.read import PictureReader, prepared, spread
from affekt.encoders.picture.settings import PictureEncoderSettings, PictureInput
from affekt.media.video import VideoFrames


def clip(count=10, height=30, width=52, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return VideoFrames(pixels, np.arange(count) / 10, count / 10)


def flashes(count):
    """Frames of one grey level each, which is 10 times their number."""
    pixels = np.broadcast_to((10 * np.arange(count, dtype=np.uint8))[:, None, None, None], (count, 20, 20, 3))
    return VideoFrames(np.ascontiguousarray(pixels), np.arange(count) / 10, count / 10)


@pytest.fixture
def reader(picture_folder):
    def make(family="videomae", **settings):
        source = str(picture_folder(family))
        return PictureReader(resolved(PictureEncoderSettings(source=source, **settings)))

    return make


def levels(reader, video):
    """The grey levels of the frames that were chosen, divided by 10."""
    facts = reader.settings.input
    values = reader(Sample("one", {"video": video}))["video"][:, 0, 0, 0]
    return ((values * facts.std[0] + facts.mean[0]) / facts.scale / 10).round().astype(int).tolist()


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (VideoMAEImageProcessorPil, PictureInput(resize=20, crop=(16, 18), mean=(0.5,) * 3, std=(0.5,) * 3)),
        (
            CLIPImageProcessorPil,
            PictureInput(
                resize=16,
                crop=(16, 16),
                resample="bicubic",
                mean=(0.48145466, 0.4578275, 0.40821073),
                std=(0.26862954, 0.26130258, 0.27577711),
            ),
        ),
        (ViTImageProcessorPil, PictureInput(resize=(16, 16), crop=None, mean=(0.5,) * 3, std=(0.5,) * 3)),
    ],
)
def test_a_picture_is_prepared_as_by_transformers(kind, facts):
    size = {"height": 16, "width": 16} if facts.crop is None else {"shortest_edge": facts.resize}
    more = {} if facts.crop is None else {"crop_size": {"height": facts.crop[0], "width": facts.crop[1]}}
    theirs = kind(size=size, **more)
    for height, width in ((30, 52), (41, 33)):
        pixels = clip(1, height, width).pixels[0]
        expected = np.asarray(theirs(pixels, return_tensors="np")["pixel_values"]).reshape(
            -1, 3, *shape(facts)
        )
        np.testing.assert_allclose(prepared(pixels, facts), expected[0], rtol=1e-4, atol=1e-5)


def shape(facts):
    return facts.crop or facts.resize


def test_the_offset_of_vivit_is_taken_before_the_mean(reader):
    it = reader("vivit")
    assert it.settings.input.offset == 1.0
    white = np.full((16, 16, 3), 255, np.uint8)
    expected = (1 - np.array(it.settings.input.mean)) / np.array(it.settings.input.std)
    np.testing.assert_allclose(prepared(white, it.settings.input)[:, 3, 3], expected, rtol=1e-5)


def test_frames_are_spread_over_the_whole_video(reader):
    assert levels(reader(), flashes(11)) == [1, 4, 6, 9]
    assert levels(reader(), flashes(4)) == [0, 1, 2, 3]
    assert levels(reader(), flashes(2)) == [0, 0, 1, 1]


@pytest.mark.parametrize("length", [1, 2, 7, 8, 31, 300])
def test_the_ends_that_are_left_out_are_half_a_step_long(length):
    found = spread(length, 8)
    assert (np.diff(found) >= 0).all() and found[0] == length // 16
    assert length - 1 - found[-1] <= max(length // 16, 0) + 1


def test_the_frames_of_the_reference_miss_the_end_and_are_for_parity_only(reader):
    assert levels(reader(floor_step=True), flashes(11)) == [0, 2, 4, 6]
    assert levels(reader(floor_step=True), flashes(2)) == [0, 1, 1, 1]


def test_red_and_blue_are_swapped_for_parity_only(reader):
    sample = Sample("one", {"video": clip()})
    facts = reader().settings.input
    right, swapped = reader()(sample)["video"], reader(bgr=True)(sample)["video"]
    mean, std = (np.array(one)[None, :, None, None] for one in (facts.mean, facts.std))
    np.testing.assert_allclose((swapped * std + mean)[:, ::-1], right * std + mean, atol=1e-5)
    assert not np.allclose(right, swapped)


def test_the_span_of_a_sample_is_read(reader):
    sample = Sample("one", {"video": flashes(20)}, span_s=(0.8, 1.6))
    facts = reader().settings.input
    values = reader()(sample)["video"][:, 0, 0, 0]
    found = ((values * facts.std[0] + facts.mean[0]) / facts.scale / 10).round().astype(int).tolist()
    assert found == [9, 11, 13, 15]


def test_arrays_fit_their_spec_and_a_sample_without_video_is_said(reader):
    it = reader("vit", frames=3)
    arrays = it(Sample("one", {"video": clip()}))
    it.specs[0].check(arrays["video"])
    it.specs[0].check(it.specs[0].absent())
    assert arrays["video"].dtype == np.float32 and arrays["video"].shape[0] == 3
    with pytest.raises(MediaError, match="has no video"):
        it(Sample("none", {"text": "words"}))


def test_the_cache_key_changes_with_the_video_and_the_span_and_not_with_the_label(reader):
    it, video = reader(), clip()
    key = it.cache_key(Sample("one", {"video": video}, "joy"))
    assert key == it.cache_key(Sample("one", {"video": clip()}, "anger"))
    assert key != it.cache_key(Sample("one", {"video": video}, span_s=(0.0, 0.5)))
    assert key != it.cache_key(Sample("one", {"video": clip(seed=1)}))
