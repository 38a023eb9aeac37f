#include "create/describe_patch.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace stent::create {
namespace {

std::int64_t creation_time() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (epoch == nullptr) return std::time(nullptr);
  std::int64_t seconds = 0;
  const char* end = epoch + std::strlen(epoch);
  const auto [rest, error] = std::from_chars(epoch, end, seconds);
  if (error != std::errc() || rest != end)
    throw Error(ErrorCode::usage, std::string("SOURCE_DATE_EPOCH is not a number: ") + epoch,
                "set it to seconds since 1970, or unset it");
  return seconds;
}

}  // namespace

patch::Patch describe_patch(const Request& request) {
  patch::Patch patch;
  patch.name = request.name;
  patch.description = request.description;
  patch.toolchain = "stent " STENT_VERSION;
  patch.created = creation_time();
  return patch;
}

}  // namespace stent::create
