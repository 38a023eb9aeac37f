#include "create/alternatives.hpp"

namespace stent::create {

void mark_alternatives(patch::Patch& patch) {
  for (std::uint32_t first = 0; first < patch.images.size(); ++first)
    for (std::uint32_t other = first + 1; other < patch.images.size(); ++other)
      if (patch.images[first].module_name == patch.images[other].module_name &&
          !patch.images[other].alternatives)
        patch.images[first].alternatives = patch.images[other].alternatives = first;
}

}  // namespace stent::create
