"""Fill the feature cache ahead of training, with the same features at the same path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe
from affekt.core.task import OnItem, quiet
from affekt.encoders.source import downloads_allowed
from affekt.engine.experiment import Experiment, open_data
from affekt.engine.features.cache import cache_root
from affekt.engine.features.filling import Filled, cached
from affekt.engine.splits import check_splits, part
from affekt.engine.weights.initial import Pretrained, check_start, name_weights, read_weights, start_from


def fill_ahead(
    recipe: Recipe,
    *,
    data_root: Path | str | None = None,
    weights: Sequence[Path | str] = (),
    cache: Path | str | None = None,
    download: bool = False,
    on_item: OnItem = quiet,
) -> Filled:
    """Compute the features that `train` will read for a recipe; features in the cache are reused.

    Args:
        data_root: Folder of the data set; AFFEKT_DATA if not given.
        weights: Folders that the network starts from, as for `train`.
        cache: Folder of all caches; AFFEKT_CACHE if not given, else `cache`.
        download: As for `train`.
        on_item: Called with the number of samples that are done, and of all samples.

    Raises:
        ConfigError: The recipe caches nothing, or does not fit the data, the weights or the network.
        DataError: The data set cannot be read.
        FolderError: The cache cannot be written.

    Example:
        >>> fill_ahead(Recipe.load(["recipe.toml"]), data_root="data").computed  # doctest: +SKIP
        1120
    """
    if not recipe.train.cached_views:
        raise ConfigError(
            "recipe", ["train.cached_views is 0: set the number of views per sample that are cached"]
        )
    recipe, corpus = open_data(recipe, data_root)
    parts = part(corpus.usable, recipe.split)
    check_splits(parts)
    given = read_weights(weights)
    with downloads_allowed(download):
        experiment = Experiment.of(recipe, corpus, parts)
        check_start(name_weights(recipe, given), given, experiment.method)
        model = experiment.network()
        if isinstance(model, Pretrained):
            model.load_pretrained()
    start_from(model, given, experiment.method)
    root = cache_root(cache, Path("runs"))
    return cached(experiment, experiment.datasets(), model, root=root, on_item=on_item)[1]
