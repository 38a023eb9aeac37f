// Reading JSON that may be damaged: everything that is not as expected throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/build_id.hpp"

namespace stent::patch {

using Json = nlohmann::ordered_json;

/// Throws `bad_input`: the metadata of the patch is damaged, and `what` says how.
[[noreturn]] void malformed(const std::string& what);

/// Each throws as `malformed` for a value of another kind, a key that is missing, a number out of range.
[[nodiscard]] const Json& member(const Json& from, const char* key);
[[nodiscard]] const Json& list(const Json& from, const char* key);
const Json& row(const Json& value, std::size_t size);
[[nodiscard]] std::string text(const Json& value);
[[nodiscard]] std::uint64_t number(const Json& value);
[[nodiscard]] std::uint32_t number32(const Json& value);
[[nodiscard]] std::int64_t signed_number(const Json& value);
[[nodiscard]] bool truth(const Json& value);
[[nodiscard]] BuildId build_id(const Json& value);

}  // namespace stent::patch
