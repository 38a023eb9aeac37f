// The list that the rules of the review write into.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "create/review/finding.hpp"

namespace stent::review {

/// Collects findings; of several with the same id the highest is kept.
class Findings {
 public:
  /// Fills `id` from the kind and `subject`.
  void add(const std::string& subject, Finding finding);

  /// Adds those of `other`.
  void merge(const Findings& other);

  /// Highest level first, then by id.
  [[nodiscard]] std::vector<Finding> sorted() const;
  [[nodiscard]] bool has(const std::string& kind, const std::string& subject) const;

 private:
  void keep(Finding finding);

  std::map<std::string, Finding> by_id_;
};

}  // namespace stent::review
