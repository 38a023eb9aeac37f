"""What the tests of running patched code share: building a target and a pair of objects, talking to it, stent."""

import json
import pathlib
import subprocess
import sys
import tempfile

DEADLINE_SECONDS = 60


class Failed(Exception):
    pass


def run(*command, expect=0, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS,
                          **options)
    if expect is not None and done.returncode != expect:
        raise Failed(f"exit status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n"
                     f"{done.stdout}{done.stderr}")
    return done


def require(condition, what):
    if not condition:
        raise Failed(what)


class Process:
    """A running target that prints "ready" and then answers each line with one line."""

    def __init__(self, *command, **options):
        self.child = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, **options)
        require(self.child.stdout.readline() == "ready\n", "the target did not start")

    @property
    def pid(self):
        return self.child.pid

    def ask(self, question):
        self.child.stdin.write(f"{question}\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            raise Failed(f"the target died (status {self.child.wait()}) when asked {question}")
        return answer.rstrip("\n")

    def expect(self, question, wanted):
        answer = self.ask(question)
        require(answer == str(wanted), f"asked {question}: '{answer}', not '{wanted}'")

    def close(self):
        self.child.stdin.close()
        status = self.child.wait(timeout=DEADLINE_SECONDS)
        require(status == 0, f"the target ended with status {status}")


class Work:
    """A temporary folder in which one target and its patches are built."""

    def __init__(self, stent, folder, compiler, suffix=".c", flags=("-O2",)):
        self.stent, self.folder, self.compiler = stent, pathlib.Path(folder), compiler
        self.suffix, self.flags = suffix, ["-g", "-fPIC", *flags]

    def compile(self, source, name, *extra):
        """The source text `source` as object `name`; always from the same path, as a build would."""
        unit, output = self.folder / f"unit{self.suffix}", self.folder / name
        unit.write_text(source)
        run(self.compiler, *self.flags, *extra, "-c", unit, "-o", output)
        return output

    def program(self, main, unit, *link):
        main_file = self.folder / f"main{self.suffix}"
        main_file.write_text(main)
        output = self.folder / "program"
        run(self.compiler, *self.flags, main_file, self.compile(unit, "plain.o"), "-pthread", "-Wl,--build-id",
            *link, "-o", output)
        return output

    def patch(self, before, after, name="fix", target=None, *options):
        sections = ["-ffunction-sections", "-fdata-sections"]
        old = self.compile(before, f"{name}-old.o", *sections)
        new = self.compile(after, f"{name}-new.o", *sections)
        output = self.folder / f"{name}.stent"
        run(self.stent, "create", "--target", target or self.folder / "program", "--ack", "*=the test asks the target",
            "-o", output, *options, old, new)
        return output

    def do(self, verb, patch, pid, *options, expect=0):
        return run(self.stent, verb, patch, "--pid", pid, *options, expect=expect)

    def listed(self, *options):
        return json.loads(run(self.stent, "list", "--json", *options).stdout)["processes"]


def main(cases):
    """Runs `cases` (name -> function of (stent, folder)); arguments: STENT [NAME...]."""
    stent, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    failures = 0
    for name, case in cases.items():
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="stent-runtime-") as folder:
            try:
                case(stent, folder)
                print(f"ok {name}", flush=True)
            except Exception as failure:  # pylint: disable=broad-except
                failures += 1
                print(f"FAILED {name}\n{failure}", flush=True)
    return 1 if failures else 0
