"""What `FormulaGLM.validate` found, as a table and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rustystats import frames
from rustystats.messages import counted

if TYPE_CHECKING:
    from narwhals import Implementation as Backend

    from rustystats.inference.validation import Finding
    from rustystats.typing import Table

SHOWN = 20  # findings in the repr


class ValidationReport:
    """Findings about a model before it is fitted; made by `FormulaGLM.validate`.

    Parameters
    ----------
    findings : list of Finding
    backend : DataFrame library of the tables

    Attributes
    ----------
    ok : bool, whether there is nothing to find
    """

    findings: tuple[Finding, ...]

    def __init__(self, findings: Sequence[Finding], backend: Backend | None) -> None:
        self.findings = tuple(findings)
        self._backend = backend

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __len__(self) -> int:
        return len(self.findings)

    def table(self) -> Table:
        """All findings, a DataFrame of the kind that the model was made from.

        Columns: Check, Name (of a column, or factor=level), Rows, Exposure, Detail, Remedy.
        """
        columns = {
            "Check": [finding.check for finding in self.findings],
            "Name": [finding.name for finding in self.findings],
            "Rows": np.array([finding.rows for finding in self.findings], dtype=np.int64),
            "Exposure": np.array([finding.exposure for finding in self.findings], dtype=float),
            "Detail": [finding.detail for finding in self.findings],
            "Remedy": [finding.remedy for finding in self.findings],
        }
        return frames.make_frame(columns, self._backend)

    def __repr__(self) -> str:
        if self.ok:
            return "<ValidationReport: nothing found>"
        count = len(self.findings)
        lines = [f"<ValidationReport: {counted(count, 'finding')}>"]
        remedies = {}
        for finding in self.findings[:SHOWN]:
            lines.append(
                f"  {finding.check}: {finding.name} {finding.detail}"
                f" ({finding.rows} rows, exposure {finding.exposure:.6g})"
            )
            remedies[finding.check] = finding.remedy
        if count > SHOWN:
            lines.append(f"  and {count - SHOWN} more: see table()")
        lines += [f"{check}: {remedy}" for check, remedy in remedies.items()]
        return "\n".join(lines)
