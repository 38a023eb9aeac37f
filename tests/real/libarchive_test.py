#!/usr/bin/env python3
"""Heals the stock, stripped libarchive in a Python process that writes and reads archives all the while.

    libarchive_test.py STENT

The library carries no symbols but its exported ones. Exit status 77: the real data is not available (said loudly).
"""
import json
import sys

from real_program import DEADLINE_SECONDS, HERE, SpokenTo, create, main, must, must_pass_review, stent

CYCLES = 20
FIXED = {"archive_write_zip_header"}


def heal(program, process, patch):
    def verb(name):
        stent(program, name, patch, "--pid", process.child.pid)

    must(process.say("header") == "0", "before: the header of the largest file is accepted")
    verb("apply")
    must(process.say("header") == "-25", "applied: it is refused")
    verb("revert")
    must(process.say("header") == "0", "reverted: accepted again")
    for _ in range(CYCLES):
        verb("apply")
        verb("revert")
    rounds = process.say("end")
    must(int(rounds) > 0 and process.child.wait(DEADLINE_SECONDS) == 0, f"{rounds} archives or more came back right")


def carry_out(program, cache, work):
    library, patch = cache / "stock/usr/lib/x86_64-linux-gnu/libarchive.so.13", work / "fix.stent"
    create(program, cache, library, patch, acknowledged=False)
    must_pass_review(program, patch)
    shown = json.loads(stent(program, "show", "--json", patch))
    names = {f["name"].split(".")[0] for image in shown["images"] for f in image["functions"]}
    must(FIXED <= names, f"the fix replaces {sorted(names)}")
    process = SpokenTo(sys.executable, HERE / "uses_libarchive.py", library)
    try:
        heal(program, process, patch)
    finally:
        process.child.kill()


if __name__ == "__main__":
    sys.exit(main("libarchive", carry_out))
