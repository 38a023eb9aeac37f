#include "live/transaction/record.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stent::transaction {
namespace {

Record sample() {
  Record record;
  record.state = RecordState::applied;
  record.id.bytes = Bytes(20, std::byte{7});
  record.name = "fix";
  record.description = "CVE";
  record.applied_at = 12345;
  record.order = 3;
  record.replaces = {{Bytes(20, std::byte{9})}};
  record.consistency = patch::Consistency::entry;
  record.removable = true;
  record.pieces = {{{{0x1000}, 0x1000}, patch::SegmentKind::constants},
                   {{{0x2000}, 0x1000}, patch::SegmentKind::code}};
  record.eh_frame_headers = {{{0x3000}, 0x20}};
  record.functions = {{"f",
                       "/bin/x",
                       {0x10},
                       {0x2000},
                       Bytes(5, std::byte{1}),
                       Bytes(5, std::byte{2}),
                       {{{0x10}, 9}},
                       {{{0x2000}, 4}},
                       0,
                       RecordedIsland{{0x60}, Bytes(5, std::byte{3}), Bytes(5, std::byte{4})}}};
  record.functions[0].destroys = 0x7;
  record.variables = {
      {{Bytes(20, std::byte{5})}, {"f.c: data n.#", {"function f"}, {}, 8, 8, 1, 2}, {0x4000}}};
  record.relies_on = {{"g", {0x70}, 0x2}};
  return record;
}

TEST(Record, ReadsWhatItWrote) {
  Record record = sample();
  const Bytes bytes = serialise(record);
  EXPECT_EQ(record_size(ByteView(bytes).first(record_head_size)), bytes.size());
  Record back = parse_record(bytes);
  EXPECT_EQ(back.name, "fix");
  EXPECT_EQ(back.state, RecordState::applied);
  EXPECT_EQ(back.replaces, record.replaces);
  EXPECT_EQ(back.consistency, patch::Consistency::entry);
  EXPECT_EQ(back.functions.at(0).before_offset, record.functions[0].before_offset);
  EXPECT_EQ(load<std::uint8_t>(bytes, back.functions[0].before_offset), 1);
  EXPECT_EQ(back.functions[0].island.value().written, Bytes(5, std::byte{4}));
  EXPECT_EQ(back.functions[0].destroys, 0x7U);
  EXPECT_EQ(back.variables.at(0).variable, record.variables[0].variable);
  EXPECT_EQ(back.variables[0].address, record.variables[0].address);
  EXPECT_EQ(back.relies_on.at(0).registers, 0x2U);
  EXPECT_EQ(serialise(back), bytes);
}

TEST(Record, EveryTruncationIsRefused) {
  Record record = sample();
  const Bytes bytes = serialise(record);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(static_cast<void>(parse_record(ByteView(bytes).first(size))), Error);
}

TEST(Record, OtherMemoryIsNoRecord) {
  EXPECT_EQ(record_size(Bytes(record_head_size)), 0U);
  EXPECT_EQ(record_size(Bytes(3)), 0U);
}

TEST(Record, DamagedCountsAreRefused) {
  Record record = sample();
  Bytes bytes = serialise(record);
  for (std::size_t at = record_head_size; at + 8 <= bytes.size(); at += 4) {
    Bytes damaged = bytes;
    store<std::uint64_t>(damaged, at, ~std::uint64_t{0});
    try {
      static_cast<void>(parse_record(damaged));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::bad_input);
    }
  }
}

}  // namespace
}  // namespace stent::transaction
