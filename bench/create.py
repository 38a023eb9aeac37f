#!/usr/bin/env python3
"""Measures making patches: a one-file fix beside the two compilations it needs, and two trees of 50,000 functions.

    create.py STENT [--json] [--functions N] [--trees DIR]

With --json the last line is one JSON object: create_over_compile, diff_seconds_50k, diff_mib_50k. Compiling the trees takes
minutes; --trees keeps them in DIR, and takes them from there when they are there (made with the same N).
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

FLAGS = ["-O2", "-g"]
TREE_FLAGS = ["-O1"]  # so that 50,000 functions are compiled in minutes
ROUNDS = 5
UNITS = 100


def function(name, seed, callee):
    """A function of a realistic size: a loop, a switch, calls, strings, statics."""
    pick = random.Random(seed)
    a, b, c = (pick.randrange(1, 1000) for _ in range(3))
    return f"""
static int state_{name};
int {name}(int n, const char *text) {{
  int sum = {a};
  for (int i = 0; text[i] && i < n; ++i) sum += text[i] * {b} ^ state_{name};
  switch (n & 7) {{
    case 0: sum += report("{name} {c}", sum); break;
    case 1: sum -= {callee}(n - 1, text); break;
    case 2: state_{name} = sum; break;
    case 3: sum ^= table[sum & 15]; break;
    case 5: return report("odd {c}", n);
    default: sum *= {a + c};
  }}
  return sum + state_{name};
}}
"""


def unit(name, count, changed=None):
    """`count` functions; those in `changed` differ from what they are without."""
    lines = ["int report(const char *text, int n);\nstatic const int table[16] = {1, 2, 3, 5, 8, 13, 21};\n"]
    callee = "leaf_" + name
    lines.append(f"__attribute__((noinline)) static int {callee}(int n, const char *t) {{ return n * 3 + t[0]; }}\n")
    for i in range(count):
        this = f"{name}_{i}"
        text = function(this, f"{name}/{i}", callee)
        if changed and i in changed:
            text = text.replace("return sum +", "return sum - 7 +")
        lines.append(text)
        callee = this
    return "".join(lines)


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def parallel(commands):
    """Runs all, two at a time; returns the seconds it took."""
    began = time.monotonic()
    running = []
    for command in commands:
        running.append(subprocess.Popen([str(c) for c in command]))
        if len(running) == 2 and running.pop(0).wait() != 0:
            sys.exit(f"failed: {command}")
    for child in running:
        if child.wait() != 0:
            sys.exit("a compiler failed")
    return time.monotonic() - began


MAIN = "int report(const char *t, int n) { return t[0] + n; }\nint main(void) { return 0; }\n"


def one_file_fix(stent, work):
    """create_over_compile: `stent create` beside the two compilations it runs, which run at the same time."""
    tree = work / "tree"
    tree.mkdir()
    (tree / "unit.c").write_text(unit("f", 300))
    (tree / "main.c").write_text(MAIN)
    for i in range(50):
        (tree / f"other{i}.c").write_text(unit(f"other{i}", 5))
    sources = sorted(path.name for path in tree.glob("*.c"))
    parallel([["gcc", *FLAGS, "-c", tree / source, "-o", tree / (source[:-2] + ".o")] for source in sources])
    run("gcc", *(source[:-2] + ".o" for source in sources), "-o", "program", cwd=tree)
    (tree / "compile_commands.json").write_text(json.dumps(
        [{"directory": str(tree), "file": source, "arguments": ["gcc", *FLAGS, "-c", source]} for source in sources]))
    new = work / "new.c"
    new.write_text(unit("f", 300, {100}))
    diff = subprocess.run(["diff", "-u", "--label", "a/unit.c", "--label", "b/unit.c", tree / "unit.c", new],
                          capture_output=True, text=True).stdout
    (work / "fix.diff").write_text(diff)
    sections = ["-ffunction-sections", "-fdata-sections"]
    ratios = []
    for _ in range(ROUNDS):
        compilers = parallel([["gcc", *FLAGS, *sections, "-c", source, "-o", work / "x.o" if old else work / "y.o"]
                              for source, old in ((tree / "unit.c", True), (new, False))])
        began = time.monotonic()
        run(stent, "create", "--target", tree / "program", "--compile-commands", tree / "compile_commands.json",
            "--patch", work / "fix.diff", "-o", work / "fix.stent")
        ratios.append((time.monotonic() - began) / compilers)
    return statistics.median(ratios)


def make_trees(work, functions):
    """Ten functions differ, and no object is byte-equal."""
    each = functions // UNITS
    work.mkdir(parents=True)
    for side in ("old", "new"):
        (work / side).mkdir()
    changed_units = range(0, UNITS, 10)
    commands = []
    for i in range(UNITS):
        for side in ("old", "new") if i in changed_units else ("old",):
            source = work / f"{side}{i}.c"
            source.write_text(unit(f"u{i}", each, {each // 2} if side == "new" else None))
            commands.append(["gcc", *TREE_FLAGS, "-ffunction-sections", "-fdata-sections", "-c", source, "-o",
                             work / side / f"u{i}.o"])
    parallel(commands)
    (work / "note").write_text("not byte-equal")
    for i in set(range(UNITS)) - set(changed_units):
        run("objcopy", "--add-section", f".bench={work / 'note'}", work / "old" / f"u{i}.o", work / "new" / f"u{i}.o")
    (work / "main.c").write_text(MAIN)
    run("gcc", *FLAGS, work / "main.c", *(work / "old" / f"u{i}.o" for i in range(UNITS)), "-o", work / "program")


def two_trees(stent, work):
    """diff_seconds_50k and diff_mib_50k."""
    began = time.monotonic()
    child = subprocess.Popen([stent, "create", "--target", work / "program", "--old-tree", work / "old", "--new-tree",
                              work / "new", "-o", work / "fix.stent", "--json", "--ack", "*=measured"], stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    if status != 0:
        sys.exit(f"stent create failed: {said}")
    replaced = sum(len(image["functions"]) for image in json.loads(said)["images"])
    if replaced < UNITS // 10:
        sys.exit(f"stent create found {replaced} functions, not {UNITS // 10}")
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stent", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--functions", type=int, default=50000)
    parser.add_argument("--trees", type=pathlib.Path)
    arguments = parser.parse_args()
    stent = arguments.stent.resolve()
    with tempfile.TemporaryDirectory(prefix="stent-bench-") as folder:
        work = pathlib.Path(folder)
        ratio = one_file_fix(stent, work)
        trees = arguments.trees or work / "trees"
        if not (trees / "program").exists():
            make_trees(trees, arguments.functions)
        seconds, mib = two_trees(stent, trees)
    print(f"a one-file fix: {ratio:.2f} x the two compilations it needs")
    print(f"two trees of {arguments.functions} functions: {seconds:.1f} s, {mib:.0f} MiB")
    if arguments.json:
        print(json.dumps({"create_over_compile": round(ratio, 3), "diff_seconds_50k": round(seconds, 2),
                          "diff_mib_50k": round(mib, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
