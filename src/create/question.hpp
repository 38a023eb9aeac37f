// Something about a change that stent cannot judge, and a person must.
#pragma once

#include <string>
#include <vector>

#include "create/request.hpp"
#include "patch/patch.hpp"

namespace stent::create {

struct Question {
  std::string id;  ///< for --ack: "KIND:SUBJECT"
  std::string message;
};

/// What the patch stores of the questions. Throws `refused` with `why` and every question that the request
/// does not answer.
[[nodiscard]] std::vector<patch::Finding> answered(const std::vector<Question>& questions,
                                                   const Request& request, const std::string& why);

}  // namespace stent::create
