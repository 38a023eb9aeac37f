#include "live/redirect/jump_write.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::redirect {
namespace {

constexpr std::uint64_t page = 4096;

std::uint64_t page_of(RemoteAddress at) { return at.value / page; }

Error crosses_pages(const JumpWrite& write) {
  return {ErrorCode::refused,
          fmt::format("{} at {:#x} begins in the last bytes of a page, so no single write can redirect it",
                      write.function, write.entry.value),
          "leave this function out of the fix, and change its callers instead"};
}

using PageWrites = std::vector<PieceWrite>;

/// Grouped by page, ascending.
std::vector<PageWrites> by_page(std::span<const JumpWrite> writes) {
  PageWrites sorted = pieces_of(writes);
  std::ranges::sort(sorted, {}, &PieceWrite::at);
  std::vector<PageWrites> pages;
  for (const PieceWrite& piece : sorted) {
    if (pages.empty() || page_of(pages.back().front().at) != page_of(piece.at)) pages.emplace_back();
    pages.back().push_back(piece);
  }
  return pages;
}

/// From the first piece of a page to the end of all.
std::size_t size_of(const PageWrites& pieces) {
  std::size_t size = 0;
  for (const PieceWrite& piece : pieces)
    size = std::max(size, static_cast<std::size_t>(piece.at - pieces.front().at) + piece.before->size());
  return size;
}

/// One write of all that.
void write_page(process::RemoteMemory& memory, const PageWrites& pieces, const Bytes* PieceWrite::*wanted) {
  const RemoteAddress begin = pieces.front().at;
  Bytes bytes(size_of(pieces));
  if (pieces.size() > 1) memory.read(begin, MutableByteView(bytes));
  for (const PieceWrite& piece : pieces)
    std::ranges::copy(*(piece.*wanted), bytes.begin() + (piece.at - begin));
  memory.write(begin, bytes);
}

/// The near jump to the replacement, standing at `at`.
Bytes jump_to_replacement(const resolve::ResolvedFunction& function, RemoteAddress at) {
  const auto jump = x86_64::near_jump(at.value, function.replacement.value);
  if (!jump)
    throw Error(ErrorCode::refused,
                fmt::format("{} at {:#x} is out of reach of its replacement at {:#x}", function.name,
                            at.value, function.replacement.value),
                "restart the target; its address space around this module is too full");
  return {jump->begin(), jump->end()};
}

JumpWrite plan_one(const resolve::ResolvedFunction& function) {
  JumpWrite write{function.name, function.entry, function.present, {}, function.module_extents};
  if (function.island) {
    const resolve::ResolvedIsland& island = *function.island;
    const auto hop = x86_64::short_jump(function.entry.value, island.at.value);
    if (!hop)
      throw Error(ErrorCode::bad_input, "an island out of reach of " + function.name, "make it again");
    write.after.assign(hop->begin(), hop->end());
    write.island = {island.at, island.present, jump_to_replacement(function, island.at)};
  } else {
    write.after = jump_to_replacement(function, function.entry);
  }
  for (const PieceWrite& piece : pieces_of(std::span(&write, 1)))
    if (page_of(piece.at) != page_of(function.entry) ||
        page_of(piece.at + static_cast<std::int64_t>(piece.after->size()) - 1) != page_of(function.entry))
      throw crosses_pages(write);
  return write;
}

}  // namespace

std::vector<PieceWrite> pieces_of(std::span<const JumpWrite> writes) {
  std::vector<PieceWrite> pieces;
  for (const JumpWrite& write : writes) {
    if (!write.after.empty()) pieces.push_back({&write, write.entry, &write.before, &write.after});
    if (write.island)
      pieces.push_back({&write, write.island->at, &write.island->before, &write.island->after});
  }
  return pieces;
}

std::vector<JumpWrite> plan(const resolve::ResolvedPatch& resolved) {
  std::vector<JumpWrite> writes;
  for (const resolve::ResolvedFunction& function : resolved.functions) writes.push_back(plan_one(function));
  return writes;
}

std::vector<JumpWrite> reversed(std::span<const JumpWrite> writes) {
  std::vector<JumpWrite> result(writes.rbegin(), writes.rend());
  for (JumpWrite& write : result) {
    std::swap(write.before, write.after);
    if (write.island) std::swap(write.island->before, write.island->after);
  }
  return result;
}

void touch(process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  for (const PieceWrite& piece : pieces_of(writes)) {
    const auto last = static_cast<std::int64_t>(piece.after->size()) - 1;
    memory.write(piece.at, memory.read(piece.at, 1));
    memory.write(piece.at + last, memory.read(piece.at + last, 1));
  }
}

const JumpWrite* first_changed(const process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  const auto pages = by_page(writes);
  std::vector<Bytes> found;
  std::vector<process::ReadRequest> requests;
  for (const PageWrites& pieces : pages) {
    found.emplace_back(size_of(pieces));
    requests.push_back({pieces.front().at, found.back(), false});
  }
  memory.read_many(requests);
  for (std::size_t i = 0; i < pages.size(); ++i)
    for (const PieceWrite& piece : pages[i]) {
      const auto offset = static_cast<std::size_t>(piece.at - pages[i].front().at);
      const auto present = std::span(found[i]).subspan(offset, piece.before->size());
      if (!requests[i].ok || !std::ranges::equal(present, *piece.before)) return piece.of;
    }
  return nullptr;
}

bool is_one_page(std::span<const JumpWrite> writes) { return by_page(writes).size() <= 1; }

void write_all(process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  const auto pages = by_page(writes);
  std::size_t done = 0;
  try {
    for (; done < pages.size(); ++done) write_page(memory, pages[done], &PieceWrite::after);
  } catch (...) {
    while (done-- > 0) write_page(memory, pages[done], &PieceWrite::before);
    throw;
  }
}

}  // namespace stent::redirect
