"""Arrays of archives that anybody may have made."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.media.arrays import read_npz


@pytest.mark.parametrize("order", "<>")
def test_text_that_holds_no_characters_is_refused_when_it_is_read(tmp_path, order):
    file = tmp_path / "a.npz"
    np.savez(file, ids=np.array(["ö", "b"]).astype(f"{order}U2"), none=np.array([], "U3"))
    assert read_npz(file, ("ids", "none"))["ids"].tolist() == ["ö", "b"]
    np.savez(file, ids=np.array([2**31, 5], f"{order}u4").view(f"{order}U2"))
    with pytest.raises(MediaError, match="holds numbers that are no characters"):
        read_npz(file, ("ids",))
