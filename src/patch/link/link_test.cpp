#include "patch/link/link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stent::link {
namespace {

using x86_64::RelocationType;

constexpr std::uint64_t base = 0x7f0000000000;

patch::Image one_field(RelocationType type, std::int64_t addend, patch::Binding binding = {"thing", {}}) {
  patch::Image image;
  image.segments.push_back({patch::SegmentKind::code, {0x1000}, Bytes(32, std::byte{0xcc}), 32});
  image.bindings.push_back(std::move(binding));
  image.relocations.push_back({{0x1008}, type, 0, addend});
  return image;
}

Bytes field(RelocationType type, std::uint64_t value, std::int64_t addend = 0) {
  return link(one_field(type, addend), PatchBase{{base}}, {value}).at(0).bytes;
}

TEST(Link, absolute_64_is_symbol_plus_addend) {
  const Bytes bytes = field(RelocationType::abs64, 0x1122334455667700, 0x88);
  EXPECT_EQ(load<std::uint64_t>(bytes, 8), 0x1122334455667788u);
  EXPECT_EQ(bytes[7], std::byte{0xcc});
  EXPECT_EQ(bytes[16], std::byte{0xcc});
}

TEST(Link, pc_relative_32_subtracts_the_place) {
  for (const auto type : {RelocationType::pc32, RelocationType::plt32}) {
    const Bytes bytes = field(type, base + 0x5000, -4);
    EXPECT_EQ(load<std::int32_t>(bytes, 8), 0x5000 - 0x1008 - 4);
    EXPECT_EQ(bytes[12], std::byte{0xcc});
  }
}

TEST(Link, pc_relative_32_reaches_two_gibibytes_and_no_further) {
  const std::uint64_t place = base + 0x1008;
  EXPECT_EQ(load<std::int32_t>(field(RelocationType::pc32, place + 0x7fffffff), 8), 0x7fffffff);
  EXPECT_EQ(load<std::uint32_t>(field(RelocationType::pc32, place - 0x80000000), 8), 0x80000000u);
  EXPECT_THROW((void)field(RelocationType::pc32, place + 0x80000000), Error);
  EXPECT_THROW((void)field(RelocationType::pc32, place - 0x80000001), Error);
}

TEST(Link, out_of_reach_names_the_binding) {
  try {
    (void)field(RelocationType::pc32, 0x1000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::mismatch);
    EXPECT_THAT(error.message(), testing::HasSubstr("thing"));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Link, absolute_32_zero_extends_and_32s_sign_extends) {
  EXPECT_EQ(load<std::uint32_t>(field(RelocationType::abs32, 0xffffffff), 8), 0xffffffffu);
  EXPECT_THROW((void)field(RelocationType::abs32, 0x100000000), Error);
  EXPECT_THROW((void)field(RelocationType::abs32, 0, -1), Error);
  EXPECT_EQ(load<std::int32_t>(field(RelocationType::abs32s, 0, -1), 8), -1);
  EXPECT_EQ(load<std::int32_t>(field(RelocationType::abs32s, 0x7fffffff), 8), 0x7fffffff);
  EXPECT_THROW((void)field(RelocationType::abs32s, 0x80000000), Error);
}

TEST(Link, narrow_fields) {
  EXPECT_EQ(load<std::uint16_t>(field(RelocationType::abs16, 0xffff), 8), 0xffff);
  EXPECT_THROW((void)field(RelocationType::abs16, 0x10000), Error);
  EXPECT_EQ(load<std::uint8_t>(field(RelocationType::abs8, 0, -1), 8), 0xff);
  EXPECT_THROW((void)field(RelocationType::abs8, 0x100), Error);
  EXPECT_EQ(load<std::int16_t>(field(RelocationType::pc16, base + 0x1000), 8), -8);
  EXPECT_THROW((void)field(RelocationType::pc16, base + 0x1008 + 0x8000), Error);
  const Bytes bytes = field(RelocationType::pc8, base + 0x1008 + 0x7f);
  EXPECT_EQ(load<std::int8_t>(bytes, 8), 0x7f);
  EXPECT_EQ(bytes[9], std::byte{0xcc});
  EXPECT_THROW((void)field(RelocationType::pc8, base + 0x1008 + 0x80), Error);
}

TEST(Link, pc_relative_64_reaches_everywhere) {
  EXPECT_EQ(load<std::uint64_t>(field(RelocationType::pc64, 0x10), 8), 0x10 - (base + 0x1008));
}

TEST(Link, thread_offsets_are_signed) {
  const auto minus_64 = static_cast<std::uint64_t>(std::int64_t{-64});
  for (const auto type : {RelocationType::tpoff32, RelocationType::dtpoff32}) {
    EXPECT_EQ(load<std::int32_t>(field(type, minus_64, 8), 8), -56);
    EXPECT_THROW((void)field(type, std::uint64_t{1} << 31), Error);
  }
  for (const auto type : {RelocationType::tpoff64, RelocationType::dtpoff64})
    EXPECT_EQ(load<std::int64_t>(field(type, minus_64, 8), 8), -56);
}

TEST(Link, places_segments_at_the_base) {
  const auto segments = link(one_field(RelocationType::none, 0), PatchBase{{base}}, {0});
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].address, RemoteAddress{base + 0x1000});
  EXPECT_EQ(segments[0].memory_size, 32u);
  EXPECT_EQ(segments[0].bytes, Bytes(32, std::byte{0xcc}));
}

TEST(Link, refuses_what_it_does_not_know_and_what_lies_outside) {
  EXPECT_THROW((void)field(RelocationType::gotpcrel, 0), Error);
  patch::Image outside = one_field(RelocationType::abs64, 0);
  outside.relocations[0].place = {0x1000 + 25};
  EXPECT_THROW((void)link(outside, PatchBase{{base}}, {0}), Error);
  outside.relocations[0].place = {0xfff};
  EXPECT_THROW((void)link(outside, PatchBase{{base}}, {0}), Error);
  EXPECT_THROW((void)link(one_field(RelocationType::abs64, 0), PatchBase{{base}}, {}), Error);
  patch::Image dangling = one_field(RelocationType::abs64, 0);
  dangling.relocations[0].binding = 1;
  EXPECT_THROW((void)link(dangling, PatchBase{{base}}, {0}), Error);
}

TEST(Image, window_size_rounds_up_to_pages) {
  patch::Image image;
  EXPECT_EQ(image.window_size(), 0u);
  image.segments.push_back({patch::SegmentKind::code, {0}, Bytes(10), 10});
  image.segments.push_back({patch::SegmentKind::data, {0x2000}, Bytes(10), 0x1001});
  EXPECT_EQ(image.window_size(), 0x4000u);
}

}  // namespace
}  // namespace stent::link
