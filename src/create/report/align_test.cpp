#include "create/report/align.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stent::report {
namespace {

using Keys = std::vector<std::string>;

/// Every line of both sides once, in order, and same rows hold equal keys.
void expect_sound(const Keys& a, const Keys& b) {
  std::size_t old_at = 0, new_at = 0;
  for (const Row& row : align(a, b)) {
    if (row.old_line) {
      EXPECT_EQ(*row.old_line, old_at++);
    }
    if (row.new_line) {
      EXPECT_EQ(*row.new_line, new_at++);
    }
    if (row.kind == RowKind::same) {
      EXPECT_EQ(a.at(*row.old_line), b.at(*row.new_line));
    }
    EXPECT_EQ(row.kind == RowKind::removed, !row.new_line.has_value());
    EXPECT_EQ(row.kind == RowKind::added, !row.old_line.has_value());
  }
  EXPECT_EQ(old_at, a.size());
  EXPECT_EQ(new_at, b.size());
}

std::size_t same_rows(const Keys& a, const Keys& b) {
  std::size_t count = 0;
  for (const Row& row : align(a, b)) count += row.kind == RowKind::same;
  return count;
}

/// The longest common subsequence, the slow way.
std::size_t longest_common(const Keys& a, const Keys& b) {
  std::vector<std::vector<std::size_t>> best(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t k = b.size(); k-- > 0;)
      best[i][k] = a[i] == b[k] ? best[i + 1][k + 1] + 1 : std::max(best[i + 1][k], best[i][k + 1]);
  return best[0][0];
}

TEST(Align, KeepsEveryLineAndFindsTheLongestCommonPart) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Keys a, b;
    for (auto i = random() % 30; i > 0; --i)
      a.push_back(std::string(1, static_cast<char>('a' + random() % 4)));
    for (auto i = random() % 30; i > 0; --i)
      b.push_back(std::string(1, static_cast<char>('a' + random() % 4)));
    expect_sound(a, b);
    EXPECT_EQ(same_rows(a, b), longest_common(a, b));
  }
}

TEST(Align, AnInsertedLineIsAddedAndARewrittenOneIsChanged) {
  const Keys a{"one", "two", "three"};
  EXPECT_EQ(align(a, Keys{"one", "new", "two", "three"}), (std::vector<Row>{{RowKind::same, 0, 0},
                                                                            {RowKind::added, std::nullopt, 1},
                                                                            {RowKind::same, 1, 2},
                                                                            {RowKind::same, 2, 3}}));
  EXPECT_EQ(align(a, Keys{"one", "TWO", "three"}),
            (std::vector<Row>{{RowKind::same, 0, 0}, {RowKind::changed, 1, 1}, {RowKind::same, 2, 2}}));
}

TEST(Align, AHugeDifferenceIsOneReplacedBlock) {
  Keys a, b;
  for (int i = 0; i < 3000; ++i) {
    a.push_back("a" + std::to_string(i));
    b.push_back("b" + std::to_string(i));
  }
  expect_sound(a, b);
}

TEST(RunsOfChange, JoinWhereTheirContextMeets) {
  std::vector<Row> rows(20, Row{RowKind::same, 0, 0});
  rows[5].kind = rows[9].kind = rows[18].kind = RowKind::changed;
  using Runs = std::vector<std::pair<std::size_t, std::size_t>>;
  EXPECT_EQ(runs_of_change(rows, 2), (Runs{{3, 12}, {16, 20}}));
}

}  // namespace
}  // namespace stent::report
