#include "create/bind/find_islands.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes_of.hpp"

namespace stent::bind {
namespace {

/// A module of three functions: one of three bytes, one right behind it, one aligned to 16 behind nine bytes
/// of padding.
class FindIslands : public testing::Test {
 protected:
  static constexpr std::uint64_t begin = 0x1000, gap = 0x1007, next = 0x1010;

  FindIslands() {
    image_.is_position_independent = true;
    model::ImageSegment code{{{begin}, 0x40}, {}, Bytes(0x40, std::byte{0x90}), true, false, true};
    image_.segments = {code, {{{0x3000}, 16}, {}, Bytes(16), true, true, false}};
    put(begin, {0x31, 0xc0, 0xc3});                                           // xor %eax,%eax; ret
    put(begin + 3, {0x48, 0x89, 0xf8, 0xc3});                                 // mov %rdi,%rax; ret
    put(gap, {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00});         // nopw 0(%rax,%rax)
    put(next, {0x48, 0x8d, 0x05, 0x00, 0x10, 0x00, 0x00, 0xeb, 0x00, 0xc3});  // lea, jmp to the ret behind it
    image_.function_extents = {{{begin}, 3}, {{begin + 3}, 4}, {{next}, 0x30}};
  }
  void put(std::uint64_t at, std::initializer_list<int> values) {
    std::ranges::copy(bytes_of(values),
                      image_.segments[0].bytes.begin() + static_cast<std::ptrdiff_t>(at - begin));
  }
  [[nodiscard]] std::vector<patch::Extent> islands() const { return find_islands(image_, {{begin}, 3}); }

  model::Image image_;
};

TEST_F(FindIslands, PaddingBetweenTwoFunctions) {
  const auto found = islands();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].range, (LinkRange{{gap}, 5}));
  EXPECT_EQ(found[0].pre_image, bytes_of({0x66, 0x0f, 0x1f, 0x84, 0x00}));
}

TEST_F(FindIslands, BreakpointsFillToo) {
  put(gap, {0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc});
  EXPECT_EQ(islands().size(), 1U);
}

TEST_F(FindIslands, NotWhereCodeGoes) {
  put(next + 7, {0xeb, -18});  // jmp gap
  EXPECT_TRUE(islands().empty());
  put(next + 7, {0x74, -16});  // je gap + 2
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotWhereCodeNamesIt) {
  put(next + 3, {-10, -1, -1, -1});  // lea gap + 6(%rip)
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotWhereDataPoints) {
  store<std::uint64_t>(image_.segments[1].bytes, 8, gap + 1);
  EXPECT_TRUE(islands().empty());
  store<std::uint64_t>(image_.segments[1].bytes, 8, 0);
  EXPECT_FALSE(islands().empty());
  image_.local_got[{0x3000}] = {gap};
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotWhereAnAbsoluteFieldPoints) {
  put(next, {0xbf, gap & 0xff, gap >> 8, 0x00, 0x00, 0x90, 0x90});  // mov $gap,%edi
  EXPECT_FALSE(islands().empty());
  image_.is_position_independent = false;
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotWhereASymbolStands) {
  image_.symbols.push_back({"label",
                            model::SymbolBinding::local,
                            model::SymbolType::none,
                            model::SymbolVisibility::normal,
                            {gap + 4},
                            0,
                            {}});
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotBehindACallThatMayReturnThere) {
  put(begin + 3, {0xff, 0xd0, 0xff, 0xd0});  // call *%rax, twice
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotBehindCodeThatGoesOn) {
  put(begin + 3, {0x90, 0x90, 0x90, 0x90});
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotInCode) {
  put(gap, {0x31, 0xc0, 0xc3});
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, NotMoreThanAlignmentExplains) {
  image_.function_extents[2] = {{next + 1}, 0x2f};  // nops before an entry that is not aligned: a sled
  EXPECT_TRUE(islands().empty());
}

TEST_F(FindIslands, OnlyWithinReachAndInThePage) {
  EXPECT_TRUE(find_islands(image_, {{begin - 2}, 2}).empty());   // another page
  EXPECT_FALSE(find_islands(image_, {{gap + 126}, 2}).empty());  // 128 back from the jump's end
  EXPECT_TRUE(find_islands(image_, {{gap + 127}, 2}).empty());
}

}  // namespace
}  // namespace stent::bind
