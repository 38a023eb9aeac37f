#!/usr/bin/env python3
"""Heals an extension module in the machine's own python3 while several threads call it, and changes python3 itself.

    python_test.py STENT

The change of the module is given by observing `make`; that of the interpreter, a stripped program that is not
position-independent, is written by hand. Exit status 77: python3's headers are not available (said loudly).
"""
import json
import pathlib
import struct
import subprocess
import sys

from real_program import DEADLINE_SECONDS, HERE, SpokenTo, main, must, stent

CYCLES = 20
ET_EXEC = 2
REFUSED = "bread: 5000000000 is no number to buy"


def elf_type(path):
    with open(path, "rb") as file:
        return struct.unpack_from("<H", file.read(18), 16)[0]


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


def change_interpreter(program, process, work):
    interpreter, patch = pathlib.Path("/usr/bin/python3").resolve(), work / "digits.stent"
    must(elf_type(interpreter) == ET_EXEC, f"{interpreter} is not position-independent")
    includes = subprocess.run(["/usr/bin/python3-config", "--includes"], check=True, capture_output=True, text=True).stdout
    print(stent(program, "create", "--ack", "inlined-copies=large and exported", "--target", interpreter, "--manual",
                HERE / "python_digits.c", "-o", patch, "--", "gcc", "-O2", "-fno-pie", *includes.split()), end="")
    must(process.say("tenth") == "0.1", "before: a tenth is 0.1")
    stent(program, "apply", patch, "--pid", process.child.pid)
    must(process.say("tenth") == "0.10000000000000001", "applied: a tenth with all its digits")
    stent(program, "revert", patch, "--pid", process.child.pid)
    must(process.say("tenth") == "0.1", "reverted: as before")


def end(process):
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
        change_interpreter(program, process, work)
        end(process)
    finally:
        process.child.kill()


if __name__ == "__main__":
    sys.exit(main("python", carry_out))
