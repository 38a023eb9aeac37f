#include "create/emit/verify_frame_table.hpp"

#include <algorithm>

namespace stent::emit {
namespace {

using Frames = std::map<RemoteAddress, LinkedFrame>;

[[noreturn]] void wrong(const std::string& what) {
  throw Error(ErrorCode::internal, "self-verify: the call frame table " + what);
}

std::uint32_t word(const Trial& trial, RemoteAddress at) { return load<std::uint32_t>(trial.read(at, 4), 0); }

RemoteAddress relative(const Trial& trial, RemoteAddress at, RemoteAddress to) {
  return to + static_cast<std::int32_t>(word(trial, at));
}

void require_end(const Trial& trial, RemoteRange table) {
  RemoteAddress at = table.begin;
  while (at < table.end() && word(trial, at) != 0) at = at + 4 + word(trial, at);
  if (at + 4 != table.end()) wrong("does not end where it should");
}

/// LSB core, "DWARF Extensions": .eh_frame_hdr.
void require_search_table(const Trial& trial, RemoteRange header, RemoteAddress table, const Frames& frames) {
  constexpr std::uint32_t encodings = 0x3b031b01;  // version 1; pcrel sdata4, udata4, datarel sdata4
  constexpr std::int64_t row_size = 8;
  std::int64_t row = 12;
  if (header.size != 12 + frames.size() * row_size || word(trial, header.begin) != encodings ||
      relative(trial, header.begin + 4, header.begin + 4) != table ||
      word(trial, header.begin + 8) != frames.size())
    wrong("does not agree with the head of its search table");
  for (const auto& [code, frame] : frames) {
    if (relative(trial, header.begin + row, header.begin) != code ||
        relative(trial, header.begin + row + 4, header.begin) != frame.fde.begin)
      wrong("does not agree with its search table");
    row += row_size;
  }
}

/// CFA = rsp + 8, return address at CFA - 8.
void require_says_nothing_pushed(const Trial& trial, const LinkedFrame& frame) {
  static constexpr unsigned char nothing_pushed_yet[] = {
      0x14, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 0x10, 1, 0x1b, 0xc, 7, 8, 0x90, 1, 0, 0};
  const ByteView wanted = as_bytes(std::span(nothing_pushed_yet));
  const Bytes cie = trial.read(frame.cie.begin, frame.cie.size);
  const Bytes fde = trial.read(frame.fde.begin, frame.fde.size);
  constexpr std::ptrdiff_t instructions_at = 16;
  const bool says_more = std::any_of(fde.begin() + std::min<std::ptrdiff_t>(instructions_at, std::ssize(fde)),
                                     fde.end(), [](std::byte b) { return b != std::byte{}; });
  if (!std::equal(cie.begin(), cie.end(), wanted.begin(), wanted.end()) || says_more)
    wrong("describes the stubs as what they are not");
}

bool is_code(const patch::Image& image, const Trial& trial, RemoteRange range) {
  return std::ranges::any_of(image.segments, [&](const patch::Segment& segment) {
    const RemoteRange memory{trial.at(segment.address), segment.memory_size};
    return segment.kind == patch::SegmentKind::code && memory.contains(range.begin) &&
           range.end() <= memory.end();
  });
}

}  // namespace

void verify_frame_table(const patch::Image& image, const Trial& trial, const Frames& frames,
                        const std::set<RemoteAddress>& described, const std::set<RemoteAddress>& stubs) {
  if (image.eh_frame.size == 0 && image.eh_frame_hdr.size == 0 && described.empty() && stubs.empty()) return;
  const RemoteRange table{trial.at(image.eh_frame.begin), image.eh_frame.size};
  require_end(trial, table);
  require_search_table(trial, {trial.at(image.eh_frame_hdr.begin), image.eh_frame_hdr.size}, table.begin,
                       frames);
  RemoteRange found;
  for (const auto& [code, frame] : frames) {
    if (described.contains(code)) continue;
    if (found.size != 0) wrong("describes code that is not in the patch");
    constexpr std::int64_t code_size_at = 12;
    found = {code, word(trial, frame.fde.begin + code_size_at)};
    if (!is_code(image, trial, found)) wrong("describes as stubs what is not in the patch");
    require_says_nothing_pushed(trial, frame);
  }
  for (const RemoteAddress stub : stubs)
    if (!found.contains(stub)) wrong("does not describe a stub");
}

}  // namespace stent::emit
