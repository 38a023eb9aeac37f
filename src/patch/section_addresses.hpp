// Where the sections of a patch file stand in a target, for debuggers.
#pragma once

#include <string>
#include <vector>

#include "patch/patch.hpp"

namespace stent::patch {

struct SectionAddress {
  std::string name;  ///< as in the file
  RemoteAddress address;
};

/// `segments`: where each segment of the images for `modules`, those in the target, was mapped, in the order
/// of the patch. Throws `mismatch` when they are not as many as these images have.
[[nodiscard]] std::vector<SectionAddress> section_addresses(const Patch& patch,
                                                            const std::vector<BuildId>& modules,
                                                            const std::vector<RemoteAddress>& segments);

}  // namespace stent::patch
