#include "live/unwind/frame_index.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "binary/elf/elf_file.hpp"

namespace stent::unwind {
namespace {

/// The linker wrote both the section and its search table into this very program.
TEST(FrameIndex, IsTheTableThatTheLinkerWrites) {
  const elf::File self("/proc/self/exe");
  const elf::Section* header = self.section(".eh_frame_hdr");
  const elf::Section* frames = self.section(".eh_frame");
  ASSERT_TRUE(header != nullptr && frames != nullptr);
  constexpr std::size_t table_at =
      12;  // version, encodings, pointer to .eh_frame and count of four bytes each
  FrameIndex wanted((header->data.size() - table_at) / sizeof(FrameIndexRow));
  std::memcpy(wanted.data(), header->data.data() + table_at, wanted.size() * sizeof(FrameIndexRow));
  const auto index =
      index_frames(frames->data, RemoteAddress{frames->address.value}, RemoteAddress{header->address.value});
  ASSERT_TRUE(index);
  EXPECT_GT(wanted.size(), 100u);
  EXPECT_EQ(*index, wanted);
}

TEST(FrameIndex, DamagedSectionsHaveNone) {
  const elf::File self("/proc/self/exe");
  const elf::Section* frames = self.section(".eh_frame");
  ASSERT_NE(frames, nullptr);
  const RemoteAddress at{frames->address.value};
  const std::size_t second = 4 + load<std::uint32_t>(frames->data, 0);
  EXPECT_FALSE(index_frames(frames->data.first(second + 6), at, at));
  Bytes bytes(frames->data.begin(), frames->data.end());
  bytes[9] = std::byte{'q'};  // the first augmentation letter of the first common part
  EXPECT_FALSE(index_frames(bytes, at, at));
  EXPECT_FALSE(index_frames(frames->data, at, at + (std::int64_t{1} << 33)));
}

}  // namespace
}  // namespace stent::unwind
