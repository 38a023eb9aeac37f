#!/usr/bin/env python3
"""What the review finds in the corpus, and how long it takes for a unit with 5,000 types.

    measure.py STENT [--json]     with --json the last line is one line of JSON
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/review"))
import corpus  # noqa: E402
import judge  # noqa: E402

TYPES = 5000


def program(limit):
    lines = []
    for i in range(TYPES):
        lines.append(f"struct s{i} {{ int a; struct s{max(0, i - 1)} *before; char text[{i % 60 + 4}]; long b : {i % 30 + 1}; }};")
        if i % 10 == 0:
            lines.append(f"struct s{i} *v{i}; int f{i}(struct s{i} *p) {{ return p->before ? p->a : (int)p->b; }}")
        else:
            lines.append(f"struct s{i} *w{i};")
    lines.append(f"int check(struct s7 *p, int n) {{ return n > {limit} ? -1 : p->a; }}")
    return "\n".join(lines)


def seconds_of_many_types(stent, work):
    case = corpus.Case("safe", "types", "", "bench", "c", program(100), program(50))
    pair = corpus.compile_pair(case, corpus.COMPILERS["c"][0], work)
    best = None
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([stent, "review", "--json", pair.old, pair.new], check=True, stdout=subprocess.DEVNULL)
        spent = time.monotonic() - began
        best = spent if best is None else min(best, spent)
    return round(best, 3)


def main():
    stent = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="stent-review-") as work:
        work = pathlib.Path(work)
        judged = judge.judge(stent, corpus.compile_all(work))
        seconds = seconds_of_many_types(stent, work)
    print(judge.table(judged))
    print(f"{TYPES} types: {seconds} s")
    if "--json" in sys.argv[2:]:
        print(json.dumps({**judge.measures(judged), "seconds_5000_types": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
