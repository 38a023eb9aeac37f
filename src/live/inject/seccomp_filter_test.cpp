#include "live/inject/seccomp_filter.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstddef>

namespace stent::inject {
namespace {

using Program = std::vector<sock_filter>;

constexpr unsigned number_at = offsetof(seccomp_data, nr);
constexpr unsigned protection_at = offsetof(seccomp_data, args) + 2 * 8;

sock_filter step(unsigned code, std::uint32_t k, unsigned jt = 0, unsigned jf = 0) {
  return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt), static_cast<std::uint8_t>(jf), k};
}
sock_filter load(unsigned at) { return step(BPF_LD | BPF_W | BPF_ABS, at); }
sock_filter ret(std::uint32_t value) { return step(BPF_RET | BPF_K, value); }

PlannedCall mmap_call(std::uint64_t protection) {
  return {SYS_mmap, {0, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, ~0ULL, 0}, {0x1002}};
}

/// As systemd's MemoryDenyWriteExecute: no mapping that is writable and executable, nothing made executable
/// later.
Program deny_write_execute() {
  return {load(offsetof(seccomp_data, arch)),
          step(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 7),
          load(number_at),
          step(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 5),
          load(protection_at),
          step(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
          step(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 2),
          ret(SECCOMP_RET_ERRNO | 1),
          ret(SECCOMP_RET_ALLOW),
          ret(SECCOMP_RET_ALLOW)};
}

TEST(SeccompFilter, TellsMappingsApartByTheirProtection) {
  const SeccompFilter filter({deny_write_execute()});
  EXPECT_TRUE(filter.allows(mmap_call(PROT_READ | PROT_EXEC)));
  EXPECT_FALSE(filter.allows(mmap_call(PROT_READ | PROT_WRITE | PROT_EXEC)));
  EXPECT_TRUE(filter.allows({SYS_munmap, {}, {}}));
}

TEST(SeccompFilter, EveryProgramMustAllow) {
  EXPECT_TRUE(SeccompFilter{}.allows(mmap_call(0)));
  EXPECT_TRUE(SeccompFilter({{ret(SECCOMP_RET_ALLOW)}, {ret(SECCOMP_RET_LOG)}}).allows(mmap_call(0)));
  for (const std::uint32_t other :
       {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
        SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, 0x12340000U})
    EXPECT_FALSE(SeccompFilter({{ret(SECCOMP_RET_ALLOW)}, {ret(other)}}).allows(mmap_call(0))) << other;
}

TEST(SeccompFilter, SeesNumberArchitectureArgumentsAndInstruction) {
  const PlannedCall call{SYS_close, {0x1122334455667788, 2, 3, 4, 5, 0xabcdef0199887766}, {0x7fff12345678}};
  const auto word = [&](unsigned at) {
    return run_filter(Program{load(at), step(BPF_RET | BPF_A, 0)}, call);
  };
  EXPECT_EQ(word(0), static_cast<std::uint32_t>(SYS_close));
  EXPECT_EQ(word(4), AUDIT_ARCH_X86_64);
  EXPECT_EQ(word(8), 0x12345678U);
  EXPECT_EQ(word(12), 0x7fffU);
  EXPECT_EQ(word(16), 0x55667788U);
  EXPECT_EQ(word(20), 0x11223344U);
  EXPECT_EQ(word(60), 0xabcdef01U);
}

TEST(SeccompFilter, CalculatesAsTheKernel) {
  const auto result = [](unsigned operation, std::uint32_t a, std::uint32_t b) {
    const auto by_value = run_filter(
        Program{step(BPF_LD | BPF_IMM, a), step(BPF_ALU | operation | BPF_K, b), step(BPF_RET | BPF_A, 0)},
        {});
    const auto by_register =
        run_filter(Program{step(BPF_LD | BPF_IMM, a), step(BPF_LDX | BPF_IMM, b),
                           step(BPF_ALU | operation | BPF_X, 0), step(BPF_RET | BPF_A, 0)},
                   {});
    EXPECT_EQ(by_value, by_register);
    return by_value.value_or(0xdead);
  };
  EXPECT_EQ(result(BPF_ADD, 0xffffffff, 2), 1U);
  EXPECT_EQ(result(BPF_SUB, 1, 2), 0xffffffffU);
  EXPECT_EQ(result(BPF_MUL, 7, 6), 42U);
  EXPECT_EQ(result(BPF_DIV, 7, 2), 3U);
  EXPECT_EQ(result(BPF_DIV, 7, 0), std::uint32_t{SECCOMP_RET_KILL_THREAD});
  EXPECT_EQ(result(BPF_AND, 6, 3), 2U);
  EXPECT_EQ(result(BPF_OR, 6, 3), 7U);
  EXPECT_EQ(result(BPF_XOR, 6, 3), 5U);
  EXPECT_EQ(result(BPF_LSH, 1, 4), 16U);
  EXPECT_EQ(result(BPF_RSH, 16, 4), 1U);
  EXPECT_EQ(result(BPF_NEG, 1, 0), 0xffffffffU);
}

TEST(SeccompFilter, JumpsStoresAndSwaps) {
  const Program program{step(BPF_LD | BPF_IMM, 5),
                        step(BPF_ST, 15),
                        step(BPF_LDX | BPF_MEM, 15),
                        step(BPF_LD | BPF_W | BPF_LEN, 0),
                        step(BPF_MISC | BPF_TXA, 0),
                        step(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 4),
                        step(BPF_JMP | BPF_JGT | BPF_X, 0, 3, 0),
                        step(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 2),
                        step(BPF_JMP | BPF_JA, 2),
                        ret(1),
                        ret(2),
                        ret(3)};
  EXPECT_EQ(run_filter(program, {}), 3U);
}

TEST(SeccompFilter, MalformedNeverMeansYes) {
  const Program malformed[] = {
      {},
      {load(number_at)},                                                       // no result
      {step(BPF_JMP | BPF_JA, 0xffffffff), ret(SECCOMP_RET_ALLOW)},            // leaves the program
      {step(BPF_JMP | BPF_JEQ | BPF_K, 0, 200, 200), ret(SECCOMP_RET_ALLOW)},  // likewise
      {load(sizeof(seccomp_data)), ret(SECCOMP_RET_ALLOW)},                    // beyond the data
      {load(2), ret(SECCOMP_RET_ALLOW)},                                       // not aligned
      {step(BPF_LD | BPF_B | BPF_ABS, 0), ret(SECCOMP_RET_ALLOW)},             // a byte
      {step(BPF_LD | BPF_W | BPF_IND, 0), ret(SECCOMP_RET_ALLOW)},             // relative to X
      {step(BPF_LD | BPF_MEM, 16), ret(SECCOMP_RET_ALLOW)},                    // no such scratch word
      {step(BPF_ST, 16), ret(SECCOMP_RET_ALLOW)},
      {step(BPF_ALU | BPF_MOD | BPF_K, 1), ret(SECCOMP_RET_ALLOW)},  // seccomp has no modulo
      {step(BPF_JMP | 0x70 | BPF_K, 0), ret(SECCOMP_RET_ALLOW)},
      {step(0xffff, 0), ret(SECCOMP_RET_ALLOW)},
      {step(BPF_RET | BPF_X, 0)},
  };
  for (const Program& program : malformed) {
    EXPECT_FALSE(run_filter(program, mmap_call(0))) << &program - malformed;
    EXPECT_FALSE(SeccompFilter({program}).allows(mmap_call(0))) << &program - malformed;
  }
}

}  // namespace
}  // namespace stent::inject
