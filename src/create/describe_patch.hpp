// What a patch says about itself besides its images.
#pragma once

#include "create/request.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// Name, description, maker and time (SOURCE_DATE_EPOCH, else now); no images yet.
[[nodiscard]] patch::Patch describe_patch(const Request& request);

}  // namespace stent::create
