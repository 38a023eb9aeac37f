// Something about a change that stent cannot judge, and a person must.
#pragma once

#include <string>
#include <vector>

#include "create/review/finding.hpp"

namespace stent::create {

struct Question {
  std::string id;  ///< for --ack: "KIND:SUBJECT"
  std::string message;
};

/// The questions as findings that need an acknowledgement.
[[nodiscard]] std::vector<review::Finding> findings_of(const std::vector<Question>& questions,
                                                       const std::string& why);

}  // namespace stent::create
