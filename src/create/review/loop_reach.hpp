// How far the loops of one function go through memory behind pointers that they do not make themselves.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "create/review/flow_graph.hpp"
#include "create/review/function_facts.hpp"
#include "create/review/machine_state.hpp"

namespace stent::review {

/// Collects, instruction by instruction, what a loop steps, what it compares that with, and what that
/// indexes: `cmp rax,64` where `[rdx+rax*8]` is behind a loaded rdx, and `cmp rax,rcx` where rcx is so much
/// behind it.
class LoopReach {
 public:
  void observe(const Block& block, const x86_64::Step& step, const MachineState& before);
  [[nodiscard]] std::vector<Reach> found() const;
  /// Which way the loops read through memory of others: 1 and -1.
  [[nodiscard]] std::set<int> walks() const;

 private:
  using Number = std::uint8_t;  ///< of a register
  struct Indexed {
    Number by = 0;
    std::string pointer;
    std::int64_t scale = 0, offset = 0, size = 0;
  };
  struct Limit {
    Number of = 0;
    std::int64_t number = 0;
    bool is_behind_step = false;  ///< the register was stepped just before
  };
  struct End {
    Number of = 0;
    std::string pointer;
    std::int64_t bytes = 0;
  };
  struct Loop {
    std::map<Number, std::int64_t> steps;
    std::map<Number, std::pair<Number, std::int64_t>> sums;  ///< of another register and a constant
    std::vector<Indexed> indexed;
    std::vector<Limit> limits;
    std::vector<End> ends;
    std::map<Number, std::set<int>> ways;       ///< the signs of the steps of a register
    std::map<Number, std::set<Number>> copies;  ///< the registers that a register was made of
    std::set<Number> readers;                   ///< registers that memory is read by
    bool ends_at_zero = false;                  ///< a byte that is zero is looked for, as texts end
    std::size_t block = 0;                      ///< where the last step is
    std::map<Number, bool> stepped_in_block;
  };

  static void observe_step(Loop& loop, const x86_64::Step& step);
  static void observe_way(Loop& loop, const x86_64::Step& step, const MachineState& before);
  static void observe_index(Loop& loop, const x86_64::Step& step, const MachineState& before);
  static void observe_limit(Loop& loop, const x86_64::Step& step, const MachineState& before);
  static void add_indexed(const Loop& loop, std::vector<Reach>& all);

  std::map<std::size_t, Loop> loops_;
};

}  // namespace stent::review
