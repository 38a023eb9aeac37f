#!/usr/bin/env python3
"""A diff that touches nothing the target is compiled from is answered "nothing to change", exit status 0.

    null_change.py STENT
"""
import json
import pathlib
import subprocess
import sys
import tempfile

CASES = {
    "a text file": ("--- a/NOTES\n+++ b/NOTES\n@@ -1 +1 @@\n-old\n+new\n"),
    "a source that is not compiled": ("--- a/spare.c\n+++ b/spare.c\n@@ -1 +1 @@\n-int spare;\n+int spare = 1;\n"),
    "a comment": ("--- a/main.c\n+++ b/main.c\n@@ -1 +1,2 @@\n+/* A comment. */\n int main(void) { return 0; }\n"),
}


def main():
    stent = sys.argv[1]
    failures = 0
    for what, diff in CASES.items():
        with tempfile.TemporaryDirectory(prefix="stent-null-") as folder:
            work = pathlib.Path(folder)
            (work / "NOTES").write_text("old\n")
            (work / "spare.c").write_text("int spare;\n")
            (work / "main.c").write_text("int main(void) { return 0; }\n")
            (work / "fix.diff").write_text(diff)
            command = ["gcc", "-O2", "-c", "main.c", "-o", "main.o"]
            subprocess.run(command, cwd=work, check=True)
            subprocess.run(["gcc", "main.o", "-o", "program"], cwd=work, check=True)
            (work / "compile_commands.json").write_text(
                json.dumps([{"directory": folder, "file": "main.c", "arguments": command}]))
            done = subprocess.run([stent, "create", "--target", work / "program", "--compile-commands",
                                   work / "compile_commands.json", "--patch", work / "fix.diff", "-o",
                                   work / "fix.stent"], capture_output=True, text=True)
            said = done.stdout + done.stderr
            good = done.returncode == 0 and "nothing to change" in said and not (work / "fix.stent").exists()
            print(("ok   " if good else "FAIL ") + what + ("" if good else f": status {done.returncode}\n{said}"))
            failures += not good
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
