"""Every data set adapter fulfils the contract."""

import pytest

import affekt
from affekt.testing import check_dataset


@pytest.mark.parametrize("name", affekt.list_datasets())
def test_adapter_fulfils_the_contract(name):
    check_dataset(name)
