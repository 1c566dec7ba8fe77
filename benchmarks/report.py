"""Write the measurements as a page of tables."""

import datetime
import math
import statistics

import machine
from works import WORKS

# How far a system may be from the reference and still count as having fitted the same model; the
# deviance has a tolerance for each work. An alpha may be the neighbour of the right one in the
# grid: 17 % less or 21 % more.
TOLERANCES = {"coef": 2e-2, "se": 2e-2, "alpha": 0.25}

HEADER = (
    "| system | input or solver | median s | min .. max | fits | ours is faster by | "
    "peak MB above data | deviance | same model | note |\n"
    "|---|---|---:|---|---:|---:|---:|---:|---|---|"
)


def document(outcomes, repeat, load_before):
    """The whole page. `outcomes`: name of a work -> its rows as measured."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    parts = [
        "# Benchmark results",
        "",
        f"Written by `benchmarks/run.py` on {today}, up to {repeat} timed fits per row after one "
        "untimed. What the columns mean: `benchmarks/README.md`.",
        "",
        *machine.describe(load_before),
        *_versions(outcomes),
    ]
    tables = {"scaling": _scaling, "threads": _threads, "inference": _inference}
    for name, rows in outcomes.items():
        parts += ["", f"## {name}: {WORKS[name].title}", ""]
        parts += tables.get(name, _against_peers)(WORKS[name], rows)
    return "\n".join(parts) + "\n"


def _versions(outcomes):
    systems = {}
    for rows in outcomes.values():
        for outcome in rows:
            if outcome.versions:
                systems[outcome.row.system] = outcome.versions
    return [
        f"* {system}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for system, found in systems.items()
    ]


def _against_peers(work, rows):
    reference = _reference(work, rows)
    ours = _best([outcome for outcome in rows if outcome.row.system == "ours"])
    lines = [HEADER]
    for outcome in rows:
        lines.append(_line(outcome, ours, _same_model(work, outcome, reference)))
    sound = [outcome for outcome in rows if _same_model(work, outcome, reference) == "yes"]
    peer = _best([outcome for outcome in sound if outcome.row.system != "ours"])
    if ours and peer:
        ratio = _median(peer) / _median(ours)
        lines += [
            "",
            f"Fastest peer: {peer.row.system} ({peer.row.variant}), {_median(peer):.3g} s. "
            f"Ours ({ours.row.variant}): {_median(ours):.3g} s, **{ratio:.1f} times faster** "
            f"(aim: {work.aim:g}).",
        ]
    return lines


def _line(outcome, ours, same):
    row = outcome.row
    if not outcome.seconds:
        note = outcome.failure or "no timed fit"
        return f"| {row.system} | {row.variant} | - | - | 0 | - | - | - | - | {note} |"
    faster = f"{_median(outcome) / _median(ours):.1f}" if ours else "-"
    if row.system == "ours":
        faster = "-"
    deviance, alpha = outcome.checks["deviance"], outcome.checks["alpha"]
    chosen = "" if alpha is None else f"chose alpha {alpha:.3g}"
    note = "; ".join(part for part in (row.note, chosen, outcome.failure) if part)
    return (
        f"| {row.system} | {row.variant} | {_median(outcome):.3g} | {_range(outcome)} | "
        f"{len(outcome.seconds)} | {faster} | {outcome.peak_mb:.0f} | "
        f"{'-' if deviance is None else f'{deviance:.3f}'} | {same} | {note} |"
    )


def _scaling(_, rows):
    lines = [
        "| rows | median s | min .. max | fits | million rows per s | peak MB above data | note |",
        "|---:|---:|---|---:|---:|---:|---|",
    ]
    for outcome in rows:
        count = outcome.row.variant.removesuffix(" rows")
        if not outcome.seconds:
            lines.append(f"| {count} | - | - | 0 | - | - | {outcome.failure} |")
            continue
        speed = int(count.replace(",", "")) / _median(outcome) / 1e6
        lines.append(
            f"| {count} | {_median(outcome):.3g} | {_range(outcome)} | {len(outcome.seconds)} | "
            f"{speed:.2f} | {outcome.peak_mb:.0f} | {outcome.failure} |"
        )
    return lines


def _threads(work, rows):
    lines = ["| work | 1 thread s | 2 threads s | faster by |", "|---|---:|---:|---:|"]
    for one, two in zip(rows[::2], rows[1::2], strict=True):
        label = one.row.variant.split(",")[0]
        if one.seconds and two.seconds:
            first, second = _median(one), _median(two)
            lines.append(f"| {label} | {first:.3g} | {second:.3g} | {first / second:.2f} |")
        else:
            lines.append(f"| {label} | - | - | {one.failure or two.failure} |")
    return [*lines, "", f"Aim: at least {work.aim:g}."]


def _inference(work, rows):
    fit = rows[0]
    lines = [
        "| work | median s | min .. max | fits | times the fit | peak MB above data | note |",
        "|---|---:|---|---:|---:|---:|---|",
    ]
    for outcome in rows:
        name = outcome.row.variant
        if not outcome.seconds:
            lines.append(f"| {name} | - | - | 0 | - | - | {outcome.failure} |")
            continue
        ratio = f"{_median(outcome) / _median(fit):.2f}" if fit.seconds else "-"
        lines.append(
            f"| {name} | {_median(outcome):.3g} | {_range(outcome)} | {len(outcome.seconds)} | "
            f"{ratio} | {outcome.peak_mb:.0f} | {outcome.failure} |"
        )
    return [*lines, "", f"Aim: robust covariances and leverage at most {work.aim:g} fits."]


def _reference(work, rows):
    """What a sound fit must find: the known deviance, else the one in the middle of them all."""
    done = [outcome.checks for outcome in rows if outcome.checks]
    middle = {}
    for name in ("deviance", *TOLERANCES):
        values = [checks[name] for checks in done if checks[name] is not None]
        middle[name] = statistics.median(values) if values else math.nan
    if work.deviance is not None:
        middle["deviance"] = work.deviance
    return middle


def _same_model(work, outcome, reference):
    """Whether a row fitted the model asked for; if not, in which number it differs."""
    if not outcome.checks:
        return "-"
    wrong = []
    for name, tolerance in (("deviance", work.deviance_rtol), *TOLERANCES.items()):
        value = outcome.checks[name]
        # written so that a NaN counts as wrong
        if value is not None and not abs(value / reference[name] - 1) <= tolerance:
            wrong.append(f"{name} {value:.7g}")
    return "**NO**: " + ", ".join(wrong) if wrong else "yes"


def _best(rows):
    timed = [outcome for outcome in rows if outcome.seconds]
    return min(timed, key=_median, default=None)


def _median(outcome):
    return statistics.median(outcome.seconds)


def _range(outcome):
    return f"{min(outcome.seconds):.3g} .. {max(outcome.seconds):.3g}"
