#include "live/redirect/jump_write.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "binary/arch/x86_64/jump.hpp"

namespace stent::redirect {

std::vector<JumpWrite> plan(const resolve::ResolvedPatch& resolved) {
  std::vector<JumpWrite> writes;
  for (const resolve::ResolvedFunction& function : resolved.functions) {
    const auto jump = x86_64::near_jump(function.entry.value, function.replacement.value);
    if (!jump)
      throw Error(ErrorCode::refused,
                  fmt::format("{} at {:#x} is out of reach of its replacement at {:#x}", function.name,
                              function.entry.value, function.replacement.value),
                  "restart the target; its address space around this module is too full");
    writes.push_back({function.name, function.entry, function.present, Bytes(jump->begin(), jump->end())});
  }
  return writes;
}

std::vector<JumpWrite> reversed(std::span<const JumpWrite> writes) {
  std::vector<JumpWrite> result;
  for (auto write = writes.rbegin(); write != writes.rend(); ++write)
    result.push_back({write->function, write->entry, write->after, write->before});
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

void write_all(process::RemoteMemory& memory, std::span<const JumpWrite> writes) {
  std::size_t done = 0;
  try {
    for (; done < writes.size(); ++done) memory.write(writes[done].entry, writes[done].after);
  } catch (...) {
    while (done-- > 0) memory.write(writes[done].entry, writes[done].before);
    throw;
  }
}

}  // namespace stent::redirect
