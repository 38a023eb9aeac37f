// Patches for the target calls_while_busy and its kin, applied and reverted without a stop.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "base/error.hpp"
#include "live/process/process.hpp"
#include "live/transaction/transaction.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::test {

inline transaction::Options without_stop(
    std::chrono::milliseconds timeout = std::chrono::milliseconds(60'000)) {
  transaction::Options options;
  options.timeout = timeout;
  options.no_stop = true;
  return options;
}

inline model::Image program(const std::string& name) {
  return model::load_image(std::string(STENT_TARGETS_DIR) + "/target_" + name + "_gcc");
}

/// A patch of consistency `entry` that has `functions` of the program `name` return 43.
inline patch::Patch each_returning_43(const std::string& name, const std::vector<std::string>& functions) {
  const model::Image image = program(name);
  patch::Patch patch;
  for (const std::string& function : functions) {
    patch::Patch one = replacing(image, function, returning(43), function);
    one.images[0].replaced[0].replacement = {0};
    if (patch.images.empty())
      patch = std::move(one);
    else
      patch.images[0].replaced.push_back(one.images[0].replaced[0]);
  }
  patch.name = "each";
  patch.consistency = patch::Consistency::entry;
  return patch;
}

/// The numbers that the target tells after their names.
inline std::map<std::string, long> counts(TargetProcess& target) {
  std::istringstream answer(target.ask("counts"));
  std::map<std::string, long> numbers;
  std::string word;
  for (long value = 0; answer >> word >> value;) numbers[word] = value;
  return numbers;
}

/// The bytes at the entry of `function`, behind its endbr64 if it has one.
inline RemoteAddress entry_of(Pid pid, const std::string& name, const std::string& function) {
  const model::Image image = program(name);
  const auto process = process::Process::open(pid);
  const auto symbol = std::ranges::find(image.symbols, function, &model::ImageSymbol::name);
  for (const auto& module : process.modules())
    if (module.is_executable) return module.bias.to_remote(symbol->address);
  throw std::runtime_error("no executable");
}

/// The executable text, as it is in memory.
inline Bytes text_of(Pid pid) {
  const auto process = process::Process::open(pid);
  for (const auto& module : process.modules())
    for (const auto& segment : module.segments)
      if (module.is_executable && segment.permissions.execute)
        return process.memory().read(segment.range.begin, segment.range.size);
  throw std::runtime_error("no executable");
}

/// A process that does `action`, as the command does, and ends with 0 or the number of its Error.
template <class Action>
pid_t start_in_a_process(const Action& action) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 0;
  try {
    action();
  } catch (const Error& error) {
    code = static_cast<int>(error.code());
  }
  ::_exit(code);
}

/// The Error that `action` ends with.
template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ErrorCode::internal, "none"};
}

}  // namespace stent::test
