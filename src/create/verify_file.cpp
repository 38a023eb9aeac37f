#include "create/verify_file.hpp"

#include "base/error.hpp"
#include "create/emit/self_verify.hpp"
#include "patch/patch_file.hpp"

namespace stent::create {

void verify_file(const patch::Patch& patch, const std::vector<VerifiedImage>& made_from,
                 const std::filesystem::path& work_directory) {
  const auto file = work_directory / "candidate.stent";
  patch::write_patch(patch, file);
  const patch::Patch read = patch::read_patch(file);
  if (read.images.size() != made_from.size())
    throw Error(ErrorCode::internal, "self-verify: an image is missing from the file");
  for (std::size_t i = 0; i < made_from.size(); ++i) {
    emit::self_verify(read.images[i], made_from[i].units);
    emit::verify_target(read.images[i], made_from[i].units, *made_from[i].target);
  }
}

}  // namespace stent::create
