// The last step of making a patch: what the file says is what counts.
#pragma once

#include <filesystem>
#include <vector>

#include "binary/model/image.hpp"
#include "create/bind/bound_unit.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// What one image of a patch was made from.
struct VerifiedImage {
  const model::Image* target;
  std::vector<bind::BoundUnit> units;
};

/// Writes `patch` below `work_directory`, reads it again and verifies each image against `made_from`, in
/// order. Throws `internal` naming the first difference.
void verify_file(const patch::Patch& patch, const std::vector<VerifiedImage>& made_from,
                 const std::filesystem::path& work_directory);

}  // namespace stent::create
