#include "binary/arch/x86_64/kept_registers.hpp"

#include <gtest/gtest.h>

#include "base/bytes_of.hpp"
#include "binary/arch/x86_64/clobbers.hpp"

namespace stent::x86_64 {
namespace {

/// The names of what is kept across the first call of `code`; the callee destroys nothing that is known, and
/// looks at `used`.
std::string kept(std::initializer_list<int> bytes, RegisterSet results, RegisterSet used = {}) {
  const Callees callees{[](const Instruction&) { return RegisterSet(); },
                        [](const Instruction&) { return false; }, [used](const Instruction&) { return used; },
                        results};
  const auto found = kept_across_calls(bytes_of(bytes), callees);
  return found.empty() ? "" : names_of(found.front().registers);
}

TEST(KeptRegisters, WhatIsReadAfterACallIsKept) {
  // call +0x100; lea rax, [rdi+rsi*2]; ret
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0x48, 0x8d, 0x04, 0x77, 0xc3}, integer_result()), "rsi, rdi");
  // call +0x100; mov edi, 1; mov rax, rdi; ret
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x89, 0xf8, 0xc3}, integer_result()), "");
  // call +0x100; mov dil, 1; mov rax, rdi; ret: the rest of rdi is what it was
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0x40, 0xb7, 1, 0x48, 0x89, 0xf8, 0xc3}, integer_result()), "rdi");
}

TEST(KeptRegisters, AResultThatNothingSetsIsKept) {
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xc3}, integer_result()), "rax");
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xc3}, {}), "");
  // call +0x100; xor eax, eax; pxor xmm0, xmm0; ret
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0x31, 0xc0, 0x66, 0x0f, 0xef, 0xc0, 0xc3}, every_result()), "rdx, xmm1");
}

TEST(KeptRegisters, WhatALaterCallUsesIsKept) {
  // call +0x100; mov edi, 1; call +0x100; ret
  const auto code = {0xe8, 0, 1, 0, 0, 0xbf, 1, 0, 0, 0, 0xe8, 0, 1, 0, 0, 0xc3};
  EXPECT_EQ(kept(code, {}, first_arguments(2, 1)), "rsi, xmm0");
  EXPECT_EQ(kept(code, {}, first_arguments(1, 0)), "");
}

TEST(KeptRegisters, LoopsAndJumpsThatLeaveAreFollowed) {
  // call +0x100; dec ecx; jnz to the call; ret
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xff, 0xc9, 0x75, 0xf7, 0xc3}, {}), "rcx");
  // call +0x100; jmp -0x100
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xe9, 0, 0xff, 0xff, 0xff}, {}, first_arguments(1, 0)), "rdi");
  // call +0x100; jmp rax: anywhere
  EXPECT_EQ(kept({0xe8, 0, 1, 0, 0, 0xff, 0xe0}, {}), names_of(call_clobbered()));
}

TEST(KeptRegisters, WhatTheCalleeDestroysIsNotExpectedBack) {
  const Callees callees{[](const Instruction&) { return first_arguments(1, 0); },
                        [](const Instruction&) { return false; },
                        [](const Instruction&) { return RegisterSet(); },
                        {}};
  // call +0x100; lea rax, [rdi+rsi*2]; ret
  const auto found = kept_across_calls(bytes_of({0xe8, 0, 1, 0, 0, 0x48, 0x8d, 0x04, 0x77, 0xc3}), callees);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(names_of(found[0].registers), "rsi");
}

TEST(KeptRegisters, UsedAtEntryIsWhatIsReadFirst) {
  const Callees none{[](const Instruction&) { return call_clobbered(); },
                     [](const Instruction&) { return false; },
                     [](const Instruction&) { return RegisterSet(); },
                     {}};
  // mov eax, esi; xor edi, edi; add eax, edi; ret
  EXPECT_EQ(names_of(used_at_entry(bytes_of({0x89, 0xf0, 0x31, 0xff, 0x01, 0xf8, 0xc3}), none)), "rsi");
}

}  // namespace
}  // namespace stent::x86_64
