// ChangeMap: the functions and types of a change, and what binds them, as a graph with places to draw it at.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "create/report/report.hpp"

namespace stent::report {

struct MapNode {
  enum class Kind { function, type } kind = Kind::function;
  std::string name;                           ///< a symbol, or "struct NAME"
  std::string shown;                          ///< short enough to draw
  std::string detail;                         ///< "changed, 120 -> 128 bytes"
  review::Level level = review::Level::safe;  ///< the highest of the findings that name it
  std::size_t function = 0;                   ///< index into Report::functions, for functions
  double x = 0, y = 0;                        ///< of its box's corner, in pixels
};

struct MapEdge {
  std::size_t from = 0, to = 0;  ///< indices of nodes
  enum class Kind { calls, concerns } kind = Kind::calls;
};

struct ChangeMap {
  std::vector<MapNode> nodes;
  std::vector<MapEdge> edges;
  double width = 0, height = 0;
};

inline constexpr double box_width = 230, box_height = 46;

/// Functions of the change stand in columns by who calls whom; the types that findings name stand right of
/// them.
[[nodiscard]] ChangeMap draw_change_map(const Report& report);

}  // namespace stent::report
