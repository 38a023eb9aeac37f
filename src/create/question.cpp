#include "create/question.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace stent::create {

std::vector<patch::Finding> answered(const std::vector<Question>& questions, const Request& request,
                                     const std::string& why) {
  std::vector<patch::Finding> findings;
  std::string open;
  for (const Question& question : questions) {
    const auto given =
        std::ranges::find(request.acknowledgements, question.id, &std::pair<std::string, std::string>::first);
    if (given == request.acknowledgements.end() || given->second.empty())
      open += "\n  " + question.id + ": " + question.message;
    else
      findings.push_back({question.id, "review", question.message, given->second});
  }
  if (!open.empty())
    throw Error(ErrorCode::refused, why + ":" + open,
                "where it is right all the same, say so with --ack ID=REASON");
  return findings;
}

}  // namespace stent::create
