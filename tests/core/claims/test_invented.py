"""Networks that were trained on invented data say so."""

import pytest

from affekt.core.claims.invented import is_invented


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"invented": True}, True),
        ({"invented": False, "data": {"name": "walkers"}}, False),
        ({"data": {"name": "walkers"}}, True),  # a bundle that was made before it was stated
        ({"data": {"name": "no_such_set"}}, False),
        ({"data": "walkers", "invented": "yes"}, False),
        ({}, False),
    ],
)
def test_the_manifest_is_believed_then_the_data_set(document, expected):
    assert is_invented(document) is expected
