#include <gmock/gmock.h>

#include <array>

#include "base/bytes_of.hpp"
#include "base/error.hpp"
#include "live/process/fake_memory.hpp"
#include "live/publish/arch_x86_64_site.hpp"
#include "live/publish/mend.hpp"

namespace stent::publish {
namespace {

const RemoteAddress entry{0x1000};
const Bytes plain = bytes_of({0x53, 0x90, 0xbb, 0x2a, 0x00});
const Bytes jump = bytes_of({0xe9, 0xfb, 0x0f, 0x00, 0x00});   // to 0x2000
const Bytes other = bytes_of({0xe9, 0xfb, 0x1f, 0x00, 0x00});  // to 0x3000

Site site_of(const Bytes& before, const Bytes& after) {
  const redirect::JumpWrite write{"work", entry, before, after, {}};
  return plan_sites(std::span(&write, 1)).at(0);
}

std::string refusal_of(const Bytes& before) {
  try {
    site_of(before, jump);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    return error.message();
  }
  return "";
}

TEST(Site, LeadsWhereTheOldBytesJumpElseTheNewOnes) {
  EXPECT_EQ(site_of(plain, jump).route.value, 0x2000U);
  EXPECT_TRUE(site_of(plain, jump).leads_to_new);
  EXPECT_EQ(site_of(jump, plain).route.value, 0x2000U);
  EXPECT_EQ(site_of(other, jump).route.value, 0x3000U);
  EXPECT_FALSE(site_of(other, jump).leads_to_new);
}

TEST(Site, IsRefusedWhereACallReturnsIntoTheBytesOrABreakpointStands) {
  EXPECT_THAT(refusal_of(bytes_of({0x53, 0xff, 0xd7, 0x90, 0x90})), testing::HasSubstr("work at 0x1000"));
  EXPECT_THAT(refusal_of(bytes_of({0x53, 0xff, 0xd7, 0x90, 0x90})), testing::HasSubstr("a call"));
  EXPECT_THAT(refusal_of(bytes_of({0xcc, 0x90, 0x90, 0x90, 0x90})), testing::HasSubstr("a breakpoint"));
  EXPECT_EQ(refusal_of(bytes_of({0xe8, 0x00, 0x00, 0x00, 0x00})), "") << "returns behind the bytes";
}

TEST(Mend, GivesBackTheFirstByteThatBelongsToTheRest) {
  const std::array candidates{plain, jump};
  for (const Bytes& whole : candidates) {
    Bytes left = whole;
    left[0] = breakpoint;
    process::FakeMemory memory;
    memory.map(entry, left);
    EXPECT_TRUE(mend(memory, entry, candidates));
    EXPECT_EQ(memory.read(entry, std::uint64_t{whole.size()}), whole);
    EXPECT_FALSE(mend(memory, entry, candidates)) << "nothing is left to do";
  }
}

TEST(Mend, LeavesABreakpointBeforeOtherBytesAlone) {
  Bytes strange = other;
  strange[0] = breakpoint;
  process::FakeMemory memory;
  memory.map(entry, strange);
  EXPECT_FALSE(mend(memory, entry, std::array{plain, jump}));
  EXPECT_EQ(memory.read(entry, std::uint64_t{strange.size()}), strange);
}

}  // namespace
}  // namespace stent::publish
