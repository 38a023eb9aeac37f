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

using PageWrites = std::vector<const JumpWrite*>;

/// Grouped by page, ascending.
std::vector<PageWrites> by_page(std::span<const JumpWrite> writes) {
  PageWrites sorted;
  for (const JumpWrite& write : writes) sorted.push_back(&write);
  std::ranges::sort(sorted, {}, [](const JumpWrite* write) { return write->entry; });
  std::vector<PageWrites> pages;
  for (const JumpWrite* write : sorted) {
    if (pages.empty() || page_of(pages.back().front()->entry) != page_of(write->entry)) pages.emplace_back();
    pages.back().push_back(write);
  }
  return pages;
}

/// One write from the first entry of a page to the last one's end.
void write_page(process::RemoteMemory& memory, const PageWrites& writes, Bytes JumpWrite::*wanted) {
  const RemoteAddress begin = writes.front()->entry;
  const std::int64_t size =
      writes.back()->entry - begin + static_cast<std::int64_t>((writes.back()->*wanted).size());
  Bytes bytes(static_cast<std::size_t>(size));
  if (writes.size() > 1) memory.read(begin, MutableByteView(bytes));
  for (const JumpWrite* write : writes)
    std::ranges::copy(write->*wanted, bytes.begin() + (write->entry - begin));
  memory.write(begin, bytes);
}

}  // namespace

std::vector<JumpWrite> plan(const resolve::ResolvedPatch& resolved) {
  std::vector<JumpWrite> writes;
  for (const resolve::ResolvedFunction& function : resolved.functions) {
    const auto jump = x86_64::near_jump(function.entry.value, function.replacement.value);
    if (!jump)
      throw Error(ErrorCode::refused,
                  fmt::format("{} at {:#x} is out of reach of its replacement at {:#x}", function.name,
                              function.entry.value, function.replacement.value),
                  "restart the target; its address space around this module is too full");
    writes.push_back({function.name, function.entry, function.present, Bytes(jump->begin(), jump->end()),
                      function.module_extents});
    const RemoteAddress last = function.entry + static_cast<std::int64_t>(jump->size()) - 1;
    if (page_of(function.entry) != page_of(last)) throw crosses_pages(writes.back());
  }
  return writes;
}

std::vector<JumpWrite> reversed(std::span<const JumpWrite> writes) {
  std::vector<JumpWrite> result;
  for (auto write = writes.rbegin(); write != writes.rend(); ++write)
    result.push_back({write->function, write->entry, write->after, write->before, write->extents});
  return result;
}

void touch(process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  for (const JumpWrite& write : writes) {
    const auto last = static_cast<std::int64_t>(write.after.size()) - 1;
    memory.write(write.entry, memory.read(write.entry, 1));
    memory.write(write.entry + last, memory.read(write.entry + last, 1));
  }
}

const JumpWrite* first_changed(const process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  std::vector<Bytes> found;
  std::vector<process::ReadRequest> requests;
  for (const JumpWrite& write : writes) {
    found.emplace_back(write.before.size());
    requests.push_back({write.entry, found.back(), false});
  }
  memory.read_many(requests);
  for (std::size_t i = 0; i < writes.size(); ++i)
    if (!requests[i].ok || found[i] != writes[i].before) return &writes[i];
  return nullptr;
}

bool is_one_page(std::span<const JumpWrite> writes) {
  return std::ranges::all_of(
      writes, [&](const JumpWrite& write) { return page_of(write.entry) == page_of(writes[0].entry); });
}

void write_all(process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  const auto pages = by_page(writes);
  std::size_t done = 0;
  try {
    for (; done < pages.size(); ++done) write_page(memory, pages[done], &JumpWrite::after);
  } catch (...) {
    while (done-- > 0) write_page(memory, pages[done], &JumpWrite::before);
    throw;
  }
}

}  // namespace stent::redirect
