#include "create/question.hpp"

namespace stent::create {

std::vector<review::Finding> findings_of(const std::vector<Question>& questions, const std::string& why) {
  std::vector<review::Finding> findings;
  for (const Question& question : questions) {
    review::Finding finding;
    finding.id = question.id;
    finding.kind = question.id.substr(0, question.id.find(':'));
    finding.level = review::Level::review;
    finding.message = question.message;
    finding.why = why;
    finding.remedy = "where it is right all the same, say so";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace stent::create
