#include "live/unwind/stack_snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace stent::unwind {
namespace {

bool read_part(const StackPart& part, RemoteAddress from, MutableByteView into) {
  if (from < part.at || into.size() > part.bytes.size()) return false;
  const auto offset = static_cast<std::uint64_t>(from - part.at);
  if (offset > part.bytes.size() - into.size()) return false;
  std::memcpy(into.data(), part.bytes.data() + offset, into.size());
  return true;
}

bool same(const StackPart& a, const StackPart& b) { return a.at == b.at && a.bytes == b.bytes; }

}  // namespace

bool StackSnapshot::read(RemoteAddress from, MutableByteView into) const {
  return read_part(current, from, into) || (home && read_part(*home, from, into));
}

bool StackSnapshot::same_as(const StackSnapshot& other) const {
  user_regs_struct mine = thread.registers, its = other.thread.registers;
  mine.rax = its.rax;
  mine.orig_rax = its.orig_rax;
  return thread.tid.value == other.thread.tid.value && std::memcmp(&mine, &its, sizeof mine) == 0 &&
         same(current, other.current) && home.has_value() == other.home.has_value() &&
         (!home || same(*home, *other.home));
}

}  // namespace stent::unwind
