#include "create/report/change_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace stent::report {
namespace {

constexpr double column_step = box_width + 70, row_step = box_height + 22, margin = 12;
constexpr std::size_t longest_name = 28;

std::string shortened(const std::string& name) {
  return name.size() <= longest_name ? name : name.substr(0, longest_name - 1) + "…";
}

class Drawing {
 public:
  explicit Drawing(const Report& report) : report_(&report) {}

  ChangeMap draw() {
    add_functions();
    add_calls();
    add_types();
    place();
    return std::move(map_);
  }

 private:
  void add_functions() {
    for (std::size_t i = 0; i < report_->functions.size(); ++i) {
      const FunctionView& view = report_->functions[i];
      MapNode node;
      node.name = view.symbol;
      node.shown = shortened(view.name);
      node.detail = fmt::format("{}, {} → {} bytes", to_string(view.kind), view.old_size, view.new_size);
      node.function = i;
      by_name_.emplace(view.symbol, map_.nodes.size());
      map_.nodes.push_back(std::move(node));
    }
  }

  void add_calls() {
    for (std::size_t i = 0; i < report_->functions.size(); ++i)
      for (const std::string& callee : report_->functions[i].calls)
        if (const auto to = by_name_.find(callee); to != by_name_.end() && to->second != i)
          map_.edges.push_back({i, to->second, MapEdge::Kind::calls});
  }

  void add_types() {
    for (const review::Finding& finding : report_->findings) {
      for (const std::string& function : finding.functions)
        if (const auto at = by_name_.find(function); at != by_name_.end()) raise(at->second, finding.level);
      for (const std::string& type : finding.types) add_type(type, finding);
    }
  }

  void add_type(const std::string& type, const review::Finding& finding) {
    const auto [at, is_new] = by_name_.try_emplace(type, map_.nodes.size());
    if (is_new) {
      MapNode node;
      node.kind = MapNode::Kind::type;
      node.name = type;
      node.shown = shortened(type);
      node.detail = finding.kind;
      map_.nodes.push_back(std::move(node));
    }
    raise(at->second, finding.level);
    for (const std::string& function : finding.functions)
      if (const auto from = by_name_.find(function); from != by_name_.end())
        map_.edges.push_back({from->second, at->second, MapEdge::Kind::concerns});
  }

  void raise(std::size_t node, review::Level level) {
    map_.nodes[node].level = std::max(map_.nodes[node].level, level);
  }

  /// A function's column is the longest chain of calls that leads to it (cycles are cut).
  std::vector<std::size_t> columns() const {
    const std::size_t functions = report_->functions.size();
    std::vector<std::size_t> column(map_.nodes.size(), 0);
    for (std::size_t round = 0; round < std::min<std::size_t>(functions, most_columns_); ++round)
      for (const MapEdge& edge : map_.edges)
        if (edge.kind == MapEdge::Kind::calls && column[edge.from] == round)
          column[edge.to] = std::min(std::max(column[edge.to], round + 1), most_columns_);
    const std::size_t last =
        functions == 0
            ? 0
            : *std::max_element(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(functions)) + 1;
    for (std::size_t i = functions; i < column.size(); ++i) column[i] = last;
    return column;
  }

  void place() {
    const std::vector<std::size_t> column = columns();
    std::map<std::size_t, std::size_t> rows;
    for (std::size_t i = 0; i < map_.nodes.size(); ++i) {
      MapNode& node = map_.nodes[i];
      node.x = margin + static_cast<double>(column[i]) * column_step;
      node.y = margin + static_cast<double>(rows[column[i]]++) * row_step;
      map_.width = std::max(map_.width, node.x + box_width + margin);
      map_.height = std::max(map_.height, node.y + box_height + margin);
    }
  }

  static constexpr std::size_t most_columns_ = 4;
  const Report* report_;
  std::map<std::string, std::size_t> by_name_;
  ChangeMap map_;
};

}  // namespace

ChangeMap draw_change_map(const Report& report) { return Drawing(report).draw(); }

}  // namespace stent::report
