"""Files of results that would replace an input, or be taken for one later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from affekt.core.errors import UsageError
from affekt.core.files.output import check_no_input
from affekt.deploy.runtime.conversations import RESULT, SUBTITLES, is_subtitles_of, subtitles_of
from affekt.media import text
from affekt.media.files import has_suffix


def check_results(results: Iterable[Path], media: Sequence[Path], others: Iterable[Path] = ()) -> None:
    """Refuse results before anything is computed for them.

    Args:
        media: What is answered. The subtitles beside each are inputs as well.
        others: Further inputs, such as subtitles that are named.

    Raises:
        UsageError: A result is one of the inputs, or would be read as the subtitles of a medium.
    """
    results = list(results)
    words = [path for path in results if has_suffix(path, SUBTITLES)]
    films = [one for one in media if not has_suffix(one, text.SUFFIXES)] if words else []
    beside = [found for one in films if one.is_file() and (found := subtitles_of(one)) is not None]
    check_no_input(results, [*media, *beside, *others])
    for path in words:
        for medium in films:
            if is_subtitles_of(path, medium) and path.parent.resolve() == medium.parent.resolve():
                raise UsageError(
                    f"{path} would be read as the subtitles of {medium.name} from then on, with its labels: "
                    f"name it {medium.stem}{RESULT}{path.suffix}, or write it into another folder"
                )
