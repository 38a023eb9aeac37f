#include "create/compile/observed_units.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "create/compile/strip_command.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

/// The unit of `word`, where it is a source that the command compiles.
std::optional<RecordedUnit> unit_of(const ObservedCommand& command, const std::string& word) {
  std::error_code ignored;
  if (word.starts_with('-') || !is_source_name(word) ||
      !fs::is_regular_file(command.directory / word, ignored))
    return std::nullopt;
  try {
    auto stripped = strip_command(command.words, word, command.directory);
    if (!stripped) return std::nullopt;
    return recorded_unit(std::move(*stripped), command.directory, fs::canonical(command.directory / word),
                         command.environment);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::bad_input) return std::nullopt;  // an operand of an option
    throw;
  }
}

}  // namespace

std::vector<RecordedUnit> observed_units(const std::vector<ObservedCommand>& commands) {
  std::vector<RecordedUnit> units;
  for (const ObservedCommand& command : commands)
    for (std::size_t i = 1; i < command.words.size(); ++i)
      if (auto unit = unit_of(command, command.words[i]))
        if (std::find(units.begin(), units.end(), *unit) == units.end()) units.push_back(std::move(*unit));
  if (units.empty())
    throw Error(ErrorCode::bad_input, "the build compiled nothing",
                "what is built already is not built again: clean the tree first, or let the command do it "
                "(`make -B`)");
  return units;
}

}  // namespace stent::compile
