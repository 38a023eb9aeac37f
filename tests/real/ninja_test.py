#!/usr/bin/env python3
"""Patches the stock, stripped ninja (C++) in the middle of a build.

    ninja_test.py STENT

The change is ours: the status says "done N". Exit status 77: the real data is not available (said loudly).
"""
import os
import subprocess
import sys

from real_program import DEADLINE_SECONDS, create, main, must, stent

EDGES = 45
RULES = "rule wait\n  command = read word < $out.fifo && echo $$word > $out\n  description = $out\n"


class Build:
    """Edges in a row; each ends when its fifo is written to."""

    def __init__(self, program, work):
        self.work, self.done = work, 0
        lines, before = [RULES], ""
        for number in range(1, EDGES + 1):
            os.mkfifo(work / f"e{number}.fifo")
            lines.append(f"build e{number}: wait{before}\n")
            before = f" | e{number}"
        (work / "build.ninja").write_text("".join(lines) + f"default e{EDGES}\n")
        self.child = subprocess.Popen([program, "-C", work], stdout=subprocess.PIPE, text=True,
                                      env=dict(os.environ, NINJA_STATUS="[%f] "))
        must("Entering directory" in self.child.stdout.readline(), "ninja builds")

    def step(self):
        """Lets one edge end; what ninja says to it."""
        self.done += 1
        (self.work / f"e{self.done}.fifo").write_text("word\n")
        return self.child.stdout.readline().strip()


def carry_out(program, cache, work):
    target, patch = cache / "stock/usr/bin/ninja", work / "words.stent"
    create(program, cache, target, patch)
    build = Build(target, work)
    try:
        must(build.step() == "[1] e1", "before: a number")
        while build.done < EDGES - 2:
            stent(program, "apply", patch, "--pid", build.child.pid)
            said = build.step()
            if said != f"[done {build.done}] e{build.done}":
                must(False, f"applied: '{said}'")
            stent(program, "revert", patch, "--pid", build.child.pid)
            said = build.step()
            if said != f"[{build.done}] e{build.done}":
                must(False, f"reverted: '{said}'")
        must(True, f"{build.done // 2} times applied and reverted in one build, and the status follows")
        while build.done < EDGES:
            build.step()
        must(build.child.wait(DEADLINE_SECONDS) == 0, "the build succeeds")
    finally:
        build.child.kill()


if __name__ == "__main__":
    sys.exit(main("ninja", carry_out))
