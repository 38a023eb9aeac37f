#!/usr/bin/env python3
"""Heals an extension module in the machine's own python3 while several threads call it.

    python_test.py STENT

The change is given by observing `make`. Exit status 77: python3's headers are not available (said loudly).
"""
import json
import sys

from real_program import DEADLINE_SECONDS, HERE, SpokenTo, main, must, stent

CYCLES = 20
REFUSED = "bread: 5000000000 is no number to buy"


def heal(program, process, patch):
    def verb(name):
        stent(program, name, patch, "--pid", process.child.pid)

    before = process.say("many")
    must(before != REFUSED, f"before: five billion loaves cost '{before}'")
    verb("apply")
    must(process.say("many") == REFUSED, "applied: an exception of python says what is wrong")
    verb("revert")
    must(process.say("many") == before, "reverted: as before")
    for _ in range(CYCLES):
        verb("apply")
        verb("revert")
    rounds = process.say("end")
    must(rounds.isdigit() and int(rounds) > 0 and process.child.wait(DEADLINE_SECONDS) == 0,
         f"every thread got {rounds} right answers or more")


def carry_out(program, cache, work):
    source, patch = cache / "source", work / "fix.stent"
    print(stent(program, "create", "--ack", "*=checked by hand", "--target", source / "shop.so", "--source-root", source,
                "--patch", cache / "fix.diff", "-o", patch, "--", "make", "-B", "-C", source, "shop.o"), end="")
    shown = json.loads(stent(program, "show", "--json", patch))
    names = [f["name"] for image in shown["images"] for f in image["functions"]]
    must(any("quote" in name for name in names), f"the fix replaces {names}")
    process = SpokenTo("/usr/bin/python3", HERE / "uses_extension.py", source)
    try:
        heal(program, process, patch)
    finally:
        process.child.kill()


if __name__ == "__main__":
    sys.exit(main("python", carry_out))
