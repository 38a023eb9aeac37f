#!/usr/bin/env python3
"""Libraries in namespaces of their own (dlmopen), and libraries that leave: what a patch means there.

    namespaces.py --stent STENT [CASE...]

A library in a namespace has its own copies of the C library and of everything else it needs; its program, and other
namespaces, have others. New code of a patch must use the copies of the library that it is for.
"""
import pathlib
import sys

from symbols import CALLS, HERE, OLD, Failed, main, provider, run

INCLUDE = HERE.parents[1] / "include"

DEPENDENCY = """
static long answer = 10;
__thread long per_thread = 1000;
long provided(void) { return answer; }
void provide(long n) { answer = n; per_thread = 100 * n; }
long of_thread(void) { return per_thread; }
"""
# `start` makes the copies of the library's own namespace differ from those of the program.
COMMON = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
void provide(long n);
long provided(void);
long of_thread(void);
static __thread long own = 7;
__attribute__((constructor)) static void start(void) { provide(20); setenv("NUMBER", "300", 1); own = 70; }
long in_use(long n) { return n * (long)mallinfo2().uordblks; }
long last_error(long n) { return n * errno; }
"""
BEFORE = COMMON + """
long dependency(long n) { volatile long kept = n; return kept; }
long environment(long n) { volatile long kept = n; return kept + 2; }
long allocates(long n) { volatile long kept = n; return kept + 3; }
long fails(long n) { volatile long kept = n; return kept + 4; }
long thread_local(long n) { volatile long kept = n; return kept + 5 + own; }
"""
AFTER = COMMON + """
long dependency(long n) { return n + provided() + of_thread(); }
long environment(long n) { return n + atoi(getenv("NUMBER")); }
long allocates(long n) {
  const long before = in_use(1);
  char *memory = malloc(50000);
  if (memory == NULL || malloc_usable_size(memory) < 50000) return -1;
  memory[0] = 1;
  const long grown = in_use(1) - before;
  free(memory);
  return n + (grown >= 50000 && grown < 60000) + 2 * (in_use(1) == before);
}
long fails(long n) { return n + open("/nonexistent/file", O_RDONLY); }
long thread_local(long n) { own += n; return own; }
"""
QUESTIONS = {"dependency": (1, 1, 2021), "environment": (1, 3, 301), "allocates": (10, 13, 13), "fails": (1, 5, 0)}


def plugin_of(bench, objects, *needed, name="plugin"):
    plugin = bench.work / f"lib{name}.so"
    run("gcc", "-shared", "-Wl,--no-as-needed", objects[0], *needed, f"-Wl,-rpath,{bench.work}", "-o", plugin)
    return plugin


def asks(bench, which, column):
    for name, answers in QUESTIONS.items():
        bench.ask(f"{which} {name} {answers[0]}", answers[column])


def once_in_a_namespace(bench):
    """Its dependency, its C library with environment, heap and errno, its thread-local storage: all its own copies."""
    dependency = bench.library("dependency", DEPENDENCY)
    objects = bench.unit(BEFORE, AFTER, "-fPIC")
    plugin = plugin_of(bench, objects, dependency)
    bench.start(bench.program(dependency))
    bench.open(plugin, "space")
    patch, _ = bench.create(plugin, objects)
    asks(bench, "last", 1)
    bench.ask("last thread_local 1", 76)
    for placement in (), ("--placement", "file"):
        run(bench.stent, "apply", patch, "--pid", bench.child.pid, *placement)
        bench.answer("errno 0")
        asks(bench, "last", 2)
        bench.ask("last last_error 1", 2)
        bench.ask("errno 0", 0)
        run(bench.stent, "revert", patch, "--pid", bench.child.pid)
        asks(bench, "last", 1)
    bench.ask("last thread_local 1", 76)
    run(bench.stent, "apply", patch, "--pid", bench.child.pid)
    bench.ask("last thread_local 1", 71)
    run(bench.stent, "revert", patch, "--pid", bench.child.pid)
    bench.ask("last thread_local 1", 77)


def as_its_loader_finds_it(bench):
    """Of several libraries in one namespace: a library that was built with the new code tells what is right."""
    stranger, mine = provider(bench, "stranger", 10), provider(bench, "mine", 20)
    for first, second in (stranger, mine), (mine, stranger):
        objects = bench.unit(OLD, CALLS, "-fPIC")
        plugin, twin = plugin_of(bench, objects, second), plugin_of(bench, objects[2:], second, name="twin")
        bench.start(bench.program(stranger))
        bench.open(first, "space")
        bench.open(twin, "beside")
        right = bench.answer("last ask 1")
        bench.open(plugin, "beside")
        bench.heal(plugin, objects, "last ask 1", 1, right)
        bench.end()


def program_beside_namespaces(bench):
    """The program's own new reference is to the copies that it uses itself, whatever namespaces there are."""
    dependency = bench.library("dependency", DEPENDENCY)
    new = """
#include <fcntl.h>
#include <stdlib.h>
#include "stent/patch.h"
long provided(void);
long ask(long n) {
  char *memory = malloc(100);
  free(memory);
  return n + provided() + (getenv("NUMBER") == NULL ? 500 : 0);
}
STENT_PRE_APPLY(sets_errno) { return open("/nonexistent/file", O_RDONLY) != -1; }
"""
    others = [plugin_of(bench, bench.unit(BEFORE, BEFORE, "-fPIC"), dependency, name=name) for name in ("one", "two")]
    objects = bench.unit(OLD, new, "-fPIE", f"-I{INCLUDE}")
    program = bench.program(objects[0], dependency)
    bench.start(program)
    for other in others:
        bench.open(other, "space")
    bench.answer("errno 77")
    bench.heal(program, objects, "own 1", 1, 511)
    bench.ask("errno 0", 77)  # of the thread that a hook ran on


def refused_in_two(bench):
    """A patch is for one copy; when the other has left, it goes in."""
    objects = bench.unit(OLD, "long ask(long n) { return n + 1; }\n", "-fPIC")
    plugin = plugin_of(bench, objects)
    bench.start(bench.program())
    bench.open(plugin, "local")
    bench.open(plugin, "space")
    bench.refused(plugin, objects, 11, r"(?s)loaded 2 times.*\n  .*libplugin.so at 0x.*\n  .*libplugin.so at 0x.*hint: have the program close")
    bench.ask("last ask 1", 1)
    bench.ask("close", "closed")
    bench.heal(plugin, objects, "first ask 1", 1, 2)


def upgrade_in_a_namespace(bench):
    dependency = bench.library("dependency", DEPENDENCY)
    objects = bench.unit(BEFORE, AFTER, "-fPIC")
    plugin = plugin_of(bench, objects, dependency)
    bench.start(bench.program(dependency))
    bench.open(plugin, "space")
    pid = bench.child.pid
    first = bench.create(plugin, objects)[0].rename(bench.work / "first.stent")
    second, _ = bench.create(plugin, bench.unit(BEFORE, AFTER.replace("of_thread()", "of_thread() + 5"), "-fPIC"))
    run(bench.stent, "apply", first, "--pid", pid)
    bench.ask("last dependency 1", 2021)
    run(bench.stent, "apply", second, "--replace", first, "--pid", pid)
    bench.ask("last dependency 1", 2026)
    listed = run(bench.stent, "list", "--pid", pid).stdout
    if listed.count(" applied ") != 1 or "dependency in " + str(plugin) not in listed:
        raise Failed("list says\n" + listed)
    run(bench.stent, "revert", second, "--pid", pid)
    asks(bench, "last", 1)


THROWS = """
#include <stdexcept>
#include <string>
static int destroyed;
struct Guard { ~Guard() { destroyed += 1; } };
__attribute__((noipa)) static void thrower(long n) { Guard guard; if (n > 1) throw std::runtime_error(std::string(n, 'x')); }
__attribute__((noipa)) long middle(long n) { %s }
extern "C" long ask(long n) { destroyed = 0; try { return middle(n); } catch (const std::exception &e) { return 10 * std::string(e.what()).size() + destroyed; } }
"""


def exceptions_in_a_namespace(bench):
    """Its C++ runtime and its unwinder are its own copies, beside those of the program."""
    source = [THROWS % body for body in ("Guard one; thrower(n); return n;", "Guard one, two; thrower(n + 1); return n;")]
    objects = []
    for suffix, text, flags in (("plain", source[0], []), ("old", source[0], ["-ffunction-sections", "-fdata-sections"]),
                                ("new", source[1], ["-ffunction-sections", "-fdata-sections"])):
        (bench.work / "unit.cpp").write_text(text)
        objects.append(bench.work / f"unit.{suffix}.o")
        run("g++", "-O2", "-fPIC", *flags, "-c", bench.work / "unit.cpp", "-o", objects[-1])
    plugin, outside = bench.work / "libplugin.so", bench.work / "liboutside.so"
    run("g++", "-shared", objects[0], "-o", plugin)
    run("g++", "-shared", "-fPIC", bench.work / "unit.cpp", "-o", outside)
    bench.start(bench.program())
    bench.open(outside, "local")  # the same runtime once more, in the program's namespace
    bench.open(plugin, "space")
    for _ in range(2):
        bench.heal(plugin, objects, "last ask 3", 32, 43)
        bench.ask("first ask 3", 43)


def is_state(bench, wanted):
    said = run(bench.stent, "list", "--pid", bench.child.pid).stdout
    if f" fix {wanted} " not in said:
        raise Failed(f"list does not say {wanted}:\n{said}")


def is_free(bench):
    maps = pathlib.Path(f"/proc/{bench.child.pid}/maps").read_text()
    if "memfd:stent" in maps:
        raise Failed("memory is kept that nothing leads into\n" + maps)


def library_that_leaves(bench):
    """dlclose takes the redirects with it: `list` says so, and the next command clears away; loaded anew it is as built."""
    objects = bench.unit(OLD, "long ask(long n) { return n + 1; }\n", "-fPIC")
    plugin = plugin_of(bench, objects)
    for how in ("local", "space"):
        bench.start(bench.program())
        bench.open(plugin, how)
        patch, _ = bench.create(plugin, objects)
        do = lambda verb, expect=0: run(bench.stent, verb, patch, "--pid", bench.child.pid, expect=expect)
        do("apply")
        bench.ask("last ask 1", 2)
        bench.ask("close", "closed")
        is_state(bench, "unloaded")
        do("revert", 10)
        is_free(bench)
        bench.open(plugin, how)
        bench.ask("last ask 1", 1)
        do("apply")
        bench.ask("last ask 1", 2)
        bench.ask("close", "closed")
        bench.open(plugin, how)  # most likely where it was
        bench.ask("last ask 1", 1)
        is_state(bench, "unloaded")
        do("check")
        do("apply")
        bench.ask("last ask 1", 2)
        is_state(bench, "applied")
        do("revert")
        bench.ask("last ask 1", 1)
        is_free(bench)
        bench.end()


def part_of_a_patch_that_leaves(bench):
    """A patch for the program and a library which is closed: what is left of it can be reverted, and applied again."""
    new = "long %s(long n) { return n + 1; }\n"
    old = OLD.replace("ask", "%s")
    library = [path.rename(path.with_suffix(".lib.o")) for path in bench.unit(old % "more", new % "more", "-fPIC")]
    plugin = plugin_of(bench, library)
    objects = bench.unit(old % "ask", new % "ask", "-fPIE")
    program = bench.program(objects[0])
    patch = bench.work / "fix.stent"
    run(bench.stent, "create", "--ack", "*=a test", "--target", program, *objects[1:], "--target", plugin, *library[1:], "-o", patch)
    bench.start(program)
    bench.open(plugin, "local")
    do = lambda verb, expect=0: run(bench.stent, verb, patch, "--pid", bench.child.pid, expect=expect)
    do("apply")
    bench.ask("own 1", 2)
    bench.ask("last more 1", 2)
    bench.ask("close", "closed")
    is_state(bench, "partly unloaded")
    bench.open(plugin, "local")
    bench.ask("last more 1", 1)
    if "was unloaded" not in do("apply", 11).stderr:
        raise Failed("refused for another reason")
    do("revert")
    bench.ask("own 1", 1)
    do("apply")
    bench.ask("own 1", 2)
    bench.ask("last more 1", 2)
    do("revert")
    bench.ask("last more 1", 1)
    is_free(bench)


CASES = [once_in_a_namespace, as_its_loader_finds_it, program_beside_namespaces, refused_in_two, upgrade_in_a_namespace,
         exceptions_in_a_namespace, library_that_leaves, part_of_a_patch_that_leaves]

if __name__ == "__main__":
    sys.exit(main(CASES, __doc__))
