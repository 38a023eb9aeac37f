#include "binary/arch/x86_64/decode.hpp"

#include <gtest/gtest.h>

#include "binary/arch/x86_64/jump.hpp"
#include "binary/arch/x86_64/relocation.hpp"

namespace stent::x86_64 {
namespace {

TEST(Decode, KnowsFlowAndFields) {
  // jne +2; call +0x100; lea 0x10(%rip),%rax; jmp *8(%rip); nopw; endbr64; ret
  const Bytes code = from_hex(
      "7502"
      "e800010000"
      "488d0510000000"
      "ff2508000000"
      "660f1f440000"
      "f30f1efa"
      "c3");
  const auto all = decode(code);
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(all[0].flow, Flow::conditional_jump);
  EXPECT_EQ(all[0].branch_target, 4);
  EXPECT_EQ(all[1].flow, Flow::call);
  EXPECT_EQ(all[1].branch, (Field{1, 4}));
  EXPECT_EQ(all[1].branch_target, 7 + 0x100);
  EXPECT_TRUE(all[2].memory_is_rip_relative);
  EXPECT_EQ(all[2].memory, (Field{3, 4}));
  EXPECT_EQ(all[2].memory_target, 14 + 0x10);
  EXPECT_EQ(all[3].flow, Flow::indirect_jump);
  EXPECT_TRUE(all[4].is_nop);
  EXPECT_FALSE(all[5].is_nop);
  EXPECT_EQ(all[6].flow, Flow::ret);
}

TEST(Decode, SeparatesDisplacementFromImmediate) {
  const Bytes code = from_hex("c7050000000078563412");  // movl $0x12345678, 0(%rip)
  const auto one = decode_one(code);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->memory, (Field{2, 4}));
  EXPECT_EQ(one->immediate, (Field{6, 4}));
  EXPECT_EQ(one->memory_target, 10);
}

TEST(Decode, StopsAtWhatIsNoInstruction) {
  const Bytes code = from_hex("9006");
  EXPECT_EQ(decode(code).size(), 1u);
  EXPECT_FALSE(decode_one(ByteView{}));
}

TEST(Jump, RefusesWhatIsOutOfReach) {
  EXPECT_EQ(to_hex(*near_jump(0x1000, 0x2000)), "e9fb0f0000");
  EXPECT_FALSE(near_jump(0, 0x80000005));
  EXPECT_TRUE(near_jump(0, 0x80000004));
  EXPECT_TRUE(near_jump(0x80000000 - 5, 0));
  EXPECT_EQ(to_hex(*slot_jump(0x1000, 0x2000)), "ff25fa0f0000");
}

TEST(Relocation, NamesAndFormulas) {
  EXPECT_EQ(to_string(RelocationType::plt32), "R_X86_64_PLT32");
  EXPECT_EQ(describe(RelocationType::gotpcrelx).formula, Formula::got_relative);
  EXPECT_EQ(describe(static_cast<RelocationType>(77)).formula, Formula::unknown);
  EXPECT_EQ(to_string(static_cast<RelocationType>(77)), "R_X86_64_#77");
}

}  // namespace
}  // namespace stent::x86_64
