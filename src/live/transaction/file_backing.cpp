#include "live/transaction/file_backing.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/inject/remote_mapping.hpp"
#include "patch/layout.hpp"

namespace stent::transaction {

void back_by_file(std::vector<RecordedPiece>& pieces, const patch::Patch& whole,
                  const patch::Patch& present) {
  const patch::FileLayout layout = patch::lay_out(whole);
  std::vector<FileOffset> places;
  for (const patch::Image& image : present.images) {
    const auto found = std::ranges::find(whole.images, image.module, &patch::Image::module);
    const auto& segments = layout.images.at(static_cast<std::size_t>(found - whole.images.begin())).segments;
    for (std::size_t i = 0; i < segments.size(); ++i)
      places.push_back(image.segments[i].bytes.empty() ? FileOffset{} : segments[i]);
  }
  for (std::size_t i = 0; i < places.size(); ++i)
    pieces.at(pieces.size() - places.size() + i).file_offset = places[i];
}

int open_in_target(inject::RemoteCaller& caller, Pid pid, const std::string& file) {
  const auto refused = [&](const std::string& why) {
    return Error(ErrorCode::refused,
                 fmt::format("process {} cannot map the patch from {}: {}", pid.value, file, why),
                 "put the file where the process can read it, or apply without --placement file");
  };
  const std::int64_t fd = inject::remote_open(caller, file);
  if (fd < 0) throw refused(system_error(static_cast<int>(-fd), "opening it there").message());
  struct stat here {
  }, there{};
  const std::string link = fmt::format("/proc/{}/task/{}/fd/{}", pid.value, caller.thread().tid.value, fd);
  const bool same = ::stat(file.c_str(), &here) == 0 && ::stat(link.c_str(), &there) == 0 &&
                    here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  if (same) return static_cast<int>(fd);
  inject::remote_close(caller, static_cast<int>(fd));
  throw refused("another file stands there for the process");
}

}  // namespace stent::transaction
