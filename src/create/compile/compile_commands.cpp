#include "create/compile/compile_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "create/compile/shell_words.hpp"
#include "create/compile/strip_command.hpp"

namespace stent::compile {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& origin, const std::string& what) {
  throw Error(ErrorCode::bad_input, fmt::format("{}: {}", origin.string(), what),
              "make it with `bear -- make` or CMAKE_EXPORT_COMPILE_COMMANDS");
}

std::string text_member(const json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> words_of(const json& entry) {
  if (const auto arguments = entry.find("arguments"); arguments != entry.end())
    return arguments->get<std::vector<std::string>>();
  return split_shell(text_member(entry, "command"));
}

std::optional<RecordedUnit> parse_entry(const json& entry, const std::filesystem::path& origin) {
  const auto file = text_member(entry, "file");
  const auto directory = text_member(entry, "directory");
  auto words = words_of(entry);
  if (file.empty() || directory.empty() || words.empty())
    throw Error(ErrorCode::bad_input, "it lacks \"file\", \"directory\", or \"command\" and \"arguments\"");
  const auto place = std::filesystem::absolute(origin.parent_path() / directory).lexically_normal();
  if (!std::filesystem::exists(place / file)) return std::nullopt;
  words = expand_response_files(words, place);
  auto stripped = strip_command(words, file, place);
  if (!stripped) return std::nullopt;
  return recorded_unit(std::move(*stripped), place, std::filesystem::canonical(place / file), {});
}

}  // namespace

std::vector<RecordedUnit> parse_compile_commands(std::string_view text, const std::filesystem::path& origin) {
  const auto database = json::parse(text, nullptr, false);
  if (database.is_discarded() || !database.is_array())
    fail(origin, "this is not a list of compile commands in JSON");
  std::vector<RecordedUnit> units;
  for (std::size_t i = 0; i < database.size(); ++i) {
    try {
      if (auto unit = parse_entry(database[i], std::filesystem::absolute(origin)))
        if (std::find(units.begin(), units.end(), *unit) == units.end()) units.push_back(std::move(*unit));
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}, entry {}: {}", origin.string(), i + 1, error.message()),
                  error.hint());
    } catch (const json::exception&) {
      fail(origin, fmt::format("entry {} is not a compile command", i + 1));
    }
  }
  if (units.empty()) fail(origin, "no entry compiles a source that is there");
  return units;
}

}  // namespace stent::compile
