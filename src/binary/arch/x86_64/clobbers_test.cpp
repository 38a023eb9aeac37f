#include "binary/arch/x86_64/clobbers.hpp"

#include <gtest/gtest.h>

#include "base/bytes_of.hpp"

namespace stent::x86_64 {
namespace {

Clobbers of(std::initializer_list<int> bytes) { return clobbers_of(bytes_of(bytes)); }

TEST(Clobbers, CountsWhatIsWrittenInWhateverWidth) {
  // mov eax, edi; xor r8d, r8d; movaps xmm3, xmm0; push rbx; pop rbx; ret
  const Clobbers found = of({0x89, 0xf8, 0x45, 0x31, 0xc0, 0x0f, 0x28, 0xd8, 0x53, 0x5b, 0xc3});
  EXPECT_TRUE(found.is_whole);
  EXPECT_EQ(names_of(found.written), "rax, r8, xmm3");
  EXPECT_TRUE(found.call_targets.empty());
}

TEST(Clobbers, HiddenOperandsCount) {
  EXPECT_EQ(names_of(of({0x48, 0x99, 0xf3, 0xa4}).written), "rcx, rdx, rsi, rdi");  // cqo; rep movsb
}

TEST(Clobbers, KeepsCallsAndJumpsThatLeave) {
  // call +0x100; jmp to itself's start; jmp -0x100
  const Clobbers found = of({0xe8, 0x00, 0x01, 0, 0, 0xeb, 0xf9, 0xe9, 0x00, 0xff, 0xff, 0xff});
  EXPECT_EQ(found.call_targets, (std::vector<std::int64_t>{0x105, -0xf4}));
  EXPECT_TRUE(of({0xff, 0xd0}).calls_indirectly);
  EXPECT_FALSE(of({0xff}).is_whole);
}

}  // namespace
}  // namespace stent::x86_64
