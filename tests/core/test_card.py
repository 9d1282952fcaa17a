"""The card of a method: what a network states depends on the data that it was trained on."""

from affekt.core import catalog


def test_limits_that_are_known_of_data_are_those_of_networks_trained_on_them():
    card = catalog.card("compact_face")
    on_fer = card.limits_on("fer2013", is_own=False)
    assert "disgust is rare" in on_fer and on_fer.startswith(card.limits)
    assert card.limits_on("raf_db", is_own=False) == card.limits and "FER2013" not in card.limits


def test_a_network_that_was_trained_on_own_files_says_so():
    limits = catalog.card("compact_face").limits_on("images", is_own=True)
    assert "Trained on files of its maker" in limits and "FER2013" not in limits


def test_the_card_shows_the_limits_of_all_data():
    assert {"on ravdess", "on emodb"} <= catalog.card("compact_voice").facts.keys()


def test_limits_are_stated_of_data_sets_that_exist():
    for name in catalog.list_methods():
        assert {*catalog.card(name).limits_of_data} <= {*catalog.list_datasets()}, name


def test_limits_of_data_that_are_joined_are_those_of_each():
    card = catalog.card("compact_voice")
    limits = card.limits_on("ravdess", "emodb", is_own=False)
    assert limits == f"{card.limits} {card.limits_of_data['ravdess']} {card.limits_of_data['emodb']}"
