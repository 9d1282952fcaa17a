"""How many samples are computed at once."""

import pytest

from affekt.core.answers.batches import rows_at_once
from affekt.core.spec import InputSpec, TensorSpec

SPEC = InputSpec(
    inputs=(
        TensorSpec(name="sound", axes="b n", shape=(None,)),
        TensorSpec(name="image", axes="b c h w", shape=(3, 64, 64)),
    )
)


def preprocess(**stated):
    reads = dict.fromkeys(("fit", "views", "__call__"), len)  # none is called
    return type("Preprocess", (), {"spec": SPEC, **reads, **stated})()


def test_open_axes_count_as_the_longest_that_preprocessing_states():
    assert rows_at_once(preprocess()) == 64
    assert rows_at_once(preprocess(), many=5) == 5
    # 64 MB of rows of 4 bytes for each of 2,000,000 samples and 12,288 values of the picture.
    assert rows_at_once(preprocess(open_sizes={"sound": 2_000_000})) == 8
    assert rows_at_once(preprocess(open_sizes={"sound": 10**9})) == 1


@pytest.mark.parametrize(("longest_s", "rows"), [(25.0, 20), (0.5, 64)])
def test_a_network_of_sound_states_its_longest_sound(tmp_path, longest_s, rows):
    from affekt.core import catalog
    from affekt.testing.media_encoders import save_tiny_sound_encoder

    source = str(save_tiny_sound_encoder(tmp_path / "sound"))
    sound = {"source": source, "mode": "frozen", "longest_s": longest_s}
    method = catalog.method("mdn_makd")
    config = method.make_config({"num_classes": 2, "encoders": {"A": sound}}).resolved()
    made = method.load("preprocess")(config)
    assert made.open_sizes == dict.fromkeys(("audio", "audio_real"), int(longest_s * 16000))
    assert rows_at_once(made) == rows
