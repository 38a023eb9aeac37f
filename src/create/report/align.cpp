#include "create/report/align.hpp"

#include <algorithm>

namespace stent::report {
namespace {

using Keys = std::span<const std::string>;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

constexpr std::int64_t most_edits = 2000;

/// Myers' greedy algorithm (E. Myers, "An O(ND) Difference Algorithm", 1986); appends the common pairs of
/// a and b, ascending, with indices from `a_at`, `b_at`. Nothing when more than `most_edits` are needed.
class ShortestEdit {
 public:
  ShortestEdit(Keys a, Keys b) : a_(a), b_(b) {}

  [[nodiscard]] Pairs run() {
    const auto n = static_cast<std::int64_t>(a_.size()), m = static_cast<std::int64_t>(b_.size());
    const std::int64_t limit = std::min(n + m, most_edits);
    std::vector<std::int64_t> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
    const auto at = [&](std::int64_t k) -> std::int64_t& {
      return furthest[static_cast<std::size_t>(k + limit + 1)];
    };
    for (std::int64_t d = 0; d <= limit; ++d) {
      trace_.emplace_back(furthest.begin() + (limit + 1 - d), furthest.begin() + (limit + 2 + d));
      for (std::int64_t k = -d; k <= d; k += 2) {
        const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
        std::int64_t x = down ? at(k + 1) : at(k - 1) + 1;
        while (x < n && x - k < m && equal(x, x - k)) ++x;
        at(k) = x;
        if (x >= n && x - k >= m) return walk_back(d, n, m);
      }
    }
    return {};
  }

 private:
  [[nodiscard]] bool equal(std::int64_t x, std::int64_t y) const {
    return y >= 0 && a_[static_cast<std::size_t>(x)] == b_[static_cast<std::size_t>(y)];
  }

  [[nodiscard]] Pairs walk_back(std::int64_t edits, std::int64_t x, std::int64_t y) const {
    Pairs pairs;
    for (std::int64_t d = edits; d >= 0; --d) {
      // What the round began with, diagonals -d .. d.
      const auto& row = trace_[static_cast<std::size_t>(d)];
      const auto at = [&](std::int64_t k) { return row[static_cast<std::size_t>(k + d)]; };
      const std::int64_t k = x - y;
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      const std::int64_t before_k = down ? k + 1 : k - 1;
      const std::int64_t before_x = d == 0 ? 0 : at(before_k);
      const std::int64_t start = d == 0 ? 0 : before_x + (down ? 0 : 1);
      for (; x > start; --x, --y)
        pairs.emplace_back(static_cast<std::size_t>(x - 1), static_cast<std::size_t>(y - 1));
      x = before_x;
      y = before_x - before_k;
    }
    std::reverse(pairs.begin(), pairs.end());
    return pairs;
  }

  Keys a_, b_;
  std::vector<std::vector<std::int64_t>> trace_;
};

void append_gap(std::vector<Row>& rows, std::size_t old_from, std::size_t old_to, std::size_t new_from,
                std::size_t new_to) {
  while (old_from < old_to && new_from < new_to) rows.push_back({RowKind::changed, old_from++, new_from++});
  while (old_from < old_to) rows.push_back({RowKind::removed, old_from++, std::nullopt});
  while (new_from < new_to) rows.push_back({RowKind::added, std::nullopt, new_from++});
}

}  // namespace

std::vector<Row> align(Keys old_keys, Keys new_keys) {
  std::size_t head = 0, tail = 0;
  const std::size_t shorter = std::min(old_keys.size(), new_keys.size());
  while (head < shorter && old_keys[head] == new_keys[head]) ++head;
  while (tail < shorter - head &&
         old_keys[old_keys.size() - 1 - tail] == new_keys[new_keys.size() - 1 - tail])
    ++tail;
  const Keys a = old_keys.subspan(head, old_keys.size() - head - tail);
  const Keys b = new_keys.subspan(head, new_keys.size() - head - tail);

  std::vector<Row> rows;
  for (std::size_t i = 0; i < head; ++i) rows.push_back({RowKind::same, i, i});
  std::size_t old_at = head, new_at = head;
  for (const auto& [x, y] : ShortestEdit(a, b).run()) {
    append_gap(rows, old_at, head + x, new_at, head + y);
    rows.push_back({RowKind::same, head + x, head + y});
    old_at = head + x + 1;
    new_at = head + y + 1;
  }
  append_gap(rows, old_at, old_keys.size() - tail, new_at, new_keys.size() - tail);
  for (std::size_t i = tail; i > 0; --i)
    rows.push_back({RowKind::same, old_keys.size() - i, new_keys.size() - i});
  return rows;
}

std::vector<std::pair<std::size_t, std::size_t>> runs_of_change(std::span<const Row> rows,
                                                                std::size_t context) {
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind == RowKind::same) continue;
    const std::size_t first = i > context ? i - context : 0;
    const std::size_t last = std::min(rows.size(), i + context + 1);
    if (!runs.empty() && first <= runs.back().second)
      runs.back().second = last;
    else
      runs.emplace_back(first, last);
  }
  return runs;
}

}  // namespace stent::report
