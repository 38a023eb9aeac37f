#include "cli/many_processes.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <thread>

#include "base/unique_fd.hpp"
#include "cli/readable.hpp"

namespace stent::cli {
namespace {

ProcessOutcome outcome_of(Pid pid, const std::function<nlohmann::json(Pid)>& work) {
  try {
    return {work(pid), 0};
  } catch (const Error& error) {
    return {{{"pid", pid.value},
             {"outcome", to_string(error.code())},
             {"error", {{"message", error.message()}, {"hint", error.hint()}}}},
            static_cast<int>(error.code())};
  } catch (const std::exception& error) {
    return {
        {{"pid", pid.value}, {"outcome", "internal"}, {"error", {{"message", error.what()}, {"hint", ""}}}},
        static_cast<int>(ErrorCode::internal)};
  }
}

struct Worker {
  pid_t pid = 0;
  std::FILE* results = nullptr;
};

/// Takes every `step`-th process from `first`, and writes a line for each: its place, its status, its report.
Worker start_worker(const std::vector<Pid>& pids, std::size_t first, std::size_t step,
                    const std::function<nlohmann::json(Pid)>& work) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw system_error(errno, "making a pipe");
  UniqueFd from(pipe[0]), to(pipe[1]);
  const pid_t child = ::fork();
  if (child < 0) throw system_error(errno, "starting a worker");
  if (child == 0) {
    std::FILE* out = ::fdopen(to.get(), "w");
    for (std::size_t i = first; i < pids.size(); i += step) {
      const ProcessOutcome outcome = outcome_of(pids[i], work);
      fmt::print(out, "{} {} {}\n", i, outcome.status, outcome.report.dump());
    }
    std::fflush(out);
    ::_exit(0);
  }
  return {child, ::fdopen(from.release(), "r")};
}

void collect(const Worker& worker, std::vector<ProcessOutcome>& outcomes) {
  char* line = nullptr;
  std::size_t room = 0;
  while (::getline(&line, &room, worker.results) > 0) {
    std::size_t place = 0;
    int status = 0, length = 0;
    if (std::sscanf(line, "%zu %d %n", &place, &status, &length) == 2 && place < outcomes.size())
      outcomes[place] = {nlohmann::json::parse(line + length), status};
  }
  std::free(line);
  std::fclose(worker.results);
  ::waitpid(worker.pid, nullptr, 0);
}

}  // namespace

std::vector<ProcessOutcome> for_each_process(const std::vector<Pid>& pids,
                                             const std::function<nlohmann::json(Pid)>& work) {
  std::vector<ProcessOutcome> outcomes;
  for (const Pid pid : pids)
    outcomes.push_back({{{"pid", pid.value},
                         {"outcome", "internal"},
                         {"error", {{"message", "the worker of stent ended before it told"}, {"hint", ""}}}},
                        static_cast<int>(ErrorCode::internal)});
  const std::size_t workers =
      std::min<std::size_t>(pids.size(), 2 * std::max(1U, std::thread::hardware_concurrency()));
  std::vector<Worker> started;
  for (std::size_t i = 0; i < workers; ++i) started.push_back(start_worker(pids, i, workers, work));
  // A worker that fills its pipe waits for its turn here; none depends on another.
  for (const Worker& worker : started) collect(worker, outcomes);
  return outcomes;
}

int common_status(const std::vector<ProcessOutcome>& outcomes, bool named) {
  const auto is_right = [named](const ProcessOutcome& outcome) {
    return outcome.status == 0 || outcome.status == static_cast<int>(ErrorCode::already_applied) ||
           (!named && outcome.status == static_cast<int>(ErrorCode::gone));
  };
  const auto first = std::ranges::find_if_not(outcomes, is_right);
  return first == outcomes.end() ? 0 : first->status;
}

void print_outcomes(const std::vector<ProcessOutcome>& outcomes, bool as_json) {
  nlohmann::json all = nlohmann::json::array();
  std::map<std::string, std::size_t> counts;
  for (const ProcessOutcome& outcome : outcomes) {
    const std::string name = outcome.report.at("outcome");
    ++counts[name];
    all.push_back(outcome.report);
    if (as_json) continue;
    fmt::print("{} {}\n", outcome.report.at("pid").get<int>(), name);
    if (outcome.report.contains("error"))
      fmt::print("  {}\n", readable(outcome.report.at("error").at("message").get<std::string>()));
  }
  if (as_json) {
    fmt::print("{}\n", nlohmann::json{{"processes", all}, {"counts", counts}}.dump(2));
    return;
  }
  for (const auto& [name, count] : counts) fmt::print("{}: {}\n", name, count);
}

}  // namespace stent::cli
