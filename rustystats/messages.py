"""Lists of names, and warnings at the user's own line whichever face of the package was called."""

import difflib
import os
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

PACKAGE = os.path.dirname(__file__) + os.sep


class SeparationWarning(UserWarning):
    """The likelihood has no maximum: some levels or columns part the rows by their response.

    Examples
    --------
    >>> import warnings
    >>> import rustystats as rs
    >>> data = {"claims": [0, 0, 1, 2], "area": ["A", "A", "B", "B"]}
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     result = rs.glm("claims ~ area", data, family="poisson").fit()
    >>> caught[0].category.__name__, result.separated
    ('SeparationWarning', ('area=A (2 rows, at the lower end)',))
    """


def listed(names: Sequence[Any], most: int = 20) -> str:
    """Names in a row, at most so many, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


def counted(count: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {what}{'s' if count != 1 else ''}"


def checked_names(names: Iterable[object], count: int, things: str) -> list[str]:
    """The names of so many things ("columns", "coefficients"), as a list of str.

    Raises
    ------
    ValueError
        If they are of another number, or some things share one.
    """
    given = [str(name) for name in names]
    if len(given) != count:
        raise ValueError(
            f"{len(given)} feature_names for {count} {things}: give one name a column, the "
            "intercept's included"
        )
    repeated = [name for name, times in Counter(given).items() if times > 1]
    if repeated:
        raise ValueError(
            f"feature_names has {listed(repeated)} more than once: give each column its own name"
        )
    return given


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """` (did you mean 'DrivAge'?)` where one of the known names is close, else nothing."""
    lower = {str(other).lower(): str(other) for other in known}
    close = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f" (did you mean {lower[close[0]]!r}?)" if close else ""


def check_known(names: Iterable[str], known: Collection[Any]) -> None:
    """Raise a ValueError where one of the names is no column of the data."""
    missing = [name for name in names if name not in known]
    if missing:
        numbered = [name for name in known if not isinstance(name, str) and str(name) in missing]
        raise ValueError(
            f"unknown column{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))}"
            f"{'' if numbered else did_you_mean(missing[0], known)}: the data have "
            f"{listed(list(known), 30)}"
            + (f"; the name of column {numbered[0]!r} is no text: rename it" if numbered else "")
        )


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first line outside the package on the way here."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
