// A target whose threads call two functions in different pages all the time and count pairs that do not
// match.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "create/bind/find_islands.hpp"
#include "live/process/process.hpp"
#include "live/transaction/transaction.hpp"
#include "patch/assign_islands.hpp"
#include "patches_for_tests.hpp"
#include "target_process.hpp"

namespace stent::test {

class PairTarget {
 public:
  /// `program`: "pair", or "short_pair", "tight_pair", whose functions are too short for a jump.
  explicit PairTarget(int threads, const std::string& program = "pair")
      : target_(program, {std::to_string(threads)}) {
    program_ = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_" + program + "_gcc");
  }

  [[nodiscard]] Pid pid() const { return target_.pid(); }
  std::string versions() { return target_.ask("versions"); }
  /// How many pairs did not match; -1 when the target is gone.
  long mixed() {
    std::istringstream answer(target_.ask("checks"));
    std::string word;
    long pairs = 0, mixed = -1;
    answer >> word >> pairs >> word >> mixed;
    return mixed;
  }

  /// Pairs that did not match since the last `forget_mixed`.
  long newly_mixed() { return mixed() - forgotten_; }
  void forget_mixed() { forgotten_ = mixed(); }
  /// What one revert may leave: pair() itself is not of the patch's new code, so that the one thread may
  /// stand between its two calls then, once. Code that is half switched would mix thousands.
  static constexpr long of_a_revert = 1;

  /// Replaces low() and high() by functions that return `version`. pair(), which calls both, counts as a part
  /// of low().
  [[nodiscard]] patch::Patch patch(const std::string& name, int version) const {
    patch::Patch result = replacing(program_, "low", returning(version), name);
    patch::Image& image = result.images[0];
    patch::Image second = replacing(program_, "high", returning(version), name).images[0];
    image.segments[0].bytes.resize(16, std::byte{0xcc});
    image.segments[0].bytes.insert(image.segments[0].bytes.end(), second.segments[0].bytes.begin(),
                                   second.segments[0].bytes.end());
    image.segments[0].memory_size = image.segments[0].bytes.size();
    patch::ReplacedFunction high = second.replaced[0];
    high.replacement = {16};
    high.new_extents = {{{16}, second.segments[0].bytes.size()}};
    image.symbols.push_back({"high", {16}, second.segments[0].bytes.size(), true, false});
    image.replaced.push_back(high);
    const auto pair = replacing(program_, "pair", returning(0), name).images[0].replaced[0].extents[0];
    image.replaced[0].extents.push_back(pair);
    for (patch::ReplacedFunction& function : image.replaced)
      if (patch::needs_island(function))
        function.islands = bind::find_islands(program_, function.extents[0].range);
    return result;
  }

  /// What a revert had to keep because a thread was just inside, or could not take back because a descriptor
  /// was not to be had, is freed by later commands.
  void free_what_was_kept(const patch::Patch& any) const {
    int tries = 0;
    do {
      try {
        transaction::revert(any.id, pid(), {});
      } catch (const Error&) {  // not applied, as it should be
      }
    } while ((!transaction::list(pid()).empty() || state().maps.find("stent:") != std::string::npos) &&
             ++tries < 200);
  }

  /// Everything of the target that stent must leave as it was.
  struct State {
    std::string maps;
    Bytes text;
    std::size_t descriptors = 0;
    bool operator==(const State&) const = default;
    friend void PrintTo(const State& state, std::ostream* out) {
      *out << state.maps << state.descriptors << " descriptors";
    }
  };
  [[nodiscard]] State state() const {
    State state;
    std::ifstream file("/proc/" + std::to_string(pid().value) + "/maps");
    std::stringstream text;
    text << file.rdbuf();
    state.maps = text.str();
    const auto process = process::Process::open(pid());
    for (const auto& module : process.modules())
      for (const auto& segment : module.segments)
        if (module.is_executable && segment.permissions.execute)
          state.text = process.memory().read(segment.range.begin, segment.range.size);
    const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid().value) + "/fd");
    state.descriptors = static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    return state;
  }

 private:
  TargetProcess target_;
  model::Image program_;
  long forgotten_ = 0;
};

}  // namespace stent::test
