"""How good a model is: its diagnostics, as an object or as JSON."""

from rustystats.diagnostics import compute_diagnostics


class DiagnosticAnswers:
    """Part of `GLMResults`: its diagnostics."""

    diagnostics = compute_diagnostics

    def diagnostics_json(self, *args, indent=None, **options):
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
        return self.diagnostics(*args, **options).to_json(indent)
