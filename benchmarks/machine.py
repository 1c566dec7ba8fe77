"""The machine in a few words: no names, no paths."""

import os
import platform
from pathlib import Path


def describe(load_before):
    """Lines for the head of the report."""
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return [
        f"* processor: {_processor()}, {len(os.sched_getaffinity(0))} cores",
        f"* memory: {memory_gb:.0f} GiB",
        f"* system: {platform.system()} {platform.machine()}",
        f"* load average before the run: {load_before:.1f}",
    ]


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
