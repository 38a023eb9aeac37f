#!/usr/bin/env python3
"""Runs one scenario in its configurations: builds `before` as a program, makes a patch to `after`, applies it to the live
process, asks it.

A scenario is a folder with before.c and after.c (or .cpp; further units as NAME.before.c and NAME.after.c; a header
unit.h as before.h and after.h; files fixed*.c are linked into the target as they are) and `expected`. Its lines starting
with @ are settings, the others are carried out in order:

    @matrix full linkers  all 24 configurations instead of 8; also with each other linker
    @only gcc -O2 pie     only configurations that have one of the words of each dimension
    @flags WORDS          for the compiler, always; @gcc-flags, @clang-flags for one of them, @target-flags not for the pair
    @link WORDS           for linking the target
    @create WORDS         for `stent create`
    @pairs NAMES          only the objects of these units are given to it
    @lto full|thin        link-time optimisation: the pair is what the optimiser writes

    replaces f g          the patch replaces exactly these functions (suffixes after '.' ignored; C++ names demangled,
                          without arguments); alternatives are separated by |; one in parentheses may be missing (a
                          caller that relied on the registers its callee leaves alone)
    nothing               `create` says "nothing to change"; ends the scenario
    refuse REGEX          `create` fails with exit status 11 and says REGEX; ends the scenario
    mismatch REGEX        the same with exit status 7, bad_input REGEX with 3
    call N -> TEXT        the process, asked with N, answers TEXT
    apply | revert        succeeds
    # ...                 a comment

The unit is compiled plain into the target, and with -ffunction-sections -fdata-sections into the pair of objects.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import matrix
from build import DEADLINE_SECONDS, HERE, Build, Failed, run

FAILURES = {"refuse": 11, "mismatch": 7, "bad_input": 3}


class Process:
    """The running target, spoken to over its pipes."""

    def __init__(self, program):
        self.child = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            raise Failed("the target did not start")

    def ask(self, number):
        self.child.stdin.write(f"{number}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            raise Failed(f"the target died (status {self.child.wait()}) when asked {number}")
        return answer.rstrip("\n")

    def close(self):
        self.child.stdin.close()
        status = self.child.wait(timeout=DEADLINE_SECONDS)
        if status != 0:
            raise Failed(f"the target ended with status {status}")


def plain_name(name):
    """"ns::f<int>(char)" -> "ns::f<int>", "f.isra.0" -> "f"."""
    if name.startswith("_Z"):
        name = run("c++filt", "-p", "--", name.split(".")[0]).stdout.strip()
    return name.split(".")[0].replace(" ", "")


def fits(names, wanted):
    """True when `names` are those of the text `wanted`, of which those in parentheses may be missing."""
    optional = set(re.findall(r"\((\S+)\)", wanted))
    needed = {word for word in wanted.split() if not word.startswith("(")}
    return needed <= names <= needed | optional


class Scenario:
    def __init__(self, stent, build, settings):
        self.stent, self.build, self.settings = stent, build, settings
        self.patch = build.work / "fix.stent"
        self.created = False
        self.process = None

    def create(self, expect=0):
        self.created = True
        # A scenario says what a patch does; whether the change is wise is for tests/review.
        return run(self.stent, "create", "--ack", "*=a scenario", "--target", self.build.target,
                   *self.settings.get("create", []), "-o", self.patch, *self.build.pairs, expect=expect)

    def step(self, line):
        verb, _, rest = line.partition(" ")
        if verb in FAILURES:
            said = self.create(expect=FAILURES[verb])
            if not re.search(rest, said.stderr):
                raise Failed(f"refused, but without saying /{rest}/:\n{said.stderr}")
            return
        if verb == "nothing":
            said = self.create()
            if "nothing to change" not in said.stdout + said.stderr:
                raise Failed(f"did not say 'nothing to change':\n{said.stdout}{said.stderr}")
            return
        if not self.created and verb != "call":
            self.create()
        getattr(self, "step_" + verb)(rest)

    def step_replaces(self, rest):
        shown = json.loads(run(self.stent, "show", "--json", self.patch).stdout)
        names = {plain_name(f["name"]) for i in shown["images"] for f in i["functions"]}
        if not any(fits(names, wanted) for wanted in rest.split(" | ")):
            raise Failed(f"replaces {sorted(names)}, not {rest}")

    def step_call(self, rest):
        number, _, wanted = rest.partition(" -> ")
        if self.process is None:
            self.process = Process(self.build.program)
        answer = self.process.ask(number)
        if answer != wanted:
            raise Failed(f"call {number} answered '{answer}', not '{wanted}'")

    def step_apply(self, _):
        run(self.stent, "apply", self.patch, "--pid", self.process.child.pid)

    def step_revert(self, _):
        run(self.stent, "revert", self.patch, "--pid", self.process.child.pid)

    def close(self):
        if self.process is not None:
            self.process.close()

    def kill(self):
        if self.process is not None:
            self.process.child.kill()
            self.process.child.wait()


class Script:
    """The file `expected`, read."""

    def __init__(self, path):
        self.settings, self.steps = {}, []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("@"):
                word, *values = line[1:].split()
                self.settings.setdefault(word, []).extend(values)
            elif line and not line.startswith("#"):
                self.steps.append((number, line))
        if not self.steps:
            raise Failed(f"{path} expects nothing")


def carry_out(stent, folder, script, configuration, work):
    scenario = None
    at = "building"
    try:
        scenario = Scenario(stent, Build(folder, work, configuration, script.settings), script.settings)
        for number, line in script.steps:
            at = f"expected:{number}: {line}"
            scenario.step(line)
        scenario.close()
    except (Failed, subprocess.TimeoutExpired) as failure:
        raise Failed(f"{folder.name} [{configuration}] {at}\n{failure}") from failure
    finally:
        if scenario is not None:
            scenario.kill()


def run_all(arguments, script, configurations):
    failures = 0
    for configuration in configurations:
        with tempfile.TemporaryDirectory(prefix="stent-scenario-") as made:
            work = pathlib.Path(made)
            if arguments.keep:
                work = pathlib.Path(arguments.keep)
                work.mkdir(parents=True, exist_ok=True)
            try:
                carry_out(arguments.stent, HERE / arguments.scenario, script, configuration, work)
            except Failed as failure:
                print(failure, file=sys.stderr)
                failures += 1
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stent", required=True)
    parser.add_argument("--only", default="", help="words: only configurations with all of them")
    parser.add_argument("--widest", action="store_true", default="STENT_WIDEST" in os.environ,
                        help="all 24 configurations, whatever the scenario asks for; so does STENT_WIDEST in the environment")
    parser.add_argument("--keep", help="work in this directory and leave it there")
    parser.add_argument("scenario")
    arguments = parser.parse_args()
    script = Script(HERE / arguments.scenario / "expected")
    configurations = [one for one in matrix.chosen(arguments.scenario, script.settings, arguments.widest)
                      if all(word in str(one).split() for word in arguments.only.split())]
    if not configurations:
        print("no configuration is left", file=sys.stderr)
        return 1
    failures = run_all(arguments, script, configurations)
    print(f"{arguments.scenario}: {len(configurations) - failures} of {len(configurations)} configurations pass")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
