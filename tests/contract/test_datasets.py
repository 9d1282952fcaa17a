"""Every data set adapter is a proper one."""

import pytest

import affekt
from affekt.testing import check_dataset


@pytest.mark.parametrize("name", affekt.list_datasets())
def test_adapter_keeps_the_contract(name):
    check_dataset(name)
