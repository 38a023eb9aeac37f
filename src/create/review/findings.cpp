#include "create/review/findings.hpp"

#include <algorithm>

namespace stent::review {

void Findings::add(const std::string& subject, Finding finding) {
  finding.id = finding.kind + ":" + subject;
  keep(std::move(finding));
}

void Findings::merge(const Findings& other) {
  for (const auto& [id, finding] : other.by_id_) keep(finding);
}

void Findings::keep(Finding finding) {
  const auto at = by_id_.find(finding.id);
  if (at == by_id_.end())
    by_id_.emplace(finding.id, std::move(finding));
  else if (at->second.level < finding.level)
    at->second = std::move(finding);
}

bool Findings::has(const std::string& kind, const std::string& subject) const {
  return by_id_.contains(kind + ":" + subject);
}

std::vector<Finding> Findings::sorted() const {
  std::vector<Finding> all;
  all.reserve(by_id_.size());
  for (const auto& [id, finding] : by_id_) all.push_back(finding);
  std::ranges::stable_sort(all, [](const Finding& a, const Finding& b) { return a.level > b.level; });
  return all;
}

}  // namespace stent::review
