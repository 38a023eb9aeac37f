#include "live/process/mapping.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"

namespace stent::process {
namespace {

constexpr std::string_view text =
    "55d0c0000000-55d0c0002000 r-xp 00001000 08:01 42                         /opt/my program (deleted)\n"
    "7f0000000000-7f0000001000 rw-s 00000000 00:00 0 \n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

TEST(Mapping, IsReadFromItsLine) {
  const auto mappings = parse_mappings(text);
  ASSERT_EQ(mappings.size(), 3u);
  EXPECT_EQ(mappings[0].range, (RemoteRange{{0x55d0c0000000}, 0x2000}));
  EXPECT_EQ(mappings[0].permissions, (Permissions{true, false, true, false}));
  EXPECT_EQ(mappings[0].offset.value, 0x1000u);
  EXPECT_EQ(mappings[0].device, (std::uint64_t{8} << 32 | 1));
  EXPECT_EQ(mappings[0].inode, 42u);
  EXPECT_EQ(mappings[0].name, "/opt/my program");
  EXPECT_TRUE(mappings[0].deleted);
  EXPECT_EQ(mappings[1].name, "");
  EXPECT_TRUE(mappings[1].permissions.shared);
  EXPECT_EQ(mappings[2].name, "[vsyscall]");
}

TEST(Mapping, IsFoundByAnAddressInside) {
  const auto mappings = parse_mappings(text);
  EXPECT_EQ(find_mapping(mappings, {0x55d0c0001fff}), &mappings[0]);
  EXPECT_EQ(find_mapping(mappings, {0x55d0c0002000}), nullptr);
  EXPECT_EQ(find_mapping(mappings, {1}), nullptr);
}

TEST(Mapping, OfAnotherShapeIsAnError) {
  EXPECT_THROW((void)parse_mappings("hello"), Error);
  EXPECT_THROW((void)parse_mappings("1000-2000 r-"), Error);
}

}  // namespace
}  // namespace stent::process
