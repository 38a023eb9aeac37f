#include "live/transaction/data_references.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/unique_fd.hpp"
#include "live/process/proc_file.hpp"

namespace stent::transaction {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::size_t pages_at_once = 256;

/// Which pages of a process hold anything (proc(5), /proc/PID/pagemap, bits 63 and 62: present, swapped).
class TouchedPages {
 public:
  explicit TouchedPages(Pid pid)
      : file_(::open(process::proc_path(pid, "/pagemap").c_str(), O_RDONLY | O_CLOEXEC)) {}

  /// Sets `touched` for `count` pages from `first`; all of them when the kernel does not tell.
  void read(RemoteAddress first, std::size_t count, std::array<bool, pages_at_once>& touched) const {
    std::array<std::uint64_t, pages_at_once> entries{};
    const auto bytes = static_cast<ssize_t>(count * sizeof entries[0]);
    const auto offset = static_cast<off_t>(first.value / page * sizeof entries[0]);
    const bool told =
        file_.valid() && ::pread(file_.get(), entries.data(), count * sizeof entries[0], offset) == bytes;
    for (std::size_t i = 0; i < count; ++i) touched[i] = !told || (entries[i] >> 62U) != 0;
  }

 private:
  UniqueFd file_;
};

bool is_data(const process::Mapping& mapping) {
  return mapping.permissions.read && mapping.permissions.write && !mapping.permissions.shared;
}

class Search {
 public:
  Search(const process::Process& target, std::span<const RemoteRange> ranges,
         std::span<const RemoteRange> skip, const std::function<bool(const unwind::Hit&)>& is_excused)
      : target_(&target),
        touched_(target.memory_owner()),
        ranges_(ranges),
        skip_(skip),
        is_excused_(&is_excused),
        buffer_(pages_at_once * page) {}

  /// Looks at up to `pages_at_once` pages from `at`.
  bool finds_in(RemoteAddress at, std::size_t count) {
    std::array<bool, pages_at_once> touched{};
    touched_.read(at, count, touched);
    for (std::size_t i = 0; i < count; ++i)
      if (touched[i] && skipped(at + static_cast<std::int64_t>(i * page))) touched[i] = false;
    for (std::size_t i = 0; i < count;) {
      std::size_t end = i;
      while (end < count && touched[end]) ++end;
      if (end > i && finds_in_run(at + static_cast<std::int64_t>(i * page), (end - i) * page)) return true;
      i = end + 1;
    }
    return false;
  }

 private:
  [[nodiscard]] bool skipped(RemoteAddress at) const {
    return std::ranges::any_of(skip_, [&](const RemoteRange& range) {
      return range.contains(at) && range.contains(at + static_cast<std::int64_t>(page) - 1);
    });
  }
  bool finds_in_run(RemoteAddress at, std::uint64_t size) {
    const MutableByteView into(buffer_.data(), size);
    if (!target_->memory().try_read(at, into)) return true;
    for (std::size_t done = 0; done < size;) {
      const auto hit = unwind::find_value(into.subspan(done), at + static_cast<std::int64_t>(done), ranges_);
      if (!hit) return false;
      // The page where a stack pointer stands is partly unused.
      const bool unused =
          std::ranges::any_of(skip_, [&](const RemoteRange& range) { return range.contains(hit->slot); });
      if (!unused && !(*is_excused_)(*hit)) return true;
      done = static_cast<std::size_t>(hit->slot + 8 - at);
    }
    return false;
  }

  const process::Process* target_;
  TouchedPages touched_;
  std::span<const RemoteRange> ranges_;
  std::span<const RemoteRange> skip_;
  const std::function<bool(const unwind::Hit&)>* is_excused_;
  Bytes buffer_;
};

}  // namespace

bool data_refers_to(const process::Process& target, std::span<const RemoteRange> ranges,
                    std::span<const RemoteRange> skip,
                    const std::function<bool(const unwind::Hit&)>& is_excused,
                    const std::function<bool()>& give_up) {
  if (ranges.empty()) return false;
  Search search(target, ranges, skip, is_excused);
  for (const process::Mapping& mapping : target.mappings()) {
    if (!is_data(mapping)) continue;
    for (RemoteAddress at = mapping.range.begin; at < mapping.range.end();) {
      const auto left = static_cast<std::uint64_t>(mapping.range.end() - at) / page;
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, pages_at_once));
      if (search.finds_in(at, count)) return true;
      at = at + static_cast<std::int64_t>(count * page);
      if (give_up()) return true;
    }
  }
  return false;
}

}  // namespace stent::transaction
