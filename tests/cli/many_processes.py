#!/usr/bin/env python3
"""One command on many processes: each has its own, true outcome.

    many_processes.py STENT [COUNT]
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

STENT = ""
COUNT = 100
BEFORE = "int answer(int n) { volatile int copy = n; return copy + 1; }\n"
AFTER = "int answer(int n) { volatile int copy = n; return copy * 7; }\n"
MAIN = """
#include <stdio.h>
#include <unistd.h>
int answer(int);
int main(void) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) { printf("%d\\n", answer(line[0])); fflush(stdout); }
}
"""
OLD, NEW = ord("x") + 1, ord("x") * 7
GONE, ALREADY_APPLIED, NOT_APPLIED, TRACED, USAGE = 4, 9, 10, 13, 2


def stent(*arguments):
    done = subprocess.run([STENT, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Target:
    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.child.pid

    def answer(self):
        self.child.stdin.write("x\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())

    def end(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class ManyProcesses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        work = pathlib.Path(cls.folder.name)
        (work / "main.c").write_text(MAIN)
        flags = ["gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections"]
        for name, text in (("before", BEFORE), ("after", AFTER)):
            (work / "unit.c").write_text(text)
            subprocess.run([*flags, "-c", work / "unit.c", "-o", work / f"{name}.o"], check=True)
        cls.program = work / "many"
        subprocess.run([*flags, work / "main.c", work / "before.o", "-Wl,--build-id", "-o", cls.program], check=True)
        cls.patch = work / "fix.stent"
        code, _, errors = stent("create", "--ack", "*=a test", "--target", cls.program, "-o", cls.patch,
                                work / "before.o", work / "after.o")
        assert code == 0, errors

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.targets = []

    def tearDown(self):
        for target in self.targets:
            target.end()

    def start(self, count):
        self.targets = [Target(self.program) for _ in range(count)]
        self.assertEqual({target.answer() for target in self.targets}, {OLD})

    def outcomes(self, *arguments):
        code, output, errors = stent(*arguments, "--json")
        return code, {one["pid"]: one["outcome"] for one in json.loads(output)["processes"]}, errors

    def test_all_are_found_applied_and_reverted(self):
        self.start(COUNT)
        began = time.monotonic()
        code, outcomes, errors = self.outcomes("apply", self.patch, "--all")
        print(f"\n{COUNT} processes in {time.monotonic() - began:.2f} s")
        self.assertEqual(code, 0, errors)
        self.assertEqual(outcomes, {target.pid: "applied" for target in self.targets})
        self.assertEqual({target.answer() for target in self.targets}, {NEW})
        code, outcomes, _ = self.outcomes("apply", self.patch, "--all")
        self.assertEqual((code, set(outcomes.values())), (0, {"already-applied"}))
        code, outcomes, _ = self.outcomes("revert", self.patch, "--all")
        self.assertEqual((code, outcomes), (0, {target.pid: "reverted" for target in self.targets}))
        self.assertEqual({target.answer() for target in self.targets}, {OLD})

    def test_each_named_process_has_its_own_outcome(self):
        self.start(4)
        first, second, third, ended = self.targets
        self.assertEqual(stent("apply", self.patch, "--pid", first.pid)[0], 0)
        self.targets = [first, second, third]
        ended.end()
        code, outcomes, _ = self.outcomes("apply", self.patch, "--pid", first.pid, "--pid", second.pid, "--pid",
                                          ended.pid)
        self.assertEqual(outcomes, {first.pid: "already-applied", second.pid: "applied", ended.pid: "gone"})
        self.assertEqual(code, GONE)
        self.assertEqual((first.answer(), second.answer(), third.answer()), (NEW, NEW, OLD))
        code, outcomes, _ = self.outcomes("revert", self.patch, "--pid", first.pid, "--pid", third.pid)
        self.assertEqual(outcomes, {first.pid: "reverted", third.pid: "not-applied"})
        self.assertEqual(code, NOT_APPLIED)

    def test_a_traced_process_keeps_no_other_from_being_listed(self):
        self.start(2)
        read, traced = (target.pid for target in self.targets)
        self.assertEqual(stent("apply", self.patch, "--pid", read, "--pid", traced)[0], 0)
        tracer = subprocess.Popen(["strace", "-o", "/dev/null", "-p", str(traced)], stderr=subprocess.PIPE, text=True)
        try:
            self.assertIn("attached", tracer.stderr.readline())
            code, output, errors = stent("list", "--json")
            listed = {one["pid"]: one for one in json.loads(output)["processes"]}
            self.assertEqual([patch["state"] for patch in listed[read]["patches"]], ["applied"])
            self.assertIn("traced by strace", listed[traced]["error"]["message"])
            self.assertEqual(code, TRACED, errors)
        finally:
            tracer.terminate()
            tracer.communicate()
        self.assertEqual(stent("list", "--pid", traced)[0], 0)

    def test_check_tells_without_changing(self):
        self.start(2)
        code, outcomes, _ = self.outcomes("check", self.patch, "--all")
        self.assertEqual((code, set(outcomes.values())), (0, {"would-apply"}))
        self.assertEqual({target.answer() for target in self.targets}, {OLD})

    def test_which_processes_must_be_said_in_one_way(self):
        self.assertEqual(stent("apply", self.patch)[0], USAGE)
        self.assertEqual(stent("apply", self.patch, "--all", "--pid", 1)[0], USAGE)


if __name__ == "__main__":
    STENT = sys.argv.pop(1)
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        COUNT = int(sys.argv.pop(1))
    unittest.main()
