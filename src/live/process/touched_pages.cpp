#include "live/process/touched_pages.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::process {
namespace {

constexpr std::uint64_t page = 4096;

// include/uapi/linux/fs.h of Linux 6.7, which Debian 12's headers do not have yet.
constexpr std::uint64_t is_file = 1U << 2U, is_present = 1U << 3U, is_swapped = 1U << 4U, is_zeros = 1U << 5U;
struct FoundPages {
  std::uint64_t start, end, categories;
};
struct ScanRequest {
  std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
  std::uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long pagemap_scan = _IOWR('f', 16, ScanRequest);

// proc(5), /proc/PID/pagemap.
constexpr std::uint64_t present_bit = std::uint64_t{1} << 63U, swapped_bit = std::uint64_t{1} << 62U,
                        file_bit = std::uint64_t{1} << 61U;

void add(std::vector<RemoteRange>& found, RemoteRange range) {
  if (!found.empty() && found.back().end() == range.begin)
    found.back().size += range.size;
  else
    found.push_back(range);
}

}  // namespace

TouchedPages::TouchedPages(Pid pid)
    : file_(::open(proc_path(pid, "/pagemap").c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!file_.valid())
    throw system_error(errno == ENOENT ? ESRCH : errno,
                       "opening the page map of process " + std::to_string(pid.value),
                       "run stent as the user of the process or as root, with CAP_SYS_PTRACE");
  std::vector<RemoteRange> none;
  scans_ = scan({{page}, page}, none);
}

void TouchedPages::find(RemoteRange range, std::vector<RemoteRange>& found) const {
  if (!scans_ || !scan(range, found)) read(range, found);
}

bool TouchedPages::scan(RemoteRange range, std::vector<RemoteRange>& found) const {
  std::array<FoundPages, 512> regions;  // NOLINT: the kernel fills it
  ScanRequest request{};
  request.size = sizeof request;
  request.start = range.begin.value & ~(page - 1);
  request.end = (range.end().value + page - 1) & ~(page - 1);
  request.vec = reinterpret_cast<std::uint64_t>(regions.data());
  request.vec_len = regions.size();
  request.category_inverted = is_file | is_zeros;
  request.category_mask = is_file | is_zeros;
  request.category_anyof_mask = is_present | is_swapped;
  request.return_mask = is_present | is_swapped;
  while (request.start < request.end) {
    const int count = ::ioctl(file_.get(), pagemap_scan, &request);
    if (count < 0) return false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      add(found, {{regions[i].start}, regions[i].end - regions[i].start});
    if (request.walk_end <= request.start) break;
    request.start = request.walk_end;
  }
  return true;
}

void TouchedPages::read(RemoteRange range, std::vector<RemoteRange>& found) const {
  std::array<std::uint64_t, 1024> entries;  // NOLINT: filled below
  const std::uint64_t end = (range.end().value + page - 1) / page;
  for (std::uint64_t at = range.begin.value / page; at < end;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, entries.size()));
    const auto bytes = static_cast<ssize_t>(count * sizeof entries[0]);
    const bool told = ::pread(file_.get(), entries.data(), static_cast<std::size_t>(bytes),
                              static_cast<off_t>(at * sizeof entries[0])) == bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const bool touched =
          !told || ((entries[i] & (present_bit | swapped_bit)) != 0 && (entries[i] & file_bit) == 0);
      if (touched) add(found, {{(at + i) * page}, page});
    }
    at += count;
  }
}

}  // namespace stent::process
