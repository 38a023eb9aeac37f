// The review as a step of making a patch: its findings decide whether there will be one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "create/brought_parts.hpp"
#include "create/choose_units.hpp"
#include "create/review/finding.hpp"
#include "patch/patch.hpp"

namespace stent::create {

/// The id of a finding, and why its change may be made all the same.
using Acknowledgement = std::pair<std::string, std::string>;

/// All units of the patch together.
[[nodiscard]] std::vector<review::Finding> review_units(const std::vector<ChosenUnit>& units,
                                                        const BroughtParts& brought, unsigned jobs);

/// What the patch stores: every finding above `safe`. Throws `refused` when one is refused or needs an
/// acknowledgement that is not given, naming each; `usage` for an acknowledgement of nothing.
[[nodiscard]] std::vector<patch::Finding> accept_findings(
    const std::vector<review::Finding>& findings, const std::vector<Acknowledgement>& acknowledgements);

}  // namespace stent::create
