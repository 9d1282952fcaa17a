"""Fixtures for the tests of several methods."""

import json

import numpy as np
import pytest

from affekt.parity.case import Case


@pytest.fixture
def altered_case(shared, tmp_path):
    """A function that copies a shared case with changes to its meta data."""

    def alter(folder, name, *, keys=True, **meta):
        source = shared / "parity" / folder / name
        with np.load(source) as file:
            arrays = dict(file)
        document = json.loads(str(arrays["meta"])) | meta
        np.savez(tmp_path / name, **(arrays | {"meta": json.dumps(document)}))
        named = source.with_name(str(document.get("keys", "keys.json")))
        return Case.open(tmp_path / name, named if keys else None)

    return alter
