#include "create/choose_consistency.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::create {
namespace {

constexpr const char* finding_id = "entry-by-entry";

}  // namespace

void choose_consistency(const Request& request, patch::Patch& patch) {
  if (!request.entry_by_entry) return;
  patch.consistency = patch::Consistency::entry;
  std::size_t count = 0;
  for (const patch::Image& image : patch.images) count += image.replaced.size();
  if (count <= 1) return;
  const std::string message = fmt::format(
      "{} functions changed together, and each switches on its own: an old caller may meet a new callee, and "
      "a new caller "
      "an old frame",
      count);
  const auto found =
      std::ranges::find(request.acknowledgements, finding_id, [](const auto& one) { return one.first; });
  if (found == request.acknowledgements.end())
    throw Error(
        ErrorCode::refused, message,
        fmt::format("leave out --consistency entry, or, where every mix is right, give --ack {}=REASON",
                    finding_id));
  patch.findings.push_back({finding_id, "review", message, found->second});
}

}  // namespace stent::create
