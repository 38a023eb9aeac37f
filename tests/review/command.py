#!/usr/bin/env python3
"""`stent review` and `create --ack` as a user meets them: words, exit statuses, what a patch stores.

    command.py STENT
"""
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

import corpus

STENT = sys.argv[1]
REFUSED, USAGE = 11, 2


def run(*words, status=0):
    done = subprocess.run([STENT, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def pair(work, name, before, after, flags=()):
    case = corpus.Case("unsafe", name, "", "command", "c", before, after)
    command = [*corpus.COMPILERS["c"][0], *flags]
    return corpus.compile_pair(case, command, work)


def findings(old, new, status):
    return {f["id"]: f for f in json.loads(run("review", "--json", old, new, status=status))["findings"]}


def acknowledgement(work):
    """A finding of level review stops `create`; with --ack the patch stores and shows who said why."""
    changed = pair(work, "ack", "int limit(int n) { return n > 4 ? -1 : n; } int main(void) { return limit(3); }",
                   "int limit(int n) { return n > 4 ? -2 : n; } int main(void) { return limit(3); }")
    program, patch = work / "program", work / "fix.stent"
    subprocess.run(["gcc", "-no-pie", changed.old, "-o", program], check=True)
    create = ["create", "--target", program, "-o", patch]
    assert "result:limit" in run(*create, changed.old, changed.new, status=REFUSED)
    assert not patch.exists()
    run(*create, "--ack", "result:other=no", changed.old, changed.new, status=USAGE)
    said = ["--ack", "result:limit=callers test for negative"]
    open_ids = [i for i, f in findings(changed.old, changed.new, REFUSED).items() if f["level"] == "review"]
    for other in open_ids:
        if other != "result:limit":
            said += ["--ack", f"{other}=known"]
    run(*create, *said, changed.old, changed.new)
    assert "callers test for negative" in run("show", patch)
    assert "callers test for negative" in run("review", patch)
    stored = json.loads(run("show", "--json", patch))["findings"]
    assert any(f["id"] == "result:limit" and f["acknowledgement"] for f in stored), stored


LONG = "".join(f"  total += step({i}, total);\n" for i in range(12))
BEFORE = f"int step(int, int);\nint sum(int n) {{\n  int total = n;\n{LONG}  return total;\n}}\nint same(int n) {{ return step(n, 1); }}\n" \
         "int limit(int n) { return n > 4 ? -1 : n; }\n"
AFTER = BEFORE.replace("int total = n;", "int total = n;\n  if (n < 0)\n    return -1;").replace("? -1", "? -2")


def on_terminal(*words):
    """What is written to a terminal, and the exit status."""
    leader, follower = pty.openpty()
    child = subprocess.Popen([STENT, *map(str, words)], stdout=follower, stderr=follower,
                             env={k: v for k, v in os.environ.items() if k != "NO_COLOR"})
    os.close(follower)
    text = b""
    try:
        while more := os.read(leader, 65536):
            text += more
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    return text.decode().replace("\r\n", "\n"), child.wait(120)


def built_apart(work, name, text):
    (work / name).mkdir()
    (work / name / "unit.c").write_text(text)
    subprocess.run(["gcc", "-O2", "-g", "-ffunction-sections", "-fdata-sections", "-c", work / name / "unit.c", "-o",
                    work / name / "unit.o"], check=True)
    return work / name / "unit.o"


def check_code(text):
    """An equal instruction on both sides, and one that differs, marked."""
    lines = text.splitlines()
    assert any(line.count("push rbx") == 2 and not re.search(r" [|<>] ", line) for line in lines), text
    assert any(re.search(r"0xFFFFFFFF .* \| .*0xFFFFFFFE", line) for line in lines), text


def check_side_by_side(text, colour):
    """Source and code of the changed function beside each other, what differs marked, what is equal folded."""
    assert "changed sum" in text and "changed same" not in text, text
    text = text[text.index("changed sum"):]
    source, code = text.split("source", 1)[1].split("assembly", 1)
    row = next(line for line in source.splitlines() if "if (n < 0)" in line)
    assert " > " in row and colour in row, row
    both = next(line for line in source.splitlines() if line.count("int total = n;") == 2)
    assert " > " not in both and " | " not in both, both
    assert re.search(r"\.\.\. \d+ equal", source), source
    assert any(" > " in line and ("test" in line or "js" in line) for line in code.splitlines()), code
    check_code(code)


def terminal(work):
    """Coloured on a terminal, plain in a pipe; grouped by level, the gravest first, each with file and line."""
    old, new = built_apart(work, "before", BEFORE), built_apart(work, "after", AFTER)
    text, status = on_terminal("review", old, new)
    assert status == REFUSED, text
    check_side_by_side(text, "\033[32m")
    assert "\033[1m" in text and "\033[1;33mreview\033[0m" in text, text
    piped = run("review", old, new, status=REFUSED)
    check_side_by_side(piped, "")
    assert "\033" not in piped
    levels = [line for line in piped.splitlines() if line in ("refused", "review", "note", "safe")]
    assert levels == sorted(set(levels), key=["refused", "review", "note", "safe"].index) and "review" in levels, levels
    assert re.search(r"after: +\S*after/unit.c:\d+", piped) and "why: " in piped and "what to do: " in piped, piped


def patch_alone(work):
    """A patch shows the code that it replaces beside its own, and what was found and accepted."""
    old, new = built_apart(work, "before", BEFORE), built_apart(work, "after", AFTER)
    (work / "main.c").write_text("int sum(int); int same(int);\nint step(int a, int b) { return a ^ b; }\n"
                                 "int main(int n, char **w) { (void)w; return sum(n) + same(n); }\n")
    program, patch = work / "program", work / "fix.stent"
    subprocess.run(["gcc", "-O2", old, work / "main.c", "-o", program], check=True)
    run("create", "--target", program, "--ack", "*=nobody passes a negative", "-o", patch, old, new)
    said = run("review", patch)
    assert "changed sum" in said and "nobody passes a negative" in said, said
    check_code(said)
    stored = json.loads(run("review", "--json", patch))
    assert any(f["acknowledgement"] == "nobody passes a negative" for f in stored), stored


def thousands_of_types(work):
    """A unit with 5,000 types that point to each other; the time is measured by ./dev bench review."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench/review"))
    import measure
    case = corpus.Case("safe", "types", "", "command", "c", measure.program(100), measure.program(50))
    p = corpus.compile_pair(case, corpus.COMPILERS["c"][0], work)
    assert json.loads(run("review", "--json", p.old, p.new))["level"] in ("safe", "note")


def layout(work):
    """The finding names the type, both places and what to do."""
    p = pair(work, "layout", "struct c { int a; }; static struct c *head; int get(void) { return head ? head->a : 0; }\n"
             "void set(struct c *c) { head = c; }\n",
             "struct c { int b; int a; }; static struct c *head; int get(void) { return head ? head->a : 0; }\n"
             "void set(struct c *c) { head = c; }\n")
    found = findings(p.old, p.new, REFUSED)["type-layout:c"]
    assert found["level"] == "refused" and found["types"] == ["struct c"], found
    assert found["old"]["file"].endswith("unit.c") and found["new"]["line"] == 1, found
    assert "head" in found["why"] and found["remedy"], found


def nothing_known(work):
    """Without debug information a person must decide."""
    p = pair(work, "nodebug", "int f(int n) { return n + 1; }", "int f(int n) { return n + 2; }", ["-g0"])
    for side in (p.old, p.new):
        subprocess.run(["objcopy", "--strip-debug", side], check=True)
    assert any(f["kind"] == "no-debug-info" for f in findings(p.old, p.new, REFUSED).values())


def nothing_changed(work):
    p = pair(work, "same", "int f(int n) { return n; }", "int f(int n) { return n; }")
    assert json.loads(run("review", "--json", p.old, p.new))["level"] == "safe"


def odd_number(work):
    p = pair(work, "odd", "int f(int n) { return n; }", "int f(int n) { return n; }")
    run("review", p.old, p.new, p.old, status=USAGE)


with tempfile.TemporaryDirectory(prefix="stent-review-") as folder:
    for test in (acknowledgement, terminal, patch_alone, thousands_of_types, layout, nothing_known, nothing_changed, odd_number):
        sub = pathlib.Path(folder) / test.__name__
        sub.mkdir()
        test(sub)
        print("ok", test.__name__)
