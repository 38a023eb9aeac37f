#include "live/unwind/arch_x86_64_return_slot.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

#include "live/unwind/arch_x86_64_call_site.hpp"

namespace stent::unwind {
namespace {

constexpr RemoteAddress code_at{0x1000}, sp{0x7000}, rbp{0x7100};

std::optional<RemoteAddress> slot_of(std::initializer_list<int> values) {
  Bytes code;
  for (const int value : values) code.push_back(static_cast<std::byte>(value));
  code.resize(code.size() + 16, std::byte{0xcc});
  return return_slot(code_at, sp, rbp, [&](RemoteAddress from, MutableByteView into) {
    const auto offset = static_cast<std::size_t>(from - code_at);
    if (offset > code.size() || into.size() > code.size() - offset) return false;
    std::copy_n(code.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return true;
  });
}

TEST(ReturnSlot, IsFoundOverPopsCallsAndJumps) {
  EXPECT_EQ(slot_of({0xc3}), sp);
  EXPECT_EQ(slot_of({0x5b, 0x41, 0x5c, 0xc3}), sp + 16);                          // pop rbx; pop r12; ret
  EXPECT_EQ(slot_of({0xe8, 0, 0, 0, 0, 0x48, 0x83, 0xc4, 0x18, 0xc3}), sp + 24);  // call; add rsp, 24; ret
  EXPECT_EQ(slot_of({0xeb, 0x01, 0xcc, 0xc3}), sp);                               // jmp over a trap
  EXPECT_EQ(slot_of({0x75, 0x10, 0x55, 0x5d, 0xc3}), sp);  // jne; push rbp; pop rbp; ret
  EXPECT_EQ(slot_of({0xc9, 0xc3}), rbp + 8);               // leave; ret
}

TEST(ReturnSlot, IsNotGuessed) {
  EXPECT_FALSE(slot_of({0xff, 0xe0}));              // jmp rax
  EXPECT_FALSE(slot_of({0x0f, 0x0b}));              // ud2
  EXPECT_FALSE(slot_of({0x48, 0x89, 0xc4, 0xc3}));  // mov rsp, rax; ret
  EXPECT_FALSE(slot_of({0x5d, 0xc9, 0xc3}));        // pop rbp; leave; ret
  EXPECT_FALSE(slot_of({0xeb, 0xfe}));              // jmp to itself
}

TEST(CallSite, IsRecognised) {
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0xe8, 1, 2, 3, 4}));                  // call rel32
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0, 0, 0, 0xff, 0xd0}));               // call rax
  EXPECT_TRUE(ends_with_call({0, 0, 0xff, 0x15, 1, 2, 3, 4}));               // call [rip + n]
  EXPECT_TRUE(ends_with_call({0, 0, 0, 0, 0, 0xff, 0x50, 0x10}));            // call [rax + 16]
  EXPECT_FALSE(ends_with_call({0, 0, 0xff, 0xd0, 0x01, 0xc0, 0x59, 0xc3}));  // call rax, add, pop, ret
  EXPECT_FALSE(ends_with_call({0, 0, 0, 0, 0x48, 0x83, 0xc4, 0x18}));
  EXPECT_FALSE(ends_with_call({0, 0, 0, 0, 0, 0, 0xff, 0xe0}));  // jmp rax
  EXPECT_TRUE(looks_like_signal_context(0x246, 0x2b000000000033));
  EXPECT_FALSE(looks_like_signal_context(0x246, 0));
  EXPECT_FALSE(looks_like_signal_context(0x7fff00000002, 0x33));
}

}  // namespace
}  // namespace stent::unwind
