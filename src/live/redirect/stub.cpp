#include "live/redirect/stub.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/displace.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::redirect {
namespace {

constexpr std::uint64_t longest_instruction = 15;

Error cannot_move(const JumpWrite& write, const std::string& reason) {
  return {
      ErrorCode::refused,
      fmt::format("{} cannot switch together with others in one write: {}", write.function, reason),
      "let this function be a patch of its own, or make the patch with --consistency entry if old and new "
      "code may run side by side"};
}

/// Where a jump standing at `at` goes that is all of `code`; empty when that is something else.
std::optional<std::uint64_t> jump_target(ByteView code, RemoteAddress at) {
  const auto first = x86_64::decode_one(code);
  if (!first || first->flow != x86_64::Flow::jump || first->length != code.size()) return {};
  return at.value + static_cast<std::uint64_t>(*first->branch_target);
}

/// The same for the entry of `write`; through its island, whose bytes go with `entry_bytes`.
std::optional<std::uint64_t> jump_target(const JumpWrite& write, const Bytes& entry_bytes) {
  const auto target = jump_target(entry_bytes, write.entry);
  if (!target || !write.island || *target != write.island->at.value) return target;
  return jump_target(&entry_bytes == &write.before ? write.island->before : write.island->after,
                     write.island->at);
}

/// The function as it is when its entry holds `entry_bytes`, as far as its first instructions go.
Bytes first_code(const JumpWrite& write, const Bytes& entry_bytes, const process::RemoteMemory& memory) {
  Bytes code = entry_bytes;
  RemoteAddress end = write.entry + static_cast<std::int64_t>(code.size());
  for (const RemoteRange& extent : write.extents)
    if (extent.contains(write.entry)) end = std::max(end, extent.end());
  const RemoteAddress rest = write.entry + static_cast<std::int64_t>(entry_bytes.size());
  const auto size = std::min<std::uint64_t>(static_cast<std::uint64_t>(end - rest), longest_instruction);
  const Bytes more = memory.read(rest, size);
  code.insert(code.end(), more.begin(), more.end());
  return code;
}

void refuse_branches(const JumpWrite& write, const Bytes& entry_bytes, std::size_t length,
                     const process::RemoteMemory& memory) {
  const RemoteAddress end = write.entry + static_cast<std::int64_t>(length);
  for (const RemoteRange& extent : write.extents) {
    Bytes code = memory.read(extent.begin, extent.size);
    if (extent.contains(write.entry))  // after an endbr64 the entry is not where the extent begins
      std::ranges::copy(entry_bytes, code.begin() + (write.entry - extent.begin));
    if (x86_64::branches_between(code, extent.begin.value, write.entry.value, end.value))
      throw cannot_move(write, "its code jumps into its own first bytes, or cannot be decoded");
  }
}

/// Appends code that does what the function does when its entry holds `entry_bytes`; returns where.
std::uint64_t add_way(Bytes& stub, RemoteAddress stub_at, const JumpWrite& write, const Bytes& entry_bytes,
                      const process::RemoteMemory& memory) {
  if (const auto target = jump_target(write, entry_bytes)) return *target;
  const std::uint64_t at = stub_at.value + stub.size();
  const Bytes code = first_code(write, entry_bytes, memory);
  const auto moved = x86_64::displace(code, entry_bytes.size(), write.entry.value, at);
  if (const auto* reason = std::get_if<std::string>(&moved)) throw cannot_move(write, *reason);
  const auto& displaced = std::get<x86_64::Displaced>(moved);
  refuse_branches(write, entry_bytes, displaced.length, memory);
  stub.insert(stub.end(), displaced.code.begin(), displaced.code.end());
  return at;
}

}  // namespace

Error out_of_reach(const JumpWrite& write) {
  return {ErrorCode::refused,
          fmt::format("{} at {:#x} is out of reach of the memory of its change", write.function,
                      write.entry.value),
          "restart the target; its address space around this module is too full"};
}

Stub make_stub(const JumpWrite& write, RemoteAddress at, RemoteAddress slot,
               const process::RemoteMemory& memory) {
  Stub stub;
  if (const auto near = x86_64::slot_jump(at.value, slot.value)) {
    stub.code.assign(near->begin(), near->end());
  } else if (const auto far = x86_64::absolute_slot_jump(slot.value)) {
    stub.code.assign(far->begin(), far->end());
  } else {
    throw out_of_reach(write);
  }
  stub.old_way = add_way(stub.code, at, write, write.before, memory);
  stub.new_way = add_way(stub.code, at, write, write.after, memory);
  return stub;
}

}  // namespace stent::redirect
