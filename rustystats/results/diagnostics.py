"""How good a model is: its diagnostics, as an object or as JSON."""

from typing import Any

from rustystats.diagnostics import compute_diagnostics
from rustystats.results.answers import Answers


class DiagnosticAnswers(Answers):
    """Part of `GLMResults`: its diagnostics."""

    diagnostics = compute_diagnostics

    def diagnostics_json(self, *args: Any, indent: int | None = None, **options: Any) -> str:
        """The diagnostics as JSON.

        Parameters
        ----------
        *args, **options : as in `diagnostics`
        indent : int, optional
            None writes it compactly.

        Returns
        -------
        str

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}
        >>> rs.glm("y ~ x", data, family="poisson").fit().diagnostics_json(data)[:42]
        '{"schema_version":1,"model_summary":{"fami'
        """
        # of the whole result, which a part of it is never without
        found = self.diagnostics(*args, **options)  # type: ignore[misc]
        return found.to_json(indent)
