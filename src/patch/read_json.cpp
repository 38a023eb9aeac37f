#include "patch/read_json.hpp"

#include <limits>

#include "base/error.hpp"

namespace stent::patch {

void malformed(const std::string& what) {
  throw Error(ErrorCode::bad_input, "the metadata of the patch is damaged: " + what,
              "copy the file again from where it came, or make the patch again");
}

const Json& member(const Json& from, const char* key) {
  if (!from.is_object()) malformed(std::string("no object holds '") + key + "'");
  const auto found = from.find(key);
  if (found == from.end()) malformed(std::string("'") + key + "' is missing");
  return *found;
}

const Json& list(const Json& from, const char* key) {
  const Json& value = member(from, key);
  if (!value.is_array()) malformed(std::string("'") + key + "' is not a list");
  return value;
}

const Json& row(const Json& value, std::size_t size) {
  if (!value.is_array() || value.size() != size) malformed("a row of wrong length");
  return value;
}

std::string text(const Json& value) {
  if (!value.is_string()) malformed("a text is not a text");
  return value.get<std::string>();
}

std::uint64_t number(const Json& value) {
  if (!value.is_number_unsigned()) malformed("a number is not a natural number");
  return value.get<std::uint64_t>();
}

std::uint32_t number32(const Json& value) {
  const std::uint64_t wide = number(value);
  if (wide > std::numeric_limits<std::uint32_t>::max()) malformed("a number is too large");
  return static_cast<std::uint32_t>(wide);
}

std::int64_t signed_number(const Json& value) {
  if (!value.is_number_integer()) malformed("a number is not an integer");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
    malformed("a number is too large");
  return value.get<std::int64_t>();
}

bool truth(const Json& value) {
  if (!value.is_boolean()) malformed("a flag is not true or false");
  return value.get<bool>();
}

BuildId build_id(const Json& value) { return {from_hex(text(value))}; }

}  // namespace stent::patch
