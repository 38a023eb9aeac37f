#!/usr/bin/env python3
"""Compares what `stent review` says of every pair of the corpus with the labels: the confusion table.

    judge.py STENT [FOLDER]  fails when an unsafe pair passes, or when too many safe ones do not
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import corpus

LEVELS = ("safe", "note", "review", "refused")
MOST_SAFE_REFUSED_PERCENT = 5
MOST_SAFE_REVIEW_PERCENT = 15


def level_of(stent, pair):
    done = subprocess.run([stent, "review", "--json", pair.old, pair.new], capture_output=True, text=True)
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"{pair.case.name} ({pair.compiler}): {done.stderr}") from None
    ids = [finding["id"] for finding in said["findings"] if finding["level"] in LEVELS[2:]]
    return said["level"], ids


def judge(stent, pairs):
    """Per pair: (pair, level, ids that ask for a person)."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [(pair, *said) for pair, said in zip(pairs, pool.map(lambda p: level_of(stent, p), pairs))]


def table(judged):
    counts = collections.Counter((pair.case.label, level) for pair, level, _ in judged)
    lines = ["label    " + "".join(f"{level:>9}" for level in LEVELS)]
    for label in ("unsafe", "safe"):
        lines.append(f"{label:<9}" + "".join(f"{counts[label, level]:>9}" for level in LEVELS))
    return "\n".join(lines)


def measures(judged):
    of = lambda label, *levels: sum(pair.case.label == label and level in levels for pair, level, _ in judged)
    safe = max(1, of("safe", *LEVELS))
    return {"unsafe_missed": of("unsafe", "safe", "note"), "unsafe_total": of("unsafe", *LEVELS),
            "safe_refused_percent": round(100 * of("safe", "refused") / safe, 2),
            "safe_review_percent": round(100 * of("safe", "review") / safe, 2)}


def main():
    folder = sys.argv[2] if len(sys.argv) > 2 else "corpus"
    with tempfile.TemporaryDirectory(prefix="stent-review-") as work:
        judged = judge(sys.argv[1], corpus.compile_all(pathlib.Path(work), corpus.all_cases(folder)))
    for pair, level, ids in judged:
        passes = level in ("safe", "note")
        if passes == (pair.case.label == "unsafe"):
            print(f"{pair.case.label} but {level}: {pair.case.kind}.{pair.case.name} ({pair.compiler}): "
                  f"{pair.case.why} {' '.join(ids)}")
    print(table(judged))
    result = measures(judged)
    print(result)
    failed = (result["unsafe_missed"] > 0 or result["safe_refused_percent"] > MOST_SAFE_REFUSED_PERCENT
              or result["safe_review_percent"] > MOST_SAFE_REVIEW_PERCENT)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
