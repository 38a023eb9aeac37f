// Findings of the review, for people and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "create/review/finding.hpp"
#include "patch/patch.hpp"

namespace stent::cli {

/// {"level": highest, "findings": [...]}
[[nodiscard]] nlohmann::json to_json(const std::vector<review::Finding>& findings);
/// Grouped by level, highest first; coloured on a terminal.
void print_findings(const std::vector<review::Finding>& findings);

[[nodiscard]] nlohmann::json to_json(const std::vector<patch::Finding>& findings);
void print_findings(const std::vector<patch::Finding>& findings);

/// What the author of the patch took responsibility for; nothing when there is nothing.
void print_acknowledged(const patch::Patch& patch);

}  // namespace stent::cli
