#!/usr/bin/env python3
"""Runs the matrix for one kind of module and one compiler: every case of cases/ in a live process, of C and of C++.

    run.py --stent STENT --kind KIND --compiler COMPILER [CASE...]

A case is one C or C++ file that defines `long NAME(long)` (extern "C") and says in its first comments:

    expect N: OLD NEW [OLD2 NEW2]   answers to N before, patched, reverted and patched again (default: OLD NEW again)
    only KIND...                    kinds of module that the case is about ("KIND/gcc": with gcc); others skip it
    refuse KIND...: REGEX           kinds for which `create` must refuse (exit 11) saying REGEX
    flags FLAG...                   further compiler flags

For each: check, apply, apply again (refused), list, call, revert, revert again (refused), call, apply again (mapped from
its file), call, revert; the module's code must be the very bytes it was before. Two threads spin in a patched function and a
signal ticks meanwhile. The C cases of gcc and the C++ cases of clang run with their debug information. The others run
stripped; their patches are made in turn, from kind to kind too, from the stripped module and its separate debug file, and
from the full module as it was before.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include"
DEADLINE_SECONDS = 120
# Kind: flags of the unit, flags of the link, which file holds the unit.
KINDS = {
    "static": (["-fno-pie"], ["-static", "-no-pie"], "program"),
    "static-pie": (["-fPIE"], ["-static-pie"], "program"),
    "nopie": (["-fno-pie"], ["-no-pie"], "program"),
    "pie": (["-fPIE"], ["-pie"], "program"),
    "library": (["-fPIC"], ["-shared"], "library"),
    "dlopened": (["-fPIC"], ["-shared"], "dlopened"),
    # Absolute addresses in code, which the dynamic loader fills in: the large code model, not position-independent.
    "textrel": (["-fno-pic", "-mcmodel=large"], ["-shared", "-Wl,-z,notext"], "library"),
}
BUSY, APPLIED, NOT_APPLIED, REFUSED = 8, 9, 10, 11


class Failed(Exception):
    pass


def run(*command, expect=0, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS, **options)
    if expect is not None and done.returncode != expect:
        raise Failed(f"exit status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n"
                     f"{done.stdout}{done.stderr}")
    return done


class Case:
    """What a case file says about itself."""

    def __init__(self, path, kind, compiler):
        self.name, self.path, self.number = path.stem, path, 0
        said = dict(re.findall(r"^/\* (expect|only|refuse|flags) (.*?) \*/$", path.read_text(), re.M))
        argument, _, answers = said["expect"].partition(":")
        values = [int(v) for v in answers.split()]
        self.argument, self.answers = int(argument), values if len(values) == 4 else values * 2
        self.flags = said.get("flags", "").split()
        here = {kind, f"{kind}/{compiler.split('-')[0]}"}
        self.skipped = "only" in said and here.isdisjoint(said["only"].split())
        kinds, _, self.refusal = said.get("refuse", ":").partition(": ")
        self.refused = not here.isdisjoint(kinds.split())


def compilers_of(compiler):
    """For C and for C++."""
    return {".c": compiler, ".cpp": compiler.replace("gcc", "g++").replace("clang", "clang++")}


class Build:
    """The target with every case of one language in it, and a pair of objects of each."""

    def __init__(self, cases, work, compiler, kind):
        unit_flags, link_flags, self.home = KINDS[kind]
        self.work, self.compilers, self.turn = work, compilers_of(compiler), list(KINDS).index(kind)
        self.debug_root = None
        self.flags = ["-O2", "-g", "-fno-ident", f"-I{HERE}", f"-I{INCLUDE}", *unit_flags]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self.compile, cases))
        (work / "cases.inc").write_text("".join(f"CASE({c.name})\n" for c in cases))
        plain = [work / f"{c.name}.plain.o" for c in cases]
        link = self.compilers[cases[0].path.suffix]
        self.target = self.program = work / "program"
        driver, dlopened = work / "driver.o", self.home == "dlopened"
        run(compiler, "-O1", "-std=gnu11", f"-I{work}", *(unit_flags if self.home == "program" else []),
            *(["-DDLOPENED"] if dlopened else []), "-c", HERE / "driver.c", "-o", driver)
        if self.home == "program":
            run(link, driver, *plain, "-pthread", *link_flags, "-o", self.program)
        else:
            self.target = work / "libcases.so"
            run(link, *plain, *link_flags, "-o", self.target)
            run(compiler, driver, "-pthread", *([] if dlopened else [self.target, f"-Wl,-rpath,{work}"]), "-o", self.program)
        self.full = self.target
        if ("clang" in compiler) != (cases[0].path.suffix == ".cpp"):
            self.strip()
        run(compiler, "-O2", "-fPIC", "-shared", HERE / "interpose.c", "-o", work / "libinterpose.so")

    def strip(self):
        """The target runs without symbols; its full self and its debug file are elsewhere."""
        self.full, self.debug_root = self.work / "full" / self.target.name, self.work / "debug"
        for folder in (self.full.parent, self.debug_root):
            folder.mkdir()
        shutil.copy(self.target, self.full)
        build_id = re.search(r"Build ID: (\w+)", run("readelf", "-n", self.target).stdout)[1]
        separate = self.debug_root / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug"
        separate.parent.mkdir(parents=True)
        run("objcopy", "--only-keep-debug", self.target, separate)
        run("strip", "--strip-all", self.target)

    def given(self, case):
        """How `create` is told of the target."""
        if self.debug_root is None or (case.number + self.turn) % 2 == 0:
            return ["--target", self.full]
        return ["--target", self.target, "--debug-root", self.debug_root]

    def compile(self, case):
        suffix = case.path.suffix
        unit = self.work / f"{case.name}{suffix}"  # one path for all three, as a build would have
        unit.write_bytes(case.path.read_bytes())
        language = ["-std=gnu11"] if suffix == ".c" else ["-std=gnu++17"]
        sections = ["-ffunction-sections", "-fdata-sections"]
        for extra, which in (([], "plain"), (sections, "old"), ([*sections, "-DNEW"], "new")):
            run(self.compilers[suffix], *self.flags, *language, *case.flags, *extra, "-c", unit, "-o",
                self.work / f"{case.name}.{which}.o")


class Process:
    """The running target, spoken to over its pipes."""

    def __init__(self, build):
        environment = dict(os.environ, LD_PRELOAD=str(build.work / "libinterpose.so"))
        self.target = build.target
        self.child = subprocess.Popen([build.program, build.target], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, env=environment)
        self.pid = self.child.pid
        if self.child.stdout.readline() != "ready\n":
            raise Failed("the target did not start")

    def ask(self, case):
        self.child.stdin.write(f"{case.name} {case.argument}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            raise Failed(f"the target died (status {self.child.wait()}) when asked {case.name}")
        return int(answer)

    def code(self):
        """The bytes of the module's executable mappings."""
        pieces = []
        with open(f"/proc/{self.pid}/maps") as maps, open(f"/proc/{self.pid}/mem", "rb") as memory:
            for line in maps:
                fields = line.split()
                if fields[-1] != str(self.target) or "x" not in fields[1]:
                    continue
                begin, end = (int(a, 16) for a in fields[0].split("-"))
                memory.seek(begin)
                pieces.append(memory.read(end - begin))
        if not pieces:
            raise Failed(f"{self.target} is not mapped")
        return pieces

    def end(self):
        last, _ = self.child.communicate(timeout=DEADLINE_SECONDS)
        if self.child.returncode != 0 or last != "violations 0 spun 1 ticked 1\n":
            raise Failed(f"the target ended with status {self.child.returncode} and said: {last}")


class Runner:
    def __init__(self, stent, build, process):
        self.stent, self.build, self.process = stent, build, process

    def verb(self, name, patch, *options, expect=0):
        return run(self.stent, name, patch, "--pid", self.process.pid, *options, expect=expect)

    def check(self, patch):
        """`check` looks once; on a loaded machine the spinning threads may not stop in time."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (said := self.verb("check", patch, expect=None)).returncode == BUSY and time.monotonic() < deadline:
            pass
        if said.returncode != 0:
            raise Failed(f"check ended with {said.returncode}:\n{said.stderr}")

    def answers(self, case, phase):
        answer = self.process.ask(case)
        if answer != case.answers[phase]:
            raise Failed(f"{('before', 'applied', 'reverted', 'applied again')[phase]}: answered {answer}, "
                         f"not {case.answers[phase]}")

    def create(self, case):
        patch = self.build.work / f"{case.name}.stent"
        said = run(self.stent, "create", "--ack", "*=a case of the matrix", *self.build.given(case), "-o", patch,
                   self.build.work / f"{case.name}.old.o", self.build.work / f"{case.name}.new.o",
                   expect=REFUSED if case.refused else 0)
        if case.refused and not re.search(case.refusal, said.stderr):
            raise Failed(f"refused, but without saying /{case.refusal}/:\n{said.stderr}")
        return patch

    def carry_out(self, case):
        patch = self.create(case)
        if case.refused:
            return
        before = self.process.code()
        self.answers(case, 0)
        self.check(patch)
        self.verb("apply", patch)
        self.verb("apply", patch, expect=APPLIED)
        if case.name not in run(self.stent, "list", "--pid", self.process.pid).stdout:
            raise Failed("`list` does not name the patch")
        self.answers(case, 1)
        self.verb("revert", patch)
        self.verb("revert", patch, expect=NOT_APPLIED)
        self.answers(case, 2)
        self.verb("apply", patch, "--placement", "file")
        self.answers(case, 3)
        self.verb("revert", patch)
        if self.process.code() != before:
            raise Failed("the module's code is not what it was before")


def carry_out(arguments, cases, wanted):
    """The cases of one language in one process; how many failed."""
    failures = 0
    with tempfile.TemporaryDirectory(prefix="stent-kinds-") as temporary:
        work = arguments.work or pathlib.Path(temporary)
        build = Build(cases, work, arguments.compiler, arguments.kind)
        process = Process(build)
        runner = Runner(arguments.stent, build, process)
        for case in wanted:
            try:
                runner.carry_out(case)
                print(f"ok   {case.name}" + (" (refused by name)" if case.refused else ""), flush=True)
            except Failed as failure:
                failures += 1
                print(f"FAIL {case.name}: {failure}", flush=True)
                if process.child.poll() is not None:
                    process = runner.process = Process(build)
        process.end()
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stent", required=True)
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--work", type=pathlib.Path, help="keep everything built here")
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    compiler = pathlib.Path(arguments.compiler).name
    cases = [Case(path, arguments.kind, compiler) for path in sorted((HERE / "cases").glob("*.c*"))]
    cases = [case for case in cases if not case.skipped]
    for number, case in enumerate(cases):
        case.number = number
    failures = carried_out = 0
    for suffix in (".c", ".cpp"):
        some = [case for case in cases if case.path.suffix == suffix]
        wanted = [case for case in some if not arguments.case or case.name in arguments.case]
        if wanted:
            failures += carry_out(arguments, some, wanted)
            carried_out += len(wanted)
    print(f"{carried_out - failures} of {carried_out} cases, {arguments.kind}, {arguments.compiler}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
