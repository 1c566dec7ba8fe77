"""One schema for attributes, keys and JSON: dataclasses that are dictionaries and write themselves.

`Section` is what diagnostics are made of: ``section.gini`` and ``section["gini"]`` are one.
`Document` is a whole answer: it has a version of its schema and becomes a dictionary or JSON. Both
keep the order of the fields, so the same answer gives the same text. JSON knows no NaN and no
infinity: they become null.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, NoReturn, Self

import numpy as np


class Section(dict[str, Any]):
    """Base of dataclasses whose fields are read as attributes or as keys: a dictionary, read only.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, eq=False)
    ... class Point(Section):
    ...     x: float
    ...     y: float
    >>> point = Point(1.0, float("nan"))
    >>> point.x == point["x"], list(point)
    (True, ['x', 'y'])
    >>> plain(point)
    {'x': 1.0, 'y': None}
    """

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]  # of a dataclass
        super().__init__((name, getattr(self, name)) for name in names)

    def __setitem__(self, key: str, value: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is read only: copy it by dict(...) to change it")

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), tuple(self.values())


class Document(Section):
    """Base of a whole answer."""

    schema_version: ClassVar[int] = 1

    def to_dict(self) -> dict[str, Any]:
        """The answer as dictionaries, lists, texts and numbers; None for NaN and infinity.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(2_000, seed=1)
        >>> found = rs.explore_data(data, "ClaimNb", ["Area"], [], exposure="Exposure")
        >>> list(found.to_dict())[:2]
        ['schema_version', 'data_summary']
        """
        return {"schema_version": self.schema_version, **plain(self)}

    def to_json(self, indent: int | None = None) -> str:
        """The answer as JSON, compact unless it is to be indented.

        Parameters
        ----------
        indent : int, optional

        Returns
        -------
        str

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(2_000, seed=1)
        >>> found = rs.explore_data(data, "ClaimNb", ["Area"], [], exposure="Exposure")
        >>> found.to_json()[:20]
        '{"schema_version":1,'
        """
        separators = (",", ":") if indent is None else None
        return json.dumps(
            self.to_dict(),
            indent=indent,
            separators=separators,
            allow_nan=False,
            ensure_ascii=False,
        )


def plain(value: Any) -> Any:
    """A value as JSON has it: whole numbers stay whole, NaN and infinity become None.

    Examples
    --------
    >>> plain({"n": np.int64(3), "x": np.array([1.0, np.inf]), "known": np.bool_(True)})
    {'n': 3, 'x': [1.0, None], 'known': True}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a {type(value).__name__} has no place in JSON: {value!r}")
