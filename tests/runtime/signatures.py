"""Signed patches: only what a trusted key signed is applied where a signature is required."""

import os
import sys

from harness import Process, Work, main, require, run

MAIN = r"""
#include <stdio.h>
long answer(void);
int main(void) {
  char verb[16];
  puts("ready");
  fflush(stdout);
  while (scanf("%15s", verb) == 1) {
    printf("%ld\n", answer());
    fflush(stdout);
  }
  return 0;
}
"""
BEFORE = "long answer(void) { volatile long x = 1; return x + 40; }\n"
AFTER = "long answer(void) { volatile long x = 2; return x + 40; }\n"


def policy(stent, folder):
    work = Work(stent, folder, "gcc")
    process = Process(work.program(MAIN, BEFORE))
    patch = work.patch(BEFORE, AFTER)
    mine, other = work.folder / "mine", work.folder / "other"
    for name in (mine, other):
        run(stent, "keygen", "-o", name)
    trusting = ["--require-signature", "--trust", f"{mine}.pub"]

    said = work.do("apply", patch, process.pid, *trusting, expect=5)
    require("not signed" in said.stderr, said.stderr)
    run(stent, "sign", "--key", f"{other}.key", patch)
    said = work.do("apply", patch, process.pid, *trusting, expect=5)
    require("does not trust" in said.stderr, said.stderr)
    process.expect("ask", 41)
    run(stent, "sign", "--key", f"{mine}.key", patch)
    require("signed by" in run(stent, "show", patch).stdout, "show does not name the signer")
    work.do("apply", patch, process.pid, *trusting)
    process.expect("ask", 42)
    work.do("revert", patch, process.pid)

    # The host's own policy.
    config = work.folder / "config"
    (config / "keys").mkdir(parents=True)
    (config / "require-signature").touch()
    host = {**os.environ, "STENT_CONFIG": str(config)}
    run(stent, "apply", patch, "--pid", process.pid, expect=5, env=host)
    (config / "keys" / "mine.pub").write_text((work.folder / "mine.pub").read_text())
    run(stent, "apply", patch, "--pid", process.pid, env=host)
    process.expect("ask", 42)
    work.do("revert", patch, process.pid)

    # One byte changed anywhere: refused, whatever the policy.
    good = patch.read_bytes()
    for place in [*range(0, len(good), len(good) // 40), *range(len(good) - 160, len(good), 7)]:
        damaged = bytearray(good)
        damaged[place] ^= 0x10
        patch.write_bytes(damaged)
        run(stent, "apply", patch, "--pid", process.pid, expect=3)
    process.expect("ask", 41)
    process.close()


if __name__ == "__main__":
    sys.exit(main({"policy": policy}))
