#!/usr/bin/env python3
"""--consistency: who may say that old and new code run side by side, and what follows from it.

    consistency.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

STENT = ""
ONE = "int answer(int n) {{ volatile int copy = n; return copy + {0}; }}\n"
TWO = ONE + "int other(int n) {{ volatile int copy = n; return copy * {0} - 1; }}\n"
MAIN = """
#include <stdio.h>
int answer(int);
int main(void) {
  char line[64];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) { printf("%d\\n", answer(line[0])); fflush(stdout); }
}
"""
REFUSED = 11


def stent(*arguments):
    done = subprocess.run([STENT, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Consistency(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.work = pathlib.Path(self.folder.name)

    def build(self, text):
        (self.work / "main.c").write_text(MAIN)
        flags = ["gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections"]
        for name, number in (("before", 1), ("after", 7)):
            (self.work / "unit.c").write_text(text.format(number))
            subprocess.run([*flags, "-c", self.work / "unit.c", "-o", self.work / f"{name}.o"], check=True)
        subprocess.run([*flags, self.work / "main.c", self.work / "before.o", "-Wl,--build-id", "-o",
                        self.work / "target"], check=True)

    def create(self, *options, answers=("--ack", "*=a test")):
        return stent("create", *answers, "--target", self.work / "target", "-o", self.work / "fix.stent", *options,
                     self.work / "before.o", self.work / "after.o")

    def start(self):
        target = subprocess.Popen([self.work / "target"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(target.stdout.close)
        self.addCleanup(target.stdin.close)
        self.addCleanup(target.wait)
        self.addCleanup(target.kill)
        self.assertEqual(target.stdout.readline(), "ready\n")
        return target

    def answer(self, target):
        target.stdin.write("x\n")
        target.stdin.flush()
        return int(target.stdout.readline()) - ord("x")

    def test_one_function_may_change_by_entry(self):
        self.build(ONE)
        self.assertEqual(self.create("--consistency", "entry")[0], 0)
        target = self.start()
        code, output = stent("apply", self.work / "fix.stent", "--pid", target.pid)
        self.assertEqual((code, self.answer(target)), (0, 7), output)
        self.assertEqual(stent("revert", self.work / "fix.stent", "--pid", target.pid)[0], 0)
        self.assertEqual(self.answer(target), 1)

    def test_several_functions_may_not_unless_acknowledged(self):
        self.build(TWO)
        code, output = self.create("--consistency", "entry", answers=())
        self.assertEqual(code, REFUSED, output)
        self.assertIn("2 functions changed together", output)
        self.assertIn("entry-by-entry", output)
        self.assertFalse((self.work / "fix.stent").exists())

    def test_whoever_applies_cannot_decide_it(self):
        self.build(ONE)
        self.assertEqual(self.create()[0], 0)
        target = self.start()
        code, output = stent("apply", self.work / "fix.stent", "--pid", target.pid, "--consistency", "entry")
        self.assertEqual(code, REFUSED, output)
        self.assertEqual(self.answer(target), 1)

    def test_without_a_stop(self):
        self.build(ONE)
        self.assertEqual(self.create("--consistency", "entry")[0], 0)
        target = self.start()
        code, output = stent("apply", "--no-stop", self.work / "fix.stent", "--pid", target.pid)
        self.assertEqual((code, self.answer(target)), (0, 7), output)
        self.assertIn("no stop; no thread was held for more than", output)
        code, output = stent("revert", "--no-stop", "--json", self.work / "fix.stent", "--pid", target.pid)
        self.assertEqual((code, self.answer(target)), (0, 1), output)
        report = json.loads(output)
        self.assertEqual(report["stop_window_ns"], 0)
        self.assertIn("longest_pause_ns", report)

    def test_without_a_stop_only_what_may_run_side_by_side(self):
        self.build(ONE)
        self.assertEqual(self.create()[0], 0)
        target = self.start()
        code, output = stent("apply", "--no-stop", self.work / "fix.stent", "--pid", target.pid)
        self.assertEqual((code, self.answer(target)), (REFUSED, 1), output)
        self.assertIn("switch together", output)
        self.assertIn("hint: leave out --no-stop", output)
        self.assertEqual(stent("apply", self.work / "fix.stent", "--pid", target.pid)[0], 0)
        code, output = stent("revert", "--no-stop", self.work / "fix.stent", "--pid", target.pid)
        self.assertEqual((code, self.answer(target)), (REFUSED, 7), output)


if __name__ == "__main__":
    STENT = sys.argv.pop(1)
    unittest.main()
