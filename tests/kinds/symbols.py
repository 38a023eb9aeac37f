#!/usr/bin/env python3
"""New references of a patch find what the dynamic loader would find for that module.

    symbols.py --stent STENT [CASE...]

Every case builds a unit, old and new, into a program or a library, starts a process in which several modules could be
meant, patches it, and asks the process which one it got.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_SECONDS = 120
OLD = "long ask(long n) { volatile long kept = n; return kept; }\n"
CALLS = "long provided(void);\nlong ask(long n) { return n + provided(); }\n"


class Failed(Exception):
    pass


def run(*command, expect=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    if done.returncode != expect:
        raise Failed(f"exit status {done.returncode}, not {expect}: {' '.join(map(str, command))}\n"
                     f"{done.stdout}{done.stderr}")
    return done


class Bench:
    """A directory of libraries and programs, and the process that runs one of them."""

    def __init__(self, stent, work):
        self.stent, self.work, self.child = stent, work, None

    def library(self, name, source, *flags):
        path = self.work / f"lib{name}.so"
        unit = self.work / f"{name}.c"
        unit.write_text(source)
        run("gcc", "-O2", "-fPIC", "-shared", unit, f"-Wl,-rpath,{self.work}", f"-Wl,-soname,lib{name}.so", *flags, "-o", path)
        return path

    def unit(self, old, new, *flags):
        """Objects of the unit: plain, old, new."""
        paths = []
        unit = self.work / "unit.c"
        for suffix, source in (("plain", old), ("old", old), ("new", new)):
            unit.write_text(source)
            sections = [] if suffix == "plain" else ["-ffunction-sections", "-fdata-sections"]
            paths.append(self.work / f"unit.{suffix}.o")
            run("gcc", "-O2", *flags, *sections, "-c", unit, "-o", paths[-1])
        return paths

    def program(self, *parts, pie=True):
        path = self.work / "host"
        kind = ["-pie", "-fPIE"] if pie else ["-no-pie", "-fno-pie"]
        run("gcc", "-O1", *kind, HERE / "host.c", "-Wl,--no-as-needed", *parts, f"-Wl,-rpath,{self.work}", "-o", path)
        return path

    def start(self, program, **environment):
        import os
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      env=dict(os.environ, **environment))
        self.expect("ready")

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def expect(self, wanted):
        said = self.child.stdout.readline().rstrip("\n")
        if said != str(wanted):
            raise Failed(f"the process said '{said}', not '{wanted}'")

    def answer(self, line):
        self.say(line)
        return self.child.stdout.readline().rstrip("\n")

    def ask(self, line, wanted):
        self.say(line)
        self.expect(wanted)

    def open(self, library, how):
        self.ask(f"open {library} {how}", "opened")

    def create(self, target, objects, expect=0):
        patch = self.work / "fix.stent"
        said = run(self.stent, "create", "--ack", "*=a test", "--target", target, "-o", patch, objects[1], objects[2], expect=expect)
        return patch, said

    def heal(self, target, objects, question, before, after):
        patch, _ = self.create(target, objects)
        self.ask(question, before)
        run(self.stent, "apply", patch, "--pid", self.child.pid)
        self.ask(question, after)
        run(self.stent, "revert", patch, "--pid", self.child.pid)
        self.ask(question, before)

    def refused(self, target, objects, status, text):
        patch, _ = self.create(target, objects)
        said = run(self.stent, "apply", patch, "--pid", self.child.pid, expect=status)
        if not re.search(text, said.stderr):
            raise Failed(f"refused, but without saying /{text}/:\n{said.stderr}")

    def end(self):
        if self.child is None:
            return
        self.child.stdin.close()
        if self.child.wait(DEADLINE_SECONDS) != 0:
            raise Failed(f"the process ended with status {self.child.returncode}")


def provider(bench, name, value, *flags):
    return bench.library(name, f"long provided(void) {{ return {value}; }}\n", *flags)


def order_of_the_program(bench):
    libraries = [provider(bench, "first", 10), provider(bench, "second", 20)]
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0], *libraries)
    bench.start(program)
    bench.heal(program, objects, "own 1", 1, 11)


def preloaded_library_comes_first(bench):
    libraries = [provider(bench, "first", 10), provider(bench, "second", 20)]
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0], *libraries)
    bench.start(program, LD_PRELOAD=str(libraries[1]))
    bench.heal(program, objects, "own 1", 1, 21)


def old_hash_table(bench):
    libraries = [provider(bench, "first", 10, "-Wl,--hash-style=sysv")]
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0], *libraries)
    bench.start(program)
    bench.heal(program, objects, "own 1", 1, 11)


VERSIONS = """
long old_one(void) { return 10; }
long new_one(void) { return 20; }
__asm__(".symver old_one, provided@V1");
__asm__(".symver new_one, provided@@V2");
"""


def versioned(bench):
    script = bench.work / "versions.map"
    script.write_text("V1 { global: provided; local: *; };\nV2 { global: provided; } V1;\n")
    return bench.library("versions", VERSIONS, f"-Wl,--version-script={script}")


def default_version(bench):
    library = versioned(bench)
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0], library)
    bench.start(program)
    bench.heal(program, objects, "own 1", 1, 21)


def old_version_by_name(bench):
    library = versioned(bench)
    objects = bench.unit(OLD, '__asm__(".symver provided, provided@V1");\n' + CALLS)
    program = bench.program(objects[0], library)
    bench.start(program)
    bench.heal(program, objects, "own 1", 1, 11)


def group_of_a_local_library(bench):
    """The plugin's own dependency, not the library of another group that came earlier."""
    stranger, mine = provider(bench, "stranger", 10), provider(bench, "mine", 20)
    objects = bench.unit(OLD, CALLS, "-fPIC")
    plugin = bench.work / "libplugin.so"
    run("gcc", "-shared", "-Wl,--no-as-needed", objects[0], mine, f"-Wl,-rpath,{bench.work}", "-o", plugin)
    bench.start(bench.program())
    bench.open(stranger, "local")
    bench.open(plugin, "local")
    bench.heal(plugin, objects, "last ask 1", 1, 21)


def local_library_is_not_visible(bench):
    library = provider(bench, "stranger", 10)
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0])
    bench.start(program)
    bench.open(library, "local")
    bench.refused(program, objects, 7, "no module of the target defines provided")
    bench.open(library, "global")  # now everybody sees it
    bench.heal(program, objects, "own 1", 1, 11)


def namespace_of_its_own(bench):
    first, second = provider(bench, "first", 10), provider(bench, "second", 20)
    objects = bench.unit(OLD, CALLS, "-fPIC")
    plugin = bench.work / "libplugin.so"
    run("gcc", "-shared", "-Wl,--no-as-needed", objects[0], second, f"-Wl,-rpath,{bench.work}", "-o", plugin)
    bench.start(bench.program(first))
    bench.open(plugin, "space")
    bench.heal(plugin, objects, "last ask 1", 1, 21)


def same_library_in_two_namespaces(bench):
    objects = bench.unit(OLD, "long ask(long n) { return n + 1; }\n", "-fPIC")
    plugin = bench.work / "libplugin.so"
    run("gcc", "-shared", objects[0], "-o", plugin)
    bench.start(bench.program())
    bench.open(plugin, "local")
    bench.open(plugin, "space")
    bench.refused(plugin, objects, 11, "loaded 2 times")


INTERPOSED = "__attribute__((noipa)) long provided(void) { return 20; }\n"


def interposable_function(bench):
    """The library's own function, which the program overrides: also for code that called it by no slot before."""
    bench.work.joinpath("override.c").write_text("long provided(void) { return 10; }\n")
    objects = bench.unit(INTERPOSED + OLD, INTERPOSED + "long ask(long n) { return n + provided(); }\n", "-fPIC")
    library = bench.work / "libunit.so"
    run("gcc", "-shared", objects[0], "-o", library)
    bench.start(bench.program(bench.work / "override.c", library))
    bench.heal(library, objects, "own 1", 1, 11)


def symbolic_library(bench):
    bench.work.joinpath("override.c").write_text("long provided(void) { return 10; }\n")
    objects = bench.unit(INTERPOSED + OLD, INTERPOSED + "long ask(long n) { return n + provided(); }\n", "-fPIC")
    library = bench.work / "libunit.so"
    run("gcc", "-shared", "-Wl,-Bsymbolic", objects[0], "-o", library)
    bench.start(bench.program(bench.work / "override.c", library))
    bench.heal(library, objects, "own 1", 1, 21)


def protected_function(bench):
    own = '__attribute__((noipa, visibility("protected"))) long provided(void) { return 20; }\n'
    bench.work.joinpath("override.c").write_text("long provided(void) { return 10; }\n")
    objects = bench.unit(own + OLD, own + "long ask(long n) { return n + provided(); }\n", "-fPIC")
    library = bench.work / "libunit.so"
    run("gcc", "-shared", objects[0], "-o", library)
    bench.start(bench.program(bench.work / "override.c", library))
    bench.heal(library, objects, "own 1", 1, 21)


INDIRECT = """
static long chosen(void) { return 30; }
static long (*choose(void))(void) { return chosen; }
long provided(void) __attribute__((ifunc("choose")));
"""


def indirect_function(bench):
    """Nobody has used it: its resolver is asked. Else what it chose then stands in another module's slot."""
    library = bench.library("indirect", INDIRECT)
    user = bench.library("user", "long provided(void);\nlong use(void) { return provided(); }\n", library)
    objects = bench.unit(OLD, CALLS)
    program = bench.program(objects[0], library)
    bench.start(program)
    bench.heal(program, objects, "own 1", 1, 31)
    bench.open(user, "global")
    bench.heal(program, objects, "own 1", 1, 31)


def failing_resolver(bench):
    """A resolver that faults, or that chooses nothing, is none of the process's trouble."""
    for body, text in (("volatile long *nowhere = (volatile long *)8; return (long (*)(void))*nowhere;", "IFUNC.* failed"), ("return 0;", "chose what is no function")):
        library = bench.library(f"failing{len(text)}", INDIRECT.replace("return chosen;", "(void)chosen; " + body))
        objects = bench.unit(OLD, CALLS)
        program = bench.program(objects[0], library)
        bench.start(program)
        bench.refused(program, objects, 11, text)
        bench.ask("own 1", 1)
        bench.end()


def copied_variable(bench):
    """The program has a copy of the library's variable: the other library must use that too."""
    data = bench.library("data", "long shared_value = 10;\n")
    user = bench.work / "user.c"
    user.write_text("extern long shared_value;\nvoid *kept = &shared_value;\n"
                    "__attribute__((constructor)) static void set(void) { shared_value = 40; }\n")
    new = "extern long shared_value;\nlong ask(long n) { return n + shared_value; }\n"
    objects = bench.unit(OLD, new, "-fPIC")
    library = bench.work / "libunit.so"
    run("gcc", "-shared", objects[0], "-o", library)
    program = bench.program(user, library, data, pie=False)
    bench.start(program)
    bench.heal(library, objects, "own 1", 1, 41)


def library_opened_after_another_patch(bench):
    objects = bench.unit(OLD, "long ask(long n) { return n + 1; }\n")
    program = bench.program(objects[0])
    bench.start(program)
    first, _ = bench.create(program, objects)
    first = first.rename(bench.work / "first.stent")
    run(bench.stent, "apply", first, "--pid", bench.child.pid)
    objects = bench.unit("long more(long n) { volatile long kept = n; return kept; }\n", "long more(long n) { return n + 5; }\n", "-fPIC")
    library = bench.work / "liblater.so"
    run("gcc", "-shared", objects[0], "-o", library)
    bench.open(library, "local")
    bench.heal(library, objects, "last more 1", 1, 6)
    bench.ask("own 1", 2)
    run(bench.stent, "revert", first, "--pid", bench.child.pid)
    bench.ask("own 1", 1)


CASES = [order_of_the_program, preloaded_library_comes_first, old_hash_table, default_version, old_version_by_name,
         group_of_a_local_library, local_library_is_not_visible, namespace_of_its_own, same_library_in_two_namespaces,
         interposable_function, symbolic_library, protected_function, indirect_function,
         failing_resolver, copied_variable,
         library_opened_after_another_patch]


def main(cases, description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--stent", required=True)
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    failures = 0
    for case in cases:
        if arguments.case and case.__name__ not in arguments.case:
            continue
        with tempfile.TemporaryDirectory(prefix="stent-symbols-") as work:
            bench = Bench(arguments.stent, pathlib.Path(work))
            try:
                case(bench)
                bench.end()
                print(f"ok   {case.__name__}", flush=True)
            except Failed as failure:
                failures += 1
                print(f"FAIL {case.__name__}: {failure}", flush=True)
                if bench.child is not None:
                    bench.child.kill()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(CASES, __doc__))
