#!/usr/bin/env python3
"""Every kind of bad input: its exit status, its words, and a target that is byte for byte what it was.

    bad_input.py STENT
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

STENT = ""
HERE = pathlib.Path(__file__).resolve().parent
BEFORE = "int answer(int n) { volatile int copy = n; return copy + 1; }\n"
AFTER = "int answer(int n) { volatile int copy = n; return copy * 7; }\n"
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
THIRTY_TWO_BIT = "void _start(void) { for (;;) __asm__ volatile(\"int $0x80\" : : \"a\"(29)); }\n"
PF_KTHREAD = 0x00200000


def compile_program(work, name, text):
    """A program whose answer() is `text`, and the objects for pairs."""
    unit = work / "unit.c"
    unit.write_text(text)
    (work / "main.c").write_text(MAIN)
    flags = ["gcc", "-O2", "-g"]
    subprocess.run([*flags, unit, work / "main.c", "-Wl,--build-id", "-o", work / name], check=True)
    made = work / f"{name}.o"
    subprocess.run([*flags, "-ffunction-sections", "-fdata-sections", "-c", unit, "-o", made], check=True)
    return work / name, made


def kernel_thread():
    for entry in sorted(pathlib.Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[6]) & PF_KTHREAD:
            return int(entry.name)
    return None


class Target:
    """A running program that answers, and what its memory looks like."""

    def __init__(self, program):
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "ready\n"
        self.pid = self.child.pid

    def memory(self):
        """Mappings, and the contents of everything executable."""
        maps = pathlib.Path(f"/proc/{self.pid}/maps").read_text()
        contents = []
        with open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
            for line in maps.splitlines():
                begin, end = (int(x, 16) for x in line.split()[0].split("-"))
                if "x" in line.split()[1] and "[vsyscall]" not in line:
                    memory.seek(begin)
                    contents.append(memory.read(end - begin))
        return maps, contents

    def answer(self):
        self.child.stdin.write("A\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())

    def end(self):
        self.child.kill()
        self.child.communicate()


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="stent-cli-")
        cls.work = pathlib.Path(cls.folder.name)
        os.chmod(cls.work, 0o755)
        cls.program, old = compile_program(cls.work, "before", BEFORE)
        cls.fixed, new = compile_program(cls.work, "after", AFTER)
        cls.patch = cls.work / "fix.stent"
        subprocess.run([STENT, "create", "--ack", "*=a test", "--target", cls.program, "-o", cls.patch, old, new],
                       check=True,
                       stdout=subprocess.DEVNULL)
        cls.old_object, cls.new_object = old, new

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.target = Target(self.program)
        self.addCleanup(self.target.end)

    def fails(self, status, words, *arguments, **how):
        """Runs stent; it must end with `status`, say `words` and a hint, and leave the target alone."""
        before = self.target.memory()
        done = subprocess.run([STENT, *map(str, arguments)], capture_output=True, text=True, timeout=60, **how)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertRegex(done.stderr, words)
        self.assertRegex(done.stderr, r"\Astent: error: ")
        self.assertRegex(done.stderr, r"(?m)^hint: ")
        self.assertEqual(self.target.memory(), before)
        self.assertEqual(self.target.answer(), ord("A") + 1 if self.expect_old else ord("A") * 7)

    expect_old = True

    def on_target(self, verb, patch=None):
        return verb, patch or self.patch, "--pid", self.target.pid

    def test_not_a_patch(self):
        for name, contents in (("empty", b""), ("text", b"hello\n" * 100), ("program", self.program.read_bytes())):
            file = self.work / name
            file.write_bytes(contents)
            for verb in ("apply", "check", "revert"):
                with self.subTest(name, verb=verb):
                    self.fails(3, ".", *self.on_target(verb, file))

    def test_truncated(self):
        whole = self.patch.read_bytes()
        for size in (1, 64, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                file = self.work / "truncated.stent"
                file.write_bytes(whole[:size])
                self.fails(3, ".", *self.on_target("apply", file))

    def test_damaged(self):
        contents = bytearray(self.patch.read_bytes())
        contents[len(contents) // 2] ^= 1
        file = self.work / "damaged.stent"
        file.write_bytes(contents)
        self.fails(3, ".", *self.on_target("apply", file))

    def test_missing_file(self):
        self.fails(3, "absent.stent", *self.on_target("apply", self.work / "absent.stent"))

    def test_wrong_build_id(self):
        self.target.end()
        self.target = Target(self.fixed)
        self.addCleanup(self.target.end)
        self.expect_old = False
        self.fails(7, "build", *self.on_target("apply"))
        self.fails(7, "build", *self.on_target("check"))

    def test_no_such_process(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        for verb in ("apply", "check", "revert"):
            self.fails(4, str(ended.pid), verb, self.patch, "--pid", ended.pid)
        self.fails(4, str(ended.pid), "list", "--pid", ended.pid)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to become somebody else")
    def test_no_permission(self):
        stent = self.work / "stent"
        shutil.copy(STENT, stent)
        done = subprocess.run([stent, "apply", self.patch, "--pid", str(self.target.pid)], user=65534, group=65534,
                              extra_groups=[], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr, r"(?m)^hint: ")
        self.assertEqual(self.target.answer(), ord("A") + 1)

    @unittest.skipIf(kernel_thread() is None, "no kernel thread is visible here")
    def test_kernel_thread(self):
        for verb in ("apply", "check", "revert"):
            self.fails(6, "kernel", verb, self.patch, "--pid", kernel_thread())

    def test_already_applied_then_reverted_twice(self):
        before = self.target.memory()
        subprocess.run([STENT, *map(str, self.on_target("apply"))], check=True, stdout=subprocess.DEVNULL)
        self.expect_old = False
        self.fails(9, "already", *self.on_target("apply"))
        self.fails(9, "already", *self.on_target("check"))
        subprocess.run([STENT, *map(str, self.on_target("revert"))], check=True, stdout=subprocess.DEVNULL)
        self.expect_old = True
        self.assertEqual(self.target.memory(), before)
        self.fails(10, "not", *self.on_target("revert"))

    def test_revert_what_is_not_applied(self):
        self.fails(10, "not", *self.on_target("revert"))

    def test_32_bit_target(self):
        (self.work / "small.c").write_text(THIRTY_TWO_BIT)
        program = self.work / "small"
        subprocess.run(["gcc", "-m32", "-O2", "-static", "-nostdlib", "-fno-pie", "-no-pie", "-fno-stack-protector",
                        self.work / "small.c", "-o", program], check=True)
        try:
            child = subprocess.Popen([program])
        except OSError:
            self.skipTest("this kernel runs no 32-bit programs")
        try:
            for verb in ("apply", "check"):
                self.fails(6, "32", verb, self.patch, "--pid", child.pid)
        finally:
            child.kill()
            child.wait()

    def test_usage(self):
        self.fails(2, ".", "apply", self.patch)
        self.fails(2, ".", "apply", self.patch, "--pid", "zero")
        self.fails(2, ".", "dance")
        self.fails(2, "not clear", "create", "--target", self.program, "-o", self.work / "x.stent", self.old_object)

    def test_target_is_no_program(self):
        self.fails(3, ".", "create", "--target", HERE / "bad_input.py", "-o", self.work / "x.stent", self.old_object,
                   self.new_object)

    def test_errors_as_json(self):
        done = subprocess.run([STENT, "revert", self.patch, "--pid", str(self.target.pid), "--json"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 10)
        self.assertEqual(json.loads(done.stdout)["outcome"], "not-applied")

    def test_tools_read_a_patch_without_complaint(self):
        for tool in (["readelf", "-aW"], ["objdump", "-dr"]):
            done = subprocess.run([*tool, self.patch], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    STENT = sys.argv.pop(1)
    unittest.main()
