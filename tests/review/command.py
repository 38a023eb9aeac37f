#!/usr/bin/env python3
"""`stent review` and `create --ack` as a user meets them: words, exit statuses, what a patch stores.

    command.py STENT
"""
import json
import pathlib
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
    for test in (acknowledgement, layout, nothing_known, nothing_changed, odd_number):
        sub = pathlib.Path(folder) / test.__name__
        sub.mkdir()
        test(sub)
        print("ok", test.__name__)
