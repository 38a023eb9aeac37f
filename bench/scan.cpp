// Measures a scan of stacks: another process's memory is read in bulk and scanned for return addresses, as in
// a stop. Prints gigabytes a second: reading and scanning, then scanning alone.
#include "live/unwind/scan.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "live/process/process_memory.hpp"

namespace {

using namespace stent;
using Clock = std::chrono::steady_clock;

constexpr std::size_t stack_size = 32U << 10U, stacks = 64, total = stack_size * stacks;
constexpr int rounds = 400;

template <class Work>
double best_gigabytes_a_second(const Work& work) {
  auto best = Clock::duration::max();
  for (int i = 0; i < rounds; ++i) {
    const auto before = Clock::now();
    work();
    best = std::min(best, Clock::now() - before);
  }
  return static_cast<double>(total) / static_cast<double>(std::chrono::nanoseconds(best).count());
}

/// What stacks hold: addresses, small numbers, zeros; none of them a hit.
void fill(std::byte* memory) {
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < total; i += 8) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t values[] = {0, state % 1000, 0x7fff'0000'0000 + state % 0x100'0000,
                                    0x5555'5555'0000 + state % 0x1000'0000};
    const std::uint64_t value = values[(state >> 60U) % 4];
    std::copy_n(reinterpret_cast<const std::byte*>(&value), 8, memory + i);
  }
}

}  // namespace

int main() {
  auto* memory = static_cast<std::byte*>(
      ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  fill(memory);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::size_t i = 0; i < total; i += 4096) memory[i] = memory[i];  // its own pages
    for (;;) ::pause();
  }
  const process::ProcessMemory target(Tid{child});
  const unwind::ForbiddenCode code({{{{0x5555'5554'0000}, 0x400}, "function", true, false}});
  Bytes buffer(stack_size * 16);
  std::vector<unwind::Hit> hits;
  const RemoteAddress at{reinterpret_cast<std::uint64_t>(memory)};
  const double both = best_gigabytes_a_second([&] {
    for (std::size_t first = 0; first < total; first += buffer.size()) {
      std::vector<process::ReadRequest> reads;
      for (std::size_t i = 0; i < buffer.size(); i += stack_size)
        reads.push_back({at + static_cast<std::int64_t>(first + i),
                         MutableByteView(buffer).subspan(i, stack_size), false});
      target.read_many(reads);
      for (const auto& read : reads)
        unwind::scan(read.into, read.from, code, 0x1234'5678'9abc'def0, hits, 16);
    }
  });
  const double alone = best_gigabytes_a_second([&] {
    for (std::size_t i = 0; i < stacks; ++i)
      unwind::scan(ByteView(buffer).first(stack_size), at, code, 0x1234'5678'9abc'def0, hits, 16);
  });
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  fmt::print("{:.2f} {:.2f}\n", both, alone);
  return hits.empty() ? 0 : 1;
}
