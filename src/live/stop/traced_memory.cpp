#include "live/stop/traced_memory.hpp"

#include <sys/ptrace.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stent::stop {
namespace {

Error cannot_poke(Tid tid, RemoteAddress at, int error) {
  if (error == EIO || error == EFAULT)
    return {ErrorCode::mismatch, "the target's memory at " + std::to_string(at.value) + " is not mapped",
            "the target unmapped it meanwhile; try again"};
  return system_error(error, "writing the target's memory through thread " + std::to_string(tid.value),
                      "look for the pid it runs under now and start again");
}

void poke(const process::RemoteMemory& memory, Tid tid, RemoteAddress to, ByteView bytes) {
  constexpr std::size_t word_size = sizeof(std::uint64_t);
  while (!bytes.empty()) {
    const std::size_t inside = to.value % word_size;
    const RemoteAddress word_at = to - static_cast<std::int64_t>(inside);
    const std::size_t count = std::min(bytes.size(), word_size - inside);
    Bytes word(word_size);
    if (!memory.try_read(word_at, word)) throw cannot_poke(tid, word_at, EIO);
    std::memcpy(word.data() + inside, bytes.data(), count);
    if (::ptrace(PTRACE_POKEDATA, tid.value, word_at.value, load<std::uint64_t>(word, 0)) != 0)
      throw cannot_poke(tid, word_at, errno);
    to = to + static_cast<std::int64_t>(count);
    bytes = bytes.subspan(count);
  }
}

}  // namespace

void TracedMemory::write(RemoteAddress to, ByteView bytes) {
  try {
    return below_->write(to, bytes);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_permitted) throw;
  }
  with_stopped_([&](Tid tid) { poke(*below_, tid, to, bytes); });
}

}  // namespace stent::stop
