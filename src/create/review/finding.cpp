#include "create/review/finding.hpp"

#include <algorithm>

namespace stent::review {

std::string to_string(Level level) {
  switch (level) {
    case Level::safe: return "safe";
    case Level::note: return "note";
    case Level::review: return "review";
    case Level::refused: break;
  }
  return "refused";
}

Level highest(const std::vector<Finding>& findings) {
  Level level = Level::safe;
  for (const Finding& finding : findings) level = std::max(level, finding.level);
  return level;
}

}  // namespace stent::review
