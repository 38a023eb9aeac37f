#include "live/process/fake_memory.hpp"

#include <gtest/gtest.h>

namespace stent::process {
namespace {

TEST(FakeMemory, ReadsAndWritesAcrossNeighbours) {
  FakeMemory memory;
  memory.map({0x1000}, Bytes(16));
  memory.map({0x1010}, Bytes(16));
  memory.write({0x100e}, from_hex("01020304"));
  EXPECT_EQ(to_hex(memory.read(RemoteAddress{0x100d}, 6)), "000102030400");
  EXPECT_THROW((void)memory.read(RemoteAddress{0x101f}, 2), Error);
  EXPECT_THROW(memory.write({0xfff}, from_hex("0102")), Error);
}

}  // namespace
}  // namespace stent::process
