#include "cli/print_report.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "cli/readable.hpp"

namespace stent::cli {
namespace {

double microseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

}  // namespace

std::string hex(std::uint64_t value) { return fmt::format("0x{:x}", value); }

nlohmann::json to_json(const transaction::ReplacedReport& function) {
  return {{"name", function.name},
          {"module", function.module},
          {"entry", hex(function.entry.value)},
          {"replacement", hex(function.replacement.value)}};
}

nlohmann::json to_json(const transaction::Report& report, const std::string& outcome) {
  nlohmann::json functions = nlohmann::json::array();
  for (const auto& function : report.functions) functions.push_back(cli::to_json(function));
  nlohmann::json phases = nlohmann::json::object();
  for (const auto& phase : report.phases) phases[std::string(phase.name)] = phase.took.count();
  nlohmann::json json{{"outcome", outcome},
                      {"pid", report.pid.value},
                      {"patch", report.patch_name},
                      {"id", report.patch_id.text()},
                      {"functions", functions},
                      {"threads", report.threads},
                      {"tries", report.tries},
                      {"stop_window_ns", report.stop_window.count()},
                      {"stop_phases_ns", phases},
                      {"foreign_search_bytes", report.search.bytes},
                      {"foreign_search_ns", report.search.time.count()},
                      {"total_ns", report.total.count()},
                      {"notes", report.notes}};
  if (report.longest_pause) json["longest_pause_ns"] = report.longest_pause->count();
  return json;
}

void print_report(const transaction::Report& report, const std::string& outcome, const std::string& phrase,
                  bool as_json) {
  if (as_json) {
    fmt::print("{}\n", to_json(report, outcome).dump(2));
    return;
  }
  fmt::print("{} {} process {}\n", report.patch_name, phrase, report.pid.value);
  for (const auto& function : report.functions)
    fmt::print("  {} in {}: 0x{:x} -> 0x{:x}\n", readable(function.name), function.module,
               function.entry.value, function.replacement.value);
  for (const std::string& note : report.notes) fmt::print("  note: {}\n", readable(note));
  if (report.tries == 0) return;
  if (report.longest_pause) {
    fmt::print("  {} threads, {} {}, no stop; no thread was held for more than {:.0f} us\n", report.threads,
               report.tries, report.tries == 1 ? "try" : "tries", microseconds(*report.longest_pause));
    return;
  }
  fmt::print("  {} threads, {} {}, stop window {:.0f} us, {} KB searched for suspended stacks in {:.0f} us\n",
             report.threads, report.tries, report.tries == 1 ? "try" : "tries",
             microseconds(report.stop_window), report.search.bytes / 1000, microseconds(report.search.time));
}

void reporting_errors(bool as_json, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    if (as_json) {
      const nlohmann::json text = {{"outcome", to_string(error.code())},
                                   {"error", {{"message", error.message()}, {"hint", error.hint()}}}};
      fmt::print("{}\n", text.dump(2));
    }
    throw;
  }
}

}  // namespace stent::cli
