// One command on many processes: worker processes share the work, and each process has its own outcome.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/pid.hpp"

namespace stent::cli {

/// What was done to one process, as JSON with "pid" and "outcome", and its exit status.
struct ProcessOutcome {
  nlohmann::json report;
  int status = 0;
};

/// Calls `work` for every process; an Error becomes an outcome of that name with "error": {message, hint}.
/// The outcomes come in the order of `pids`. Workers are processes, so that each traces on its own and a
/// fault of one is not the others'.
[[nodiscard]] std::vector<ProcessOutcome> for_each_process(const std::vector<Pid>& pids,
                                                           const std::function<nlohmann::json(Pid)>& work);

/// 0 when every process has what was asked for, now or before; else the status of the first that has not. A
/// process that ended meanwhile counts only when it was named.
[[nodiscard]] int common_status(const std::vector<ProcessOutcome>& outcomes, bool named);

/// Prints all of them: {"processes": [...]}, or one line each.
void print_outcomes(const std::vector<ProcessOutcome>& outcomes, bool as_json);

}  // namespace stent::cli
