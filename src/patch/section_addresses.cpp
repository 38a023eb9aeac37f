#include "patch/section_addresses.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "patch/sections.hpp"

namespace stent::patch {

std::vector<SectionAddress> section_addresses(const Patch& patch, const std::vector<BuildId>& modules,
                                              const std::vector<RemoteAddress>& segments) {
  const FileLayout layout = lay_out(patch);
  const std::vector<Section> sections = segment_sections(patch, layout);
  std::vector<SectionAddress> found;
  std::size_t index = 0;
  for (std::size_t i = 0; i < patch.images.size(); ++i) {
    if (std::ranges::find(modules, patch.images[i].module) == modules.end()) continue;
    for (const Segment& segment : patch.images[i].segments) {
      if (index++ >= segments.size()) continue;
      const LinkRange in_file{{layout.images[i].window.value + segment.address.value}, segment.memory_size};
      for (const Section& section : sections)
        if (in_file.contains({section.header.sh_addr}))
          found.push_back(
              {section.name, segments[index - 1] +
                                 static_cast<std::int64_t>(section.header.sh_addr - in_file.begin.value)});
    }
  }
  if (index != segments.size())
    throw Error(ErrorCode::mismatch, "the patch file has other segments than the patch in the process",
                "give the file that was applied");
  return found;
}

}  // namespace stent::patch
