#!/usr/bin/env python3
"""Runs one scenario: builds before.c as a program, makes a patch to after.c, applies it to the live process, asks it.

A scenario is a folder with before.c, after.c and `expected`, whose lines are carried out in order:

    replaces f g          the patch replaces exactly these functions (suffixes after '.' ignored)
    nothing               `create` says "nothing to change"; ends the scenario
    refuse REGEX          `create` fails with exit status 11 and says REGEX; ends the scenario
    call N -> TEXT        the process, asked with N, answers TEXT
    apply | revert        succeeds
    # ...                 a comment

The unit is compiled plain into the target, and with -ffunction-sections -fdata-sections into the pair of objects.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KINDS = {
    "pie": (["-fPIE"], ["-pie"]),
    "nopie": (["-fno-pie"], ["-no-pie"]),
    "shared": (["-fPIC"], []),
}
DEADLINE_SECONDS = 60


class Failed(Exception):
    pass


def run(*command, expect=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if expect is not None and done.returncode != expect:
        raise Failed(f"exit status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n"
                     f"{done.stdout}{done.stderr}")
    return done


class Build:
    """The target program and the pair of objects of one scenario."""

    def __init__(self, folder, work, compiler, optimisation, kind):
        compile_flags, link_flags = KINDS[kind]
        flags = [compiler, optimisation, "-g", "-std=gnu11", *compile_flags]
        sections = ["-ffunction-sections", "-fdata-sections"]
        self.old, self.new, plain = work / "old.o", work / "new.o", work / "plain.o"
        unit = work / "unit.c"  # one path for all three, as a build would have
        unit.write_text((folder / "before.c").read_text())
        run(*flags, "-c", unit, "-o", plain)
        run(*flags, *sections, "-c", unit, "-o", self.old)
        unit.write_text((folder / "after.c").read_text())
        run(*flags, *sections, "-c", unit, "-o", self.new)
        self.program = self.target = work / "program"
        if kind == "shared":
            self.target = work / "libunit.so"
            run(compiler, "-shared", plain, "-o", self.target)
            run(compiler, "-g", HERE / "driver.c", self.target, f"-Wl,-rpath,{work}", "-o", self.program)
        else:
            run(*flags, *link_flags, HERE / "driver.c", plain, "-o", self.program)


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


class Scenario:
    def __init__(self, stent, build, work):
        self.stent, self.build, self.patch = stent, build, work / "fix.stent"
        self.created = False
        self.process = None

    def create(self, expect=0):
        self.created = True
        return run(self.stent, "create", "--target", self.build.target, "-o", self.patch, self.build.old,
                   self.build.new, expect=expect)

    def step(self, line):
        verb, _, rest = line.partition(" ")
        if verb == "refuse":
            said = self.create(expect=11)
            if not re.search(rest, said.stderr):
                raise Failed(f"refused, but without saying /{rest}/:\n{said.stderr}")
            return
        if verb == "nothing":
            said = self.create()
            if "nothing to change" not in said.stdout + said.stderr:
                raise Failed(f"did not say 'nothing to change':\n{said.stdout}{said.stderr}")
            return
        if not self.created:
            self.create()
        getattr(self, "step_" + verb)(rest)

    def step_replaces(self, rest):
        shown = json.loads(run(self.stent, "show", "--json", self.patch).stdout)
        names = {f["name"].split(".")[0] for i in shown["images"] for f in i["functions"]}
        if names != set(rest.split()):
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


def carry_out(arguments, work):
    folder = HERE / arguments.scenario
    build = Build(folder, work, arguments.compiler, arguments.optimisation, arguments.kind)
    scenario = Scenario(arguments.stent, build, work)
    for number, line in enumerate((folder / "expected").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            scenario.step(line)
        except Failed as failure:
            if scenario.process is not None:
                scenario.process.child.kill()
            raise Failed(f"{folder.name}/expected:{number}: {line}\n{failure}") from failure
    scenario.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stent", required=True)
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--optimisation", default="-O2")
    parser.add_argument("--kind", choices=KINDS, default="pie")
    parser.add_argument("scenario")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stent-scenario-") as work:
        try:
            carry_out(arguments, pathlib.Path(work))
        except Failed as failure:
            print(failure, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
