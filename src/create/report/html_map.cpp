#include <fmt/core.h>

#include "create/report/html_parts.hpp"

namespace stent::report {
namespace {

std::string edge_text(const MapNode& from, const MapNode& to, MapEdge::Kind kind) {
  const bool forward = to.x > from.x;
  const double x1 = from.x + (forward ? box_width : box_width / 2);
  const double y1 = from.y + (forward ? box_height / 2 : box_height);
  const double x2 = to.x + (forward ? 0 : box_width / 2);
  const double y2 = to.y + (forward ? box_height / 2 : 0);
  const double bend = forward ? (x2 - x1) / 2 : 0;
  return fmt::format(
      "<path class=\"edge {}\" marker-end=\"url(#arrow)\" d=\"M{:.0f} {:.0f}C{:.0f} {:.0f} {:.0f} {:.0f} "
      "{:.0f} {:.0f}\"/>\n",
      kind == MapEdge::Kind::calls ? "calls" : "concerns", x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2);
}

std::string node_text(const MapNode& node) {
  const bool is_function = node.kind == MapNode::Kind::function;
  const std::string box = fmt::format(
      "<g class=\"node {0} {1}\"><title>{2}</title><rect x=\"{3:.0f}\" y=\"{4:.0f}\" width=\"{5:.0f}\" "
      "height=\"{6:.0f}\" rx=\"7\"/><text x=\"{7:.0f}\" y=\"{8:.0f}\">{9}</text><text class=\"detail\" "
      "x=\"{7:.0f}\" y=\"{10:.0f}\">{11}</text></g>",
      is_function ? "function" : "type", review::to_string(node.level), escaped(node.name), node.x, node.y,
      box_width, box_height, node.x + 10, node.y + 19, escaped(node.shown), node.y + 36,
      escaped(node.detail));
  return is_function ? fmt::format("<a href=\"#function-{}\">{}</a>\n", node.function, box) : box + "\n";
}

}  // namespace

std::string html_map(const ChangeMap& map) {
  if (map.nodes.empty()) return "<p class=\"quiet\">No function or type is concerned.</p>\n";
  std::string text = fmt::format(
      "<svg role=\"img\" aria-label=\"functions and types of the change\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" "
      "refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/>"
      "</marker></defs>\n",
      map.width, map.height);
  for (const MapEdge& edge : map.edges)
    text += edge_text(map.nodes[edge.from], map.nodes[edge.to], edge.kind);
  for (const MapNode& node : map.nodes) text += node_text(node);
  return text + "</svg>\n";
}

}  // namespace stent::report
