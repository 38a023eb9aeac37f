#!/usr/bin/env python3
"""The objects of a whole source tree compared with themselves: after a rebuild and after a comment nothing has changed,
after a fix of one line exactly the functions that it touches.

    trees_test.py STENT redis|nghttpx

Both trees are built with the package's own commands, through ccache where it is installed. Exit status 77: the real data is
not available (said loudly).
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from real_program import Failed, main, must

COMMENT = "/* A comment that moves\n * every line below it. */\n"


class Program:
    """What is rebuilt: a header that most units include, and a fix of one line."""

    def __init__(self, target, header, unit, line, fixed, functions):
        self.target, self.header, self.unit = target, header, unit
        self.line, self.fixed, self.functions = line, fixed, functions


PROGRAMS = {
    "redis": Program("usr/bin/redis-check-rdb", "src/server.h", "src/util.c", "    if (nesting > 1000) return 0;",
                     "    if (nesting > 100) return 0;", {"stringmatchlen_impl"}),
    "nghttpx": Program("usr/sbin/nghttpx", "src/shrpx_config.h", "src/shrpx_https_upstream.cc", "  resp.http_status = 308;",
                       "  resp.http_status = 307;", {"shrpx::HttpsUpstream::redirect_to_https"}),
}


def commands_of(cache):
    """(directory, words, source) of every unit below source/src, as the package compiles it."""
    recorded = json.loads((cache / "compile_commands.json").read_text())
    units = {}
    for one in recorded:
        words = one.get("arguments") or shlex.split(one["command"])
        source = pathlib.Path(one["directory"], one["file"])
        if source.is_relative_to(cache / "source/src") and "-c" in words and "-fPIC" not in words:
            units[source] = (one["directory"], words, source)
    return list(units.values())


class Tree:
    """A copy of the sources, and what is built of it."""

    def __init__(self, name, cache, work):
        self.cache, self.work, self.sources = cache, work, work / "source"
        shutil.copytree(cache / "source", self.sources, symlinks=True, ignore=shutil.ignore_patterns("*.o", ".git"))
        self.units = commands_of(cache)
        must(len(self.units) > 25, f"{name}: {len(self.units)} units")

    def moved(self, text):
        return str(text).replace(str(self.cache / "source"), str(self.sources))

    def compile(self, unit, objects):
        directory, words, source = unit
        kept, skip = [], False
        for word in words:
            if not skip and word not in ("-o", "-MF", "-MT", "-MMD", "-MD"):
                kept.append(self.moved(word))
            skip = word in ("-o", "-MF", "-MT")
        output = objects / source.relative_to(self.cache / "source").with_suffix(".o")
        output.parent.mkdir(parents=True, exist_ok=True)
        launcher = ["ccache"] if shutil.which("ccache") else []
        done = subprocess.run([*launcher, *kept, "-ffunction-sections", "-fdata-sections", "-o", output],
                              cwd=self.moved(directory), capture_output=True, text=True,
                              env=dict(os.environ, CCACHE_BASEDIR=str(self.work), CCACHE_NOHASHDIR="1"))
        if done.returncode != 0:
            raise Failed(f"{source} does not compile:\n{done.stderr[-2000:]}")

    def build(self, objects, only=""):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda unit: self.compile(unit, objects), [u for u in self.units if str(u[2]).endswith(only)]))
        return objects


def compare(program, target, old, new, patch):
    done = subprocess.run([program, "create", "--ack", "*=a test", "--target", target, "--old-tree", old, "--new-tree", new,
                           "-o", patch], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f"create ended with {done.returncode}:\n{done.stderr}")
    if "nothing to change" in done.stdout + done.stderr:
        return set()
    shown = json.loads(subprocess.run([program, "show", "--json", patch], capture_output=True, text=True, check=True).stdout)
    names = [f["name"] for image in shown["images"] for f in image["functions"]]
    plain = subprocess.run(["c++filt", "-p", "--", *names], capture_output=True, text=True, check=True).stdout.split("\n")
    return {re.sub(r"\[abi:.*|\..*| const$", "", name) for name in plain if name}


def carry_out(program, cache, work):
    name = sys.argv[2]
    what = PROGRAMS[name]
    tree, target, patch = Tree(name, cache, work), cache / "stock" / what.target, work / "fix.stent"
    old = tree.build(work / "old")
    must(compare(program, target, old, tree.build(work / "again"), patch) == set(), "rebuilt: nothing has changed")
    header = tree.sources / what.header
    header.write_text(COMMENT + header.read_text())
    commented = tree.build(work / "commented")
    differ = sum(1 for path in old.rglob("*.o") if path.read_bytes() != (commented / path.relative_to(old)).read_bytes())
    must(differ > len(tree.units) // 3, f"a comment in {what.header} changes {differ} objects")
    must(compare(program, target, old, commented, patch) == set(), "but no function")
    unit = tree.sources / what.unit
    must(unit.read_text().count(what.line) == 1, f"the line to fix is in {what.unit}")
    unit.write_text(unit.read_text().replace(what.line, what.fixed))
    tree.build(commented, only=what.unit)
    changed = compare(program, target, old, commented, patch)
    must(changed == what.functions, f"one line of {what.unit}: {sorted(changed)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[2], carry_out))
