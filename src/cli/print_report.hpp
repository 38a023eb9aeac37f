// What a transaction did, for people and as JSON.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "live/transaction/transaction.hpp"

namespace stent::cli {

/// Prints to standard output; `outcome` ("applied", "reverted", "would-apply") for JSON, `phrase` for people.
void print_report(const transaction::Report& report, const std::string& outcome, const std::string& phrase,
                  bool as_json);

[[nodiscard]] nlohmann::json to_json(const transaction::Report& report, const std::string& outcome);
[[nodiscard]] nlohmann::json to_json(const transaction::ReplacedReport& function);
[[nodiscard]] std::string hex(std::uint64_t value);

/// Runs `action`; with `as_json`, an Error is also printed to standard output as {"error": {...}}.
void reporting_errors(bool as_json, const std::function<void()>& action);

}  // namespace stent::cli
